import { BlockList, isIP } from 'node:net';
import * as v from 'valibot';
import { type EnvironmentName, isLeftOut, list, notAllowed } from './settings.ts';

const addressOrRange = 'an IPv4 or IPv6 address or CIDR range, such as "203.0.113.0/24"';
const publicAddress =
  'a public address: API Gateway sees the one with which a call leaves your network, never a private one';

/** Addresses that no call from the Internet comes from: RFC 1122, 1918, 3927, 4193, 4291 and 6598. */
const privateRanges = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
].map(parseRange);

/**
 * AWS accepts 8,192 characters of resource policy ("Amazon API Gateway endpoints and quotas", read November 2026). The
 * rest of the policy names each route.
 */
export const longestAddresses = 5_500;
const fewAddresses = `at most ${longestAddresses} characters of addresses, because AWS limits the policy that they are in; use wider ranges`;

const sourceIp = v.pipe(
  v.string(addressOrRange),
  v.check(isAddressOrRange, addressOrRange),
  v.check((value) => !isAddressOrRange(value) || !isPrivate(value), publicAddress),
);

/** Addresses and CIDR ranges, as `list` has them, that fit into a resource policy. */
export const allowedSourceIps = v.pipe(
  list(sourceIp),
  v.check((addresses) => JSON.stringify(addresses).length <= longestAddresses, fewAddresses),
);

/** Refuses API keys that open Production from anywhere, unless the row says that this is meant; `path` is the row's. */
export function refuseOpenApiKeys(
  path: string,
  row: {
    environment?: EnvironmentName;
    callerAuth?: string;
    allowedSourceIps?: readonly string[] | undefined;
  },
): string[] {
  if (row.environment !== 'production' || row.callerAuth !== 'api-key' || !isLeftOut(row, 'allowedSourceIps'))
    return [];
  const allowed =
    '"allowedSourceIps": ["203.0.113.0/24"] with the public addresses of your loan apps, because in production an API ' +
    'key alone no longer suffices; or, if calls from anywhere are meant, "allowedSourceIps": ["0.0.0.0/0", "::/0"]';
  return [notAllowed(`${path}.allowedSourceIps`, undefined, allowed)];
}

/** Whether all addresses are in the list, so that nothing needs to be refused. */
export function areAnywhere(addresses: readonly string[]): boolean {
  const wholes = addresses.map(parseRange).filter(({ prefix }) => prefix === 0);
  return new Set(wholes.map(({ family }) => family)).size === 2;
}

function parseRange(range: string) {
  const [address = '', prefixLength] = range.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return { address, family, prefix: Number(prefixLength ?? (family === 'ipv6' ? 128 : 32)) } as const;
}

function isPrivate(value: string): boolean {
  const { address, family, prefix } = parseRange(value);
  return privateRanges.some((range) => {
    if (range.family !== family || prefix < range.prefix) return false;
    const addresses = new BlockList();
    addresses.addSubnet(range.address, range.prefix, range.family);
    return addresses.check(address, family);
  });
}

function isAddressOrRange(value: string): boolean {
  const [address = '', prefixLength, ...rest] = value.split('/');
  const longestPrefix = { 4: 32, 6: 128 }[isIP(address)];
  // Node accepts an IPv6 address with a zone (`fe80::1%eth0`), AWS does not.
  if (longestPrefix === undefined || address.includes('%') || rest.length > 0) return false;
  return (
    prefixLength === undefined ||
    (/^(0|[1-9]\d*)$/.test(prefixLength) && Number(prefixLength) <= longestPrefix)
  );
}
