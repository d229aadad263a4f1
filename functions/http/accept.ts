/**
 * Whether `Accept` lists this media type itself, not only a wildcard that covers it (RFC 9110 §12.5.1).
 * @param accept the header's value
 * @param mediaType in lower case, such as `application/json`
 */
export function acceptsExplicitly(accept: string | undefined, mediaType: string): boolean {
  return (accept ?? '')
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .some(([name, ...parameters]) => name === mediaType && !parameters.some((p) => /^q=0(\.0*)?$/.test(p)));
}
