import { randomUUID } from 'node:crypto';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { simulatedCredentials, startBeginiSimulator } from '../../bin/stand-ins/begini/begini-simulator.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { startSecretsManager } from '../../bin/stand-ins/secrets-manager/secrets-manager.ts';
import { createVendorClient } from '../../functions/begini/client.ts';
import { stagedVersionId } from '../../functions/credentials/version-labels.ts';
import { rotationHandler } from '../../functions/rotate-credentials/rotation-handler.ts';
import { secretVersions } from '../../functions/secrets/secret-versions.ts';

/** The pair in the secret, which the vendor no longer accepts: it was renewed in the Deployment Centre. */
export const oldPair = { apiKey: 'old-api-key', integrationId: simulatedCredentials.integrationId };

/** The pair that the vendor accepts. */
export const newPair = simulatedCredentials;

/** The name of the secret. */
export const secretName = 'credentials';

/** Both reported behaviours of Secrets Manager for AWSPENDING when AWSCURRENT moves to its version. */
export const labelBehaviours = [
  { name: 'moving AWSCURRENT removes AWSPENDING', pendingStays: false, finalLabels: ['AWSCURRENT'] },
  {
    name: 'AWSPENDING stays on the current version',
    pendingStays: true,
    finalLabels: ['AWSCURRENT', 'AWSPENDING'],
  },
];

/** A secret, the function that rotates it, and the vendor that it calls, all in this process. */
export type Rotations = Awaited<ReturnType<typeof startRotations>>;

/** Starts all of it. `secret` is the secret's first value. */
export async function startRotations({
  secret = JSON.stringify(oldPair),
  hmac = true,
  pendingStays = false,
} = {}) {
  const vendor = await startBeginiSimulator({ hmac: hmac ? 'required' : 'optional' });
  const secretsManager = await startSecretsManager({ secrets: { [secretName]: secret }, pendingStays });
  const client = new SecretsManagerClient(clientConfig(secretsManager.url));
  const vendorClient = createVendorClient({ origin: vendor.origin });
  const versions = secretVersions(client, secretsManager.arnOf(secretName));
  const lines: string[] = [];
  let nextToken: string = randomUUID();
  let stagedFor: string | undefined;
  const handler = rotationHandler({
    stage: 'test',
    versions,
    vendor: vendorClient,
    hmac,
    writeLine: (line) => lines.push(line),
  });
  secretsManager.setRotation(secretName, (event) => handler(event, { awsRequestId: 'lambda-request-id' }));

  return {
    vendor,
    secretsManager,
    client,
    versions,
    handler,
    /** Every log line so far, as text. */
    lines,
    /** Stages a value for the rotation `token`, by default the next, as the operator's command does; returns its version. */
    async stage(value: unknown, token = nextToken) {
      // A version's value never changes: another value needs another rotation.
      if (token === nextToken && stagedFor === token) token = nextToken = randomUUID();
      stagedFor = token;
      const versionId = stagedVersionId(token);
      await versions.put(versionId, typeof value === 'string' ? value : JSON.stringify(value), [
        'BEGINI_NEXT',
      ]);
      return versionId;
    },
    /** Starts the next rotation, after any retry that is due; waits for its end and returns its version. */
    async rotate(token = nextToken) {
      nextToken = randomUUID();
      const rotate = () =>
        client.send(new RotateSecretCommand({ SecretId: versions.secretId, ClientRequestToken: token }));
      await rotate().catch(async (error) => {
        if (error.name !== 'InvalidRequestException') throw error;
        await secretsManager.rotationEnded();
        await rotate();
      });
      await secretsManager.rotationEnded();
      return token;
    },
    /** The API key of AWSCURRENT. */
    async currentKey() {
      const value = (await versions.valueOf('AWSCURRENT')) ?? '{}';
      return (JSON.parse(value) as { apiKey?: string }).apiKey;
    },
    async labelsOf(versionId: string) {
      return [...(await versions.versionIdsByLabel())]
        .filter(([, id]) => id === versionId)
        .map(([label]) => label);
    },
    async close() {
      vendorClient.close();
      client.destroy();
      await Promise.all([vendor.close(), secretsManager.close()]);
    },
  };
}
