import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { getCACertificates } from 'node:tls';
import { reasonOf } from '../../functions/errors.ts';
import { UsageError } from './usage-error.ts';

/**
 * Makes the agent of all calls that leave this machine. As the AWS CLI and the CDK CLI do, it follows the proxy of
 * HTTPS_PROXY and NO_PROXY, and trusts the certificates in the file of AWS_CA_BUNDLE; Node.js adds those of
 * NODE_EXTRA_CA_CERTS.
 *
 * @throws UsageError if that file cannot be read
 */
export function createHttpsAgent(
  environment: Record<string, string | undefined>,
  { keepAlive = false }: { keepAlive?: boolean } = {},
): Agent {
  const { AWS_CA_BUNDLE: bundle } = environment;
  return new Agent({
    keepAlive,
    proxyEnv: withSchemes(environment),
    ...(bundle && { ca: [...getCACertificates('default'), readBundle(bundle)] }),
  });
}

/** Node.js ignores a proxy without a scheme, which is `http://` for the AWS CLI. */
function withSchemes(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  const urls = ['HTTPS_PROXY', 'https_proxy'].flatMap((name) => {
    const url = environment[name];
    return url && !url.includes('://') ? [[name, `http://${url}`] as const] : [];
  });
  return { ...environment, ...Object.fromEntries(urls) };
}

function readBundle(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`The file of AWS_CA_BUNDLE cannot be read: ${reasonOf(error)}.`);
  }
}

/**
 * Whether a call failed on its way, before AWS could answer.
 * @param reason the error's code or name: those of the network are in capitals, those of the SDK in camel case
 */
export function isOnTheWay(reason: string): boolean {
  return /^(?!ERR_(?!TLS|SSL|PROXY))[A-Z][A-Z0-9_]+$/.test(reason) || reason === 'TimeoutError';
}

/** What to look at after such a failure. */
export const networkAdvice =
  'Check the network, its proxy (HTTPS_PROXY, NO_PROXY) and its certificates (NODE_EXTRA_CA_CERTS, AWS_CA_BUNDLE), then run this again.';
