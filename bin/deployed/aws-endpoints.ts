import { UsageError } from './usage-error.ts';

/** The part of an SDK client that is used here; both clients have it. */
type Client = {
  middlewareStack: {
    add(
      middleware: <Args extends { request: unknown }, Output>(
        next: (args: Args) => Promise<Output>,
      ) => (args: Args) => Promise<Output>,
      options: { step: 'finalizeRequest'; name: string },
    ): void;
  };
};

/**
 * Hosts of AWS in its commercial and government regions, in China and in the European Sovereign Cloud: the domains of
 * each partition in `partitions.json` of the SDK, for IPv4 and for both IPv4 and IPv6.
 */
const awsHost =
  /\.(amazonaws\.com|api\.aws|amazonaws\.com\.cn|api\.amazonwebservices\.com\.cn|amazonaws\.eu|api\.amazonwebservices\.eu)$/;

/**
 * Refuses an override left in the environment, such as AWS_ENDPOINT_URL from an earlier rehearsal: a key would be sent
 * to any server there. @throws UsageError that names the variable
 */
export function refuseEndpointOverrides(environment: Record<string, string | undefined>): void {
  const override = Object.keys(environment).find(
    (name) => /^AWS_ENDPOINT_URL(_|$)/.test(name) && environment[name],
  );
  if (override) throw new UsageError(`${override} is set. Unset it, or use --local for the local service.`);
}

/** Lets a client call only AWS, regardless of its profile: nothing is sent elsewhere. */
export function onlyToAws<T extends Client>(client: T): T {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { protocol, hostname } = args.request as { protocol: string; hostname: string };
      if (protocol === 'https:' && awsHost.test(hostname)) return await next(args);
      throw new UsageError(
        `The AWS profile sends calls to ${hostname}. Remove endpoint_url or services from it, or use --local.`,
      );
    },
    { step: 'finalizeRequest', name: 'onlyToAws' },
  );
  return client;
}
