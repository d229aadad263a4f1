import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { StageRequest } from './call-stage.ts';

/** Adds what API Gateway asks of a loan app to a request. */
export type Authenticate = (request: StageRequest) => Promise<StageRequest>;

/** By an API key, which is read when it is first needed. */
export function withApiKey(readApiKey: () => Promise<string>): Authenticate {
  let apiKey: Promise<string> | undefined;
  return async (request) => {
    apiKey ??= readApiKey();
    return { ...request, headers: { ...request.headers, 'x-api-key': await apiKey } };
  };
}

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials'];

/** By Signature Version 4, for a stage with IAM. */
export function withSignature(credentials: Credentials, region: string): Authenticate {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  return async (request) => {
    const { protocol, hostname, pathname, host } = new URL(request.url);
    const { method, body } = request;
    const headers = { ...request.headers, host };
    const signed = await signer.sign({ method, protocol, hostname, path: pathname, headers, body });
    return { ...request, headers: signed.headers };
  };
}

/** SHA-256, or HMAC-SHA-256 where there is a secret, as the signer asks for it. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(chunk));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

function bytesOf(value: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}
