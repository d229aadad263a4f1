import { randomBytes } from 'node:crypto';

/** What a request is signed with: a role's temporary credentials, and the region that they are used in. */
export interface IamCredentials {
  /** `ASIA…`, 20 characters. */
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  region: string;
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Credentials of a made-up role: good for one run of the service on this machine. */
export function createIamCredentials(region: string): IamCredentials {
  const letters = [...randomBytes(16)].map((byte) => base32[byte % base32.length]).join('');
  return {
    accessKeyId: `ASIA${letters}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(96).toString('base64'),
    region,
  };
}
