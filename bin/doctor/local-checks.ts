import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { keysIn } from '../deployed/aws-access.ts';
import { UsageError } from '../deployed/usage-error.ts';
import { clientConfig } from '../stand-ins/client-config.ts';
import {
  localApiKey,
  localQueueNames,
  localSecretName,
  localStage,
  localTableName,
} from '../stand-ins/local-stage.ts';
import { type Authenticate, withApiKey, withSignature } from './authenticate.ts';
import { callStage } from './call-stage.ts';
import type { Examination } from './check.ts';
import { type Contract, contractChecks, handOffCheck } from './contract-checks.ts';
import { edgeChecks } from './edge-checks.ts';
import { deadResultsCheck, strangersResultCheck } from './result-checks.ts';
import { secretCheck } from './secret-checks.ts';
import { tableCheck } from './table-checks.ts';

// As the ARNs of the stand-ins have them.
const account = '000000000000';
const region = 'us-east-1';

/**
 * The checks for which the service on this machine has a counterpart: its gateway on `port`, Secrets Manager two,
 * DynamoDB three and SQS four above. Its DynamoDB has no TTL.
 * @throws UsageError if nothing answers, or the service asks for signatures and the environment has no credentials
 */
export async function localChecks(
  port: number,
  { handOff, environment }: { handOff: boolean; environment: Record<string, string | undefined> },
): Promise<Examination> {
  const baseUrl = `http://127.0.0.1:${port}/${localStage.path}`;
  const rotate = 'npm run rotate -- --stage test --local';
  const restart = 'stop npm start with Ctrl-C, and start it again';
  const contract: Contract = {
    baseUrl,
    launchLinks: true,
    firewall: false,
    resume: true,
    ...(await findAuthentication(baseUrl, environment)),
  };
  const queueUrl = (name: string) => `http://127.0.0.1:${port + 4}/${account}/${name}`;
  const clientAt = (ownPort: number) => clientConfig(`http://127.0.0.1:${ownPort}`);
  return {
    target: {
      stage: localStage,
      account,
      region,
      address: baseUrl,
      deploy: restart,
      rotate,
      restore: restart,
      awsCli: `AWS_ENDPOINT_URL=http://127.0.0.1:${port + 2} aws --region ${region}`,
    },
    checks: [
      secretCheck({
        client: new SecretsManagerClient(clientAt(port + 2)),
        secretId: localSecretName,
        name: 'the pair of API key and integration id',
        renew: rotate,
        startsUnset: false,
        scheduled: false,
      }),
      ...edgeChecks(contract),
      ...contractChecks(contract),
      ...(handOff ? [handOffCheck(contract)] : []),
      tableCheck(new DynamoDBClient(clientAt(port + 3)), localTableName),
      strangersResultCheck(contract),
      deadResultsCheck({
        sqs: new SQSClient(clientAt(port + 4)),
        resultsQueueUrl: queueUrl(localQueueNames.results),
        setAsideQueueUrl: queueUrl(localQueueNames.setAside),
      }),
    ],
  };
}

/** By the API key of the local loan app; if that is refused, by the credentials that `npm start` has printed. */
async function findAuthentication(
  baseUrl: string,
  environment: Record<string, string | undefined>,
): Promise<Pick<Contract, 'authenticate' | 'signWrongly'>> {
  const isAccepted = async (authenticate: Authenticate) => {
    const headers = { 'content-type': 'application/json' };
    const url = `${baseUrl}/sessions`;
    const answer = await callStage(await authenticate({ method: 'POST', url, headers, body: '{}' })).catch(
      () => {
        throw new UsageError(`Nothing answers at ${baseUrl}. Start the local service with: npm start`);
      },
    );
    return answer.status !== 403;
  };
  const byApiKey = withApiKey(async () => localApiKey);
  if (await isAccepted(byApiKey)) return { authenticate: byApiKey };

  const keys = keysIn(environment);
  const { AWS_REGION = '' } = environment;
  const bySignature = keys && withSignature(keys, AWS_REGION);
  if (bySignature && (await isAccepted(bySignature))) {
    const signWrongly = withSignature({ ...keys, secretAccessKey: 'not-the-secret' }, AWS_REGION);
    return { authenticate: bySignature, signWrongly };
  }
  throw new UsageError(
    'The local service asks for signatures. Run the four export lines that npm start has printed, then the doctor again.',
  );
}
