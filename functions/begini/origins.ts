/** Where the vendor is: `scheme://host[:port]`, without a path. */
export type Origins = {
  /** The vendor's API, called by this service. */
  api: string;
  /** The assessment, entered by the applicant's browser. */
  assessment: string;
};

/** The vendor's own origins ("Creating a Session", help centre, read April 2026). */
export const beginiOrigins: Origins = {
  api: 'https://api.begini.co',
  assessment: 'https://app.psychometric.me',
};

/**
 * Reads the origins of a simulator on this machine: `http://127.0.0.1:3001,http://127.0.0.1:3001`
 * (API, assessment). Without a value, the vendor's own.
 *
 * @throws Error if a host is not 127.0.0.1: a deployed function must never call another vendor.
 */
export function readOrigins(localOrigins: string | undefined): Origins {
  if (localOrigins === undefined) return beginiOrigins;
  const [api, assessment, ...rest] = localOrigins.split(',').map(localOrigin);
  if (api === undefined || assessment === undefined || rest.length > 0) {
    throw new Error('The local origins must be two: the API and the assessment, with a comma between them.');
  }
  return { api, assessment };
}

function localOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.hostname !== '127.0.0.1' || text !== url.origin) {
    throw new Error('A local origin must be http://127.0.0.1:<port> or https://127.0.0.1:<port>.');
  }
  return url.origin;
}
