/** What a function costs before it does anything. */
export const handler = async () => ({ statusCode: 302, headers: {}, body: '' });
