import { Sha256 } from '@aws-crypto/sha256-js';
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

/** By Signature Version 4, for a stage with IAM, or another service of AWS. */
export function withSignature(
  credentials: Credentials,
  region: string,
  service = 'execute-api',
): Authenticate {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  return async (request) => {
    const { protocol, hostname, pathname, host } = new URL(request.url);
    const { method, body } = request;
    const headers = { ...request.headers, host };
    const signed = await signer.sign({ method, protocol, hostname, path: pathname, headers, body });
    return { ...request, headers: signed.headers };
  };
}
