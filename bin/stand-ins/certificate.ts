import { generate } from 'selfsigned';

/** A key and a certificate as PEM; the certificate is self-signed: pass it to a client as `ca`. */
export interface Certificate {
  key: string;
  cert: string;
}

/** Makes a certificate for 127.0.0.1 and localhost that a client accepts if it trusts it as a CA. */
export async function makeCertificate(): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
