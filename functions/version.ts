import packageJson from '../package.json' with { type: 'json' };

/** The service's version, as in `package.json`: `1.0.0`. It is in each log line and in the stack's description. */
export const { version } = packageJson;
