import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { localApiKey, localSecretName, localStage } from '../local/local-stage.ts';
import { withApiKey } from './authenticate.ts';
import type { Check } from './check.ts';
import { type Contract, contractChecks, handOffCheck } from './contract-checks.ts';
import { edgeChecks } from './edge-checks.ts';
import { secretCheck } from './secret-checks.ts';

/** The checks that the service on this machine has something for: its gateway on `port`, Secrets Manager two above. */
export function localChecks(port: number, { handOff }: { handOff: boolean }): Check[] {
  const client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${port + 2}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const commands = {
    deploy: 'stop npm start with Ctrl-C, and start it again',
    rotate: 'npm run rotate -- --stage test --local',
  };
  const contract: Contract = {
    commands,
    baseUrl: `http://127.0.0.1:${port}/${localStage.path}`,
    launchLinks: true,
    firewall: false,
    resume: true,
    authenticate: withApiKey(async () => localApiKey),
  };
  return [
    secretCheck({
      client,
      secretId: localSecretName,
      name: 'the pair of API key and integration id',
      renew: commands.rotate,
      deploy: commands.deploy,
      startsUnset: false,
      scheduled: false,
    }),
    ...edgeChecks(contract),
    ...contractChecks(contract),
    ...(handOff ? [handOffCheck(contract)] : []),
  ];
}
