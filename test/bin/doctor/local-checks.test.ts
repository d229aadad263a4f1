import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { localChecks } from '../../../bin/doctor/local-checks.ts';
import { type LocalService, startLocalServiceOnFreePorts } from '../../../bin/local/local-service.ts';
import { examine } from '../../support/examine.ts';

let service: LocalService;
let port: number;
beforeAll(async () => {
  ({ service, port } = await startLocalServiceOnFreePorts());
});
afterAll(() => service.close());

const examineLocal = async (handOff = false) =>
  examine((await localChecks(port, { handOff, environment: {} })).checks);
const notOk = (findings: Awaited<ReturnType<typeof examine>>) =>
  findings.filter(({ status }) => status !== 'ok');

test('finds nothing to do in a fresh local service, and calls Begini only to hand over, as it is asked to', async () => {
  expect(notOk(await examineLocal())).toEqual([]);
  expect(service.vendor.requests).toHaveLength(0);
  const findings = await examineLocal(true);
  expect(notOk(findings)).toEqual([]);
  expect(findings.map(({ found }) => found)).toContain(
    'Begini created a session, and a second request got the same one',
  );
});

test('sees a result that is dead, and one that was set aside', async () => {
  for (const queue of ['dead', 'setAside'] as const) service.sqs.send(queue, { body: '{}', attributes: {} });
  expect(notOk(await examineLocal())).toMatchObject([
    {
      group: 'results',
      status: 'to do',
      found: '1 dead, 1 set aside',
      next: 'Read "Results are dead or set aside" in .github/RUNBOOK.md.',
    },
  ]);
  service.sqs.purge();
});

test('says that the secret cannot be described where the caller may not', async () => {
  service.secretsManager.fail({ statusCode: 400, errorName: 'AccessDeniedException', times: 1 });
  expect(notOk(await examineLocal())).toMatchObject([
    { group: 'secrets', status: 'not checked', found: 'secretsmanager:DescribeSecret' },
  ]);
});

test('says what to compare where Begini refuses the pair', async () => {
  service.vendor.changeCredentials({ apiKey: 'renewed', integrationId: 'simulated-integration-1' });
  expect(notOk(await examineLocal(true))).toMatchObject([
    {
      status: 'wrong',
      found: 'status 503 credentials_refused',
      next: expect.stringContaining('npm run rotate'),
    },
  ]);
});
