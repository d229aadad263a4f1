import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalService, startLocalServiceOnFreePorts } from '../../bin/local/local-service.ts';
import { findLocalSecret } from '../../bin/rotate/secret-target.ts';
import { localSecretName } from '../../bin/stand-ins/local-stage.ts';
import { startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import { checkedFetch } from '../support/checked-fetch.ts';
import { startProxy } from '../support/proxy.ts';
import { runRotateCommand, startRotateCommand } from '../support/start-command.ts';

const integrationId = 'simulated-integration-1';
const pairOf = (apiKey: unknown) => JSON.stringify({ apiKey, integrationId });
const local = ['--stage', 'test', '--local'];

describe('against the local service, the command', () => {
  let service: LocalService;
  let environment: Record<string, string>;
  let renewals = 0;
  let renewedKey: string;
  beforeAll(async () => {
    const started = await startLocalServiceOnFreePorts();
    service = started.service;
    environment = { PORT: String(started.port) };
  });
  afterAll(() => service.close());
  beforeEach(() => {
    renewals += 1;
    renewedKey = `renewed-key-${renewals}`;
    service.vendor.changeCredentials({ apiKey: renewedKey, integrationId });
  });
  const run = (input: string, args: string[] = []) =>
    runRotateCommand([...local, ...args], { input, environment });
  /** The labels in use once the rotation has ended. */
  const labels = async () => {
    await service.secretsManager.rotationEnded();
    const { client, versions } = await findLocalSecret(service.secretsManager.url, localSecretName);
    const versionIds = await versions.versionIdsByLabel();
    client.destroy();
    return [...versionIds.keys()];
  };
  const expectNothingStaged = async () => {
    expect((await labels()).filter((label) => ['BEGINI_NEXT', 'AWSPENDING'].includes(label))).toEqual([]);
  };
  const writes = () =>
    service.secretsManager.requests.filter(({ operation }) => operation !== 'DescribeSecret').length;

  test('puts a pair from standard input in use, and applicants get through with it', async () => {
    const { exitCode, stdout, stderr } = await run(pairOf(renewedKey));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('begini-session/test/credentials, account 000000000000, region us-east-1');
    expect(stdout).toMatch(
      /PASS: Begini accepted the pair.*\nResults signed with the previous key are accepted until/,
    );
    expect(stdout).not.toContain(renewedKey);
    const answer = await checkedFetch(`${service.gateway.url}/sessions`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'x-api-key': 'local-loan-app', 'content-type': 'application/json' },
      body: '{"uid":"ABCDE-12345"}',
    });
    expect(answer.status).toBe(302);
  });

  test('says that it awaits the pair while standard input stays open', async () => {
    const command = startRotateCommand(local, { environment, keepsInputOpen: true });
    await command.shows('Reading the pair from standard input, until it ends.');
    command.interrupt();
    expect(await command.ended).toMatchObject({ exitCode: 130 });
  });

  test('puts a pair from a file in use, and shows the versions with their labels', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'begini-session-pair-')), 'pair.json');
    await writeFile(file, `\ufeff${pairOf(renewedKey)}`, { mode: 0o600 });
    const { stdout: quiet } = await run('', ['--file', file]);
    expect(quiet).toContain('PASS');
    expect(quiet).not.toContain('chmod');
    await chmod(file, 0o644);
    expect((await run('', ['--file', file])).stdout).toContain(
      'Other users of this machine may read that file',
    );
    const { exitCode, stdout } = await run('', ['--status']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f-]{36} {2}AWSCURRENT$/m);
    expect(stdout).toMatch(/^[0-9a-f-]{36} {2}AWSPREVIOUS$/m);
    expect(stdout).not.toContain(renewedKey);
  });

  test('ends a compromised key for results at a moment that it prints', async () => {
    const { exitCode, stdout } = await run(pairOf(renewedKey), ['--compromised']);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('No result signed with the previous key'),
    ]);
    expect((await run('', ['--status'])).stdout).toMatch(
      / {2}(AWSPREVIOUS BEGINI_COMPROMISED|BEGINI_COMPROMISED AWSPREVIOUS)$/m,
    );
  });

  test('ends with FAIL, the reason and what to do if Begini refuses the pair', async () => {
    const { exitCode, stdout, stderr } = await run(pairOf('wrong-key'));
    expect([exitCode, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^FAIL: Begini answered 401: .*unchanged\.\nNext: Compare with the Deployment/m);
    expect(stdout).not.toContain('wrong-key');
  });

  test('changes nothing for a pair that cannot be one', async () => {
    const before = writes();
    const { exitCode, stderr } = await run(pairOf('new-\nkey'));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('contains a line break')]);
    expect(writes()).toBe(before);
  });

  test('changes nothing if the file does not exist', async () => {
    expect(await run('', ['--file', '/nonexistent/pair.json'])).toMatchObject({
      exitCode: 1,
      stderr: 'FAIL: The file cannot be read: ENOENT. Nothing was changed.\n',
    });
  });

  test.each(['Secret begini-session', 'Staged', 'Rotation started'])(
    'can be run again after it was interrupted at "%s"',
    async (sentence) => {
      const first = startRotateCommand(local, { input: pairOf(renewedKey), environment });
      await first.shows(sentence);
      first.interrupt();
      expect(await first.ended).toMatchObject({ exitCode: 130 });
      await service.secretsManager.rotationEnded();
      const { exitCode, stdout } = await run(pairOf(renewedKey));
      if (exitCode === 1) expect(stdout).toContain('an earlier run was interrupted, it has succeeded');
      else expect([exitCode, stdout]).toEqual([0, expect.stringContaining('PASS')]);
      expect(await labels()).not.toContain('AWSPENDING');
    },
  );

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'withdraws the staged pair on %s, and says which pair is in use',
    async (signal) => {
      const command = startRotateCommand(local, { input: pairOf(renewedKey), environment });
      await command.shows('Staged as version');
      command.interrupt(signal);
      const { exitCode, stdout } = await command.ended;
      expect(exitCode).toBe(130);
      expect(stdout).toMatch(
        /Interrupted\. (What was staged is withdrawn; the pair in use is unchanged|The new pair is in use already)\./,
      );
      await expectNothingStaged();
    },
  );

  test('withdraws the staged pair when its output is closed', async () => {
    const command = startRotateCommand(local, { input: pairOf(renewedKey), environment });
    await command.shows('Staged as version');
    command.closeOutput();
    await command.ended;
    await expectNothingStaged();
  });

  test('shows an error of Secrets Manager by its name only', async () => {
    service.secretsManager.fail({ statusCode: 400, errorName: 'AccessDeniedException', times: 1 });
    const { exitCode, stderr } = await run(pairOf(renewedKey));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('AccessDeniedException');
    expect(stderr).not.toContain('A simulated failure');
  });

  test('accepts only the stage test there', async () => {
    const args = ['--stage', 'production', '--local'];
    expect(await runRotateCommand(args, { environment })).toMatchObject({ exitCode: 2 });
  });
});

test.each([
  ['an option that does not exist', ['--stage', 'test', '--api-key', 'A-KEY']],
  ['a stage that does not exist', ['--stage', 'A-KEY']],
])('the command ends with 2 for %s, and repeats nothing of the command line', async (_, args) => {
  const { exitCode, stdout, stderr } = await runRotateCommand(args);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('A-KEY');
});

test('the command says what is wrong in a file of settings', async () => {
  const HOME = await mkdtemp(join(tmpdir(), 'begini-session-home-'));
  await writeFile(join(HOME, '.cdk.json'), '{"context": [1,]}');
  expect(await runRotateCommand(['--stage', 'test'], { environment: { HOME } })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: '.cdk.json is not JSON: look at line 1, column 16.\n',
  });
});

test.each([
  ['how to start the local service', '1', 'npm start'],
  ['which ports there are', 'abc', 'PORT must be a whole number from 1 to'],
])('the command says %s if its port is %s', async (_, PORT, advice) => {
  const run = await runRotateCommand(local, { environment: { PORT } });
  expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(advice) });
});

test.each([
  ['scheduled for deletion', { DeletedDate: 1, RotationEnabled: true }, 'restore-secret --secret-id'],
  ['without a rotation', {}, 'npx cdk deploy BeginiSession-Test'],
])(
  'the command does not rotate a secret that is %s, says what to do, and shows its labels',
  async (_, secret, advice) => {
    const answer = { ...secret, ARN: 'arn', VersionIdsToStages: { 'id-of-the-version': ['AWSCURRENT'] } };
    const operations = new Set<unknown>();
    const server = await startLoopbackServer({
      listener: async (request, response) => {
        request.resume();
        operations.add(request.headers['x-amz-target']);
        response.end(JSON.stringify(answer));
      },
    });
    // Secrets Manager is on the third port.
    const environment = { PORT: String(Number(new URL(server.origin).port) - 2) };
    const refused = await runRotateCommand(local, { input: pairOf('a-key'), environment });
    const shown = await runRotateCommand([...local, '--status'], { environment });
    await server.close();
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(advice) });
    expect(shown).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('id-of-the-version  AWSCURRENT'),
      stderr: '',
    });
    expect([...operations]).toEqual(['secretsmanager.DescribeSecret']);
  },
);

test('the command follows the proxy to the region of the environment, and blames the network if that refuses', async () => {
  const proxy = await startProxy();
  const { exitCode, stdout, stderr } = await runRotateCommand(['--stage', 'test'], {
    environment: {
      HOME: '/nonexistent',
      HTTPS_PROXY: proxy.url,
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    },
  });
  proxy.close();
  expect([exitCode, stdout]).toEqual([1, '']);
  expect([...new Set(proxy.targets)]).toEqual(['cloudformation.eu-west-1.amazonaws.com:443']);
  expect(stderr).toMatch(
    /^FAIL: AWS could not be reached: ERR_PROXY_TUNNEL.\nNext: Check the network, its proxy/,
  );
});

describe('without --local, the command sends nothing to an endpoint outside AWS:', () => {
  const profileWith = (lines: string) =>
    `[default]\nregion = eu-west-1\naws_access_key_id = a\naws_secret_access_key = b\n${lines}`;
  test.each<[string, (url: string) => Record<string, string>, string?]>([
    ['AWS_ENDPOINT_URL', (url) => ({ AWS_ENDPOINT_URL: url })],
    ['AWS_ENDPOINT_URL_SECRETS_MANAGER', (url) => ({ AWS_ENDPOINT_URL_SECRETS_MANAGER: url })],
    ['endpoint_url of the profile', () => ({}), 'endpoint_url = URL\n'],
    [
      'services of the profile',
      () => ({}),
      'services = s\n[services s]\ncloudformation =\n  endpoint_url = URL\n',
    ],
  ])('%s', async (_, variables, profileLines = '') => {
    let requests = 0;
    const server = await startLoopbackServer({
      listener: async (_request, response) => {
        requests += 1;
        response.end();
      },
    });
    const file = join(await mkdtemp(join(tmpdir(), 'begini-session-profile-')), 'config');
    await writeFile(file, profileWith(profileLines.replace('URL', server.origin)));
    const environment = { AWS_CONFIG_FILE: file, ...variables(server.origin) };
    const run = await runRotateCommand(['--stage', 'test'], { input: pairOf('a-key'), environment });
    await server.close();
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('use --local') });
    expect(requests).toBe(0);
  });
});
