import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GetApiKeyCommand } from '@aws-sdk/client-api-gateway';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runDoctor } from '../../bin/doctor/doctor-command.ts';
import { localApiKey } from '../../bin/stand-ins/local-stage.ts';
import { type Listener, type LoopbackServer, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import { doubleAws, outputsAt } from '../support/deployed-doubles.ts';
import { type RunningCommand, startCommand } from '../support/start-command.ts';

const aws = doubleAws();
const before = { ...process.env };
const folder = mkdtempSync(join(tmpdir(), 'begini-session-doctor-'));
const cdkJson = pathToFileURL(join(folder, 'cdk.json'));
const row = { environment: 'production', firewall: false, region: 'us-east-1', results: true };
const root = join(import.meta.dirname, '../..');
const useRow = (change: object = {}) =>
  writeFileSync(cdkJson, JSON.stringify({ context: { stages: { Demo: { ...row, ...change } } } }));

/** `npm start`, which stands in for the deployed stage: apart from this process, where AWS has doubles. */
let stage: RunningCommand;
let credentials: Record<string, string>;
/** Below those that systems hand out by themselves. */
const port = 30_000 + (process.pid % 300) * 8;
const address = `http://127.0.0.1:${port}/test`;
const outputs = outputsAt(address);

/** A server in the place of the stage. */
let standIn: LoopbackServer | undefined;
async function answerBy(listener: Listener, moreOutputs: Record<string, string> = {}): Promise<void> {
  standIn = await startLoopbackServer({ listener });
  aws.reset({ ...outputs, SessionsUrl: `${standIn.origin}/demo/sessions`, ...moreOutputs });
}

beforeAll(async () => {
  stage = startCommand('local.ts', ['--auth', 'iam'], { environment: { PORT: String(port) } });
  const exported = (await stage.shows('Requests:')).matchAll(/^ {2}export (\w+)=(\S+)$/gm);
  credentials = Object.fromEntries([...exported].map(([, name = '', value = '']) => [name, value]));
});
afterAll(async () => {
  stage.interrupt();
  await stage.ended;
  process.env = before;
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  useRow();
  aws.reset(outputs);
  process.env = { ...before, ...credentials };
});
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

const noTime = { checkTimeoutMs: 0, totalTimeoutMs: 0 };

/** Runs the command in this process, where AWS has doubles. */
async function doctor(args: string[], options: Partial<Parameters<typeof runDoctor>[1]> = {}) {
  let output = '';
  let errors = '';
  const exitCode = await runDoctor(args, {
    environment: process.env,
    print: (line) => {
      output += `${line}\n`;
    },
    printError: (line) => {
      errors += `${line}\n`;
    },
    cdkJson,
    askAws: aws.askAws,
    ...options,
  });
  const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = credentials;
  for (const secret of [AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, localApiKey, 'eyJ']) {
    expect(output + errors).not.toContain(secret);
  }
  // Nor a launch token, which begins with no certain letters.
  expect(output + errors).not.toMatch(/[0-9A-Za-z]{57}/);
  return { exitCode, output, errors };
}

/** The lines of an output that tell of something to do, each with what stands below it. */
const troublesIn = (output: string) => output.match(/^ {2}(to do|wrong).*\n.*/gm) ?? [];

describe('a stage that can go live', () => {
  test('has nothing wrong, by IAM, and by a hand-off', async () => {
    const { exitCode, output } = await doctor(['--stage', 'demo', '--hand-off']);
    expect(troublesIn(output)).toEqual([]);
    expect(output).toMatch(/\nNothing is wrong: \d+ ok, 0 to do, 0 wrong, 0 not checked\.\n$/);
    for (const line of [
      'a signature with a wrong secret is refused: 403',
      'and a second request got the same one',
    ]) {
      expect(output).toContain(line);
    }
    expect(exitCode).toBe(0);
  });

  test('is named first, with its account, region and address', async () => {
    const { output } = await doctor(['--stage', 'demo'], { limits: noTime });
    expect(output).toContain(
      `Stage Demo (production)\nAddress ${address}, account 111122223333, region us-east-1\n\nstack\n`,
    );
    expect(output.startsWith('Stage Demo')).toBe(true);
  });

  test('is shown as one JSON object to machines, with every check that bin/README.md names', async () => {
    const { exitCode, output } = await doctor(['--stage', 'demo', '--json', '--hand-off'], {
      limits: noTime,
    });
    const { findings } = JSON.parse(output) as { findings: { group: string; name: string }[] };
    const [, section = ''] = readFileSync(join(root, 'bin/README.md'), 'utf8').split(/^## The doctor$/m);
    const rows = [...section.matchAll(/^\| ([\w ]+) \| (.+?) \|$/gm)].flatMap(([, group, names = '']) =>
      names.split(' · ').map((name) => `${group}: ${name}`),
    );
    const groups = new Set(findings.map(({ group }) => `${group}: `));
    const documented = rows.filter((text) => [...groups].some((group) => text.startsWith(group)));
    expect(documented.sort()).toEqual(findings.map(({ group, name }) => `${group}: ${name}`).sort());
    expect(JSON.parse(output)).toMatchObject({
      stage: 'Demo',
      account: '111122223333',
      region: 'us-east-1',
      address,
      passed: false,
    });
    expect(exitCode).toBe(1);
    expect(findings[0]).toMatchObject({
      code: 'out_of_time',
      status: 'not checked',
      found: expect.stringContaining('time'),
    });
  });

  test('is called with the API key of its first loan app, and says that this address may not', async () => {
    useRow({ environment: 'test', callerAuth: 'api-key', allowedSourceIps: ['192.0.2.1'] });
    const denied = '{"code":"forbidden","detail":"The caller may not use this service."}';
    const sent = new Set<unknown>();
    await answerBy(
      async ({ headers }, response) => {
        sent.add(headers['x-api-key']);
        response.writeHead(403, { 'content-type': 'application/json' }).end(denied);
      },
      { ApiKeyIdLoanApp: 'id' },
    );
    aws.apigateway
      .on(GetApiKeyCommand, { apiKey: 'id', includeValue: true })
      .resolves({ value: localApiKey });
    const { output } = await doctor(['--stage', 'demo']);
    expect([...sent]).toEqual([undefined, localApiKey]);
    expect(output).not.toContain('a signature with a wrong secret');
    expect(output).toContain('not checked (this address is not in allowedSourceIps; run the doctor from');
  });
});

test('says below a finding what to click or run, and counts what is to do and what is wrong', async () => {
  aws.reset(outputs, { StackStatus: 'UPDATE_ROLLBACK_COMPLETE' });
  aws.dynamodb.on(DescribeTimeToLiveCommand).resolves({});
  const { exitCode, output } = await doctor(['--stage', 'demo']);
  expect(troublesIn(output)).toEqual([
    `  to do        the last deployment: it was rolled back
               → CloudFormation → Stacks → BeginiSession-Demo → Events says why. Fix it, then: npx cdk deploy BeginiSession-Demo`,
    `  wrong        expired sessions are deleted: TTL is off, or on another attribute
               → DynamoDB → Tables → BeginiSession-Demo-Sessions → Additional settings → Time to Live (TTL): turn it on for expiresAt.`,
  ]);
  expect(output).toMatch(/\nNot ready: \d+ ok, 1 to do, 1 wrong, 0 not checked\.\n$/);
  expect(exitCode).toBe(1);
});

describe('it could not begin', () => {
  const refuse = (name: string) =>
    aws.cloudformation.on(DescribeStacksCommand).rejects(Object.assign(new Error('secret-detail'), { name }));

  test.each([
    ['the session has expired', 'ExpiredToken', 'The AWS session has expired. Next: sign in again'],
    ['the session has expired', 'ExpiredTokenException', 'The AWS session has expired. Next: sign in again'],
    ['the role may not look', 'AccessDenied', "attach the policy in the stack's output DoctorPolicyArn"],
    ['AWS does not answer', 'TimeoutError', 'AWS could not be reached: TimeoutError.'],
  ])('where %s: %s', async (_, name, message) => {
    refuse(name);
    const { exitCode, output, errors } = await doctor(['--stage', 'demo']);
    expect(errors).toContain(message);
    expect(output + errors).not.toContain('secret-detail');
    expect(exitCode).toBe(2);
  });

  test('where the credentials are of another account', async () => {
    useRow({ account: '999999999999' });
    const { exitCode, errors } = await doctor(['--stage', 'demo']);
    expect(errors).toContain(
      'These AWS credentials are of account 111122223333; stage Demo is in 999999999999.',
    );
    expect(exitCode).toBe(2);
  });

  test('where the stack was deployed by an older version', async () => {
    aws.reset({});
    const { exitCode, errors } = await doctor(['--stage', 'demo']);
    expect(errors).toContain('Deploy it again: npx cdk deploy BeginiSession-Demo');
    expect(exitCode).toBe(2);
  });

  test.each([
    [['--stage', 'staging'], 'There is no such stage in cdk.json; use Demo.'],
    [[], 'Usage: npm run doctor'],
    [['--stage', 'demo', '--key', 'a-secret'], 'Usage: npm run doctor'],
  ])('for %j', async (args, message) => {
    const { exitCode, errors } = await doctor(args);
    expect(errors).toContain(message);
    expect(errors).not.toContain('a-secret');
    expect(exitCode).toBe(2);
  });
});

describe('a stage that cannot be reached as it should be', () => {
  test('does not answer', async () => {
    await answerBy(async () => undefined);
    await standIn?.close();
    const { exitCode, output } = await doctor(['--stage', 'demo']);
    expect(output).toContain('a call without authentication is refused: no usable answer (ECONNREFUSED)');
    expect(output).toContain('→ Check the network, its proxy');
    expect(exitCode).toBe(1);
  });

  test('stands behind a proxy that rewrites answers', async () => {
    await answerBy(async (request, response) => {
      request.resume();
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html>Sign in to the company network</html>');
    });
    const { exitCode, output } = await doctor(['--stage', 'demo']);
    expect(output).toContain('a call without authentication is refused: without Accept, status 200, not 403');
    expect(output).toContain('→ Look for a proxy or a CDN in front of the stage that rewrites answers.');
    expect(output).not.toContain('Sign in');
    expect(exitCode).toBe(1);
  });

  test('hangs: the run ends within its limit, and says what was not checked', async () => {
    await answerBy(async () => undefined);
    const limits = { checkTimeoutMs: 100, totalTimeoutMs: 300 };
    const { output } = await doctor(['--stage', 'demo'], { limits });
    expect(output).toContain(
      'not checked (the time was used up; run the doctor again)  a launch link opens its page',
    );
    expect(output).not.toContain('attach the policy');
  });
});

test('is not ready where --hand-off asks for a hand-off and none succeeded, also if nothing is wrong', async () => {
  const { exitCode, output } = await doctor(['--stage', 'demo', '--hand-off'], { limits: noTime });
  expect(output).toMatch(
    /\nNot ready: 0 ok, 0 to do, 0 wrong, \d+ not checked\.\nNo hand-off succeeded: .*\n$/,
  );
  expect(exitCode).toBe(1);
  const without = await doctor(['--stage', 'demo'], { limits: noTime });
  expect(without.output).toMatch(/\nNothing is wrong in what was checked: .*\n$/);
  expect(without.exitCode).toBe(0);
});

describe('a right that is missing', () => {
  const denied = Object.assign(new Error('User is not authorized'), { name: 'AccessDeniedException' });

  test('is named in the line of its check, as is a session that expires meanwhile, and nothing is wrong for it', async () => {
    aws.cloudwatch.on(DescribeAlarmsCommand).rejects(denied);
    aws.dynamodb.on(DescribeTimeToLiveCommand).rejects(denied);
    const expired = Object.assign(new Error('expired'), { name: 'ExpiredTokenException' });
    aws.secretsmanager.on(DescribeSecretCommand).rejects(expired);
    const { exitCode, output } = await doctor(['--stage', 'demo']);
    expect(output).toContain('not checked (cloudwatch:DescribeAlarms)  every alarm exists');
    expect(output).toContain('not checked (dynamodb:DescribeTimeToLive)  expired sessions');
    expect(output).toContain(
      'not checked (the AWS session has expired; sign in again (aws sso login))  the pair',
    );
    expect(output).toContain('0 wrong, 4 not checked.\nFor the actions named above, attach the policy');
    expect(exitCode).toBe(0);
  });
});

describe('npm start with signatures', () => {
  const local = (environment: Record<string, string>) =>
    doctor(['--local', '--hand-off'], { environment: { ...environment, PORT: String(port) } });

  test('passes with the credentials that it has printed', async () => {
    const { exitCode, output } = await local(credentials);
    expect(troublesIn(output)).toEqual([]);
    expect(output).toContain('a signature with a wrong secret is refused: 403');
    expect(output.split('\n').slice(0, 2)).toEqual([
      'Stage Test (test), the local service',
      `Address ${address}, account 000000000000, region us-east-1`,
    ]);
    expect(exitCode).toBe(0);
  });

  test.each([
    ['none', {}],
    ['others', { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wrong', AWS_REGION: 'us-east-1' }],
  ])('says where to get them with %s', async (_, environment) => {
    const { exitCode, errors } = await local(environment);
    expect(errors).toContain('Run the four export lines that npm start has printed');
    expect(exitCode).toBe(2);
  });
});

describe('the local service', () => {
  test.each([
    ['1', 'Nothing answers at http://127.0.0.1:1/test. Start the local service with: npm start'],
    ['abc', 'PORT must be a whole number from 1 to'],
  ])('at the port %s cannot be looked at', async (PORT, message) => {
    const { exitCode, errors } = await doctor(['--local'], { environment: { PORT } });
    expect(errors).toContain(message);
    expect(exitCode).toBe(2);
  });
});

test('the program ends with a sentence and exit code 1 if its reader closes the output, as head does', async () => {
  const environment = { ...credentials, PORT: String(port) };
  const program = startCommand('doctor.ts', ['--local'], { environment });
  await program.shows('Stage');
  program.closeOutput(['stdout']);
  expect(await program.ended).toMatchObject({
    exitCode: 1,
    stderr: 'There is no verdict: the output was closed (EPIPE). Run the doctor again and read all of it.\n',
  });
});
