import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Fault } from '../../../bin/stand-ins/begini/begini-faults.ts';
import { startBeginiSimulator } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { codeOf, proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { certificateOnce, type Lambda, startLambda } from '../../support/lambda.ts';

const uid = 'ABCDE-12345';
let lambda: Lambda | undefined;

afterEach(async () => {
  await lambda?.stop();
  lambda = undefined;
});

async function start(options: Parameters<typeof startLambda>[1] = {}): Promise<Lambda> {
  lambda = await startLambda('create-session', options);
  return lambda;
}

const invoke = ({ environment }: Lambda, event: APIGatewayProxyEvent) =>
  environment.invoke(event) as Promise<APIGatewayProxyResult>;

const linesOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('its start', () => {
  test('starts although the vendor and the secret are unavailable, and says so', async () => {
    const running = await start({
      variables: {
        AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1',
        BEGINI_LOCAL_ORIGINS: 'https://127.0.0.1:1,https://127.0.0.1:1',
      },
    });
    expect(codeOf(await invoke(running, proxyEvent({ uid })))).toBe('secrets_unavailable');
  });

  test('starts while neither side answers, and serves requests once both do', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)));
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const origin = `https://127.0.0.1:${port}`;
    const running = await start({
      isPunctual: true,
      secretsFailure: 'hang',
      variables: { BEGINI_LOCAL_ORIGINS: `${origin},${origin}` },
    });
    expect([sockets.length, running.secretsManager.requests.length]).toEqual([1, 1]);

    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
    const vendor = await startBeginiSimulator({ port, tls: await certificateOnce() });
    running.secretsManager.fail('none');
    try {
      expect((await invoke(running, proxyEvent({ uid }))).statusCode).toBe(302);
      expect(vendor.requests).toHaveLength(1);
    } finally {
      await vendor.close();
    }
  });
});

test.each(['create-session', 'launch'] as const)(
  '%s connects to the vendor before it makes its first request to AWS',
  async (name) => {
    lambda = await startLambda(name, {
      resume: true,
      variables: { NODE_OPTIONS: `--import=${new URL('../../support/order-of-starts.ts', import.meta.url)}` },
    });
    const { vendor, secretsManager, stop } = lambda;
    lambda = undefined;
    const { stderr } = await stop();
    const [first, ...later] = stderr.split('\n');
    expect(first).toBe(`SYN ${new URL(vendor.origin).port}`);
    expect(later).toContain(`request ${new URL(secretsManager.url).port}`);
  },
);

describe('a failing Secrets Manager', () => {
  test('gets two tries while it hangs', async () => {
    const running = await start({ isPunctual: true, secretsFailure: 'hang' });
    const earlier = running.secretsManager.requests.length;
    expect(codeOf(await invoke(running, proxyEvent({ uid })))).toBe('secrets_unavailable');
    expect(running.secretsManager.requests.length - earlier).toBe(2);
  });

  test('gets calls signed with all credentials of Lambda’s role, for its own region', async () => {
    const { secretsManager } = await start();
    expect(secretsManager.requests).toEqual([
      {
        operation: 'GetSecretValue',
        at: expect.any(Number),
        credentialScope: expect.stringMatching(/^\d{8}\/eu-west-1\/secretsmanager\/aws4_request$/),
        sessionToken: 'example-session-token',
      },
    ]);
  });
});

describe('its answers and log lines', () => {
  test('does not start with origins that are not on this machine', async () => {
    await expect(
      start({ variables: { BEGINI_LOCAL_ORIGINS: 'https://evil.example,https://evil.example' } }),
    ).rejects.toThrow('local origin');
  });

  const answers: [Partial<APIGatewayProxyEvent> & { body: string }, Fault, number, string][] = [
    [{ body: 'x'.repeat(5_000) }, { fault: 'none' }, 413, 'body_too_large'],
    [{ body: '{}', headers: {} }, { fault: 'none' }, 415, 'unsupported_media_type'],
    [{ body: 'null' }, { fault: 'none' }, 422, 'malformed_json'],
    [{ body: '{"uid":"a_b_c_d"}' }, { fault: 'none' }, 422, 'invalid_uid'],
    [{ body: `{"uid":"${uid}","x":1}` }, { fault: 'none' }, 422, 'unknown_property'],
    [{ body: `{"uid":"${uid}","integration_id":"0"}` }, { fault: 'none' }, 422, 'integration_mismatch'],
    [{ body: `{"uid":"${uid}"}` }, { fault: 'status', status: 422 }, 422, 'rejected_by_vendor'],
    [{ body: `{"uid":"${uid}"}` }, { fault: 'not-http' }, 502, 'vendor_response_invalid'],
    [{ body: `{"uid":"${uid}"}` }, { fault: 'close-mid-body' }, 502, 'vendor_connection_lost'],
    [{ body: `{"uid":"${uid}"}` }, { fault: 'status', status: 401 }, 503, 'credentials_refused'],
  ];

  test('answers every fault as the source does', async () => {
    const running = await start();
    for (const [{ body, ...changes }, fault, status, code] of answers) {
      running.vendor.setFault(fault);
      const response = await invoke(running, proxyEvent(body, changes));
      expect([response.statusCode, codeOf(response)]).toEqual([status, code]);
    }
    const { stdout, stderr } = await running.stop();
    lambda = undefined;
    expect(linesOf(stdout).map(({ code }) => code)).toEqual(answers.map(([, , , code]) => code));
    expect(stderr).toBe('');
  });

  test('contain no part of uid, key, integration, signature, body or token', async () => {
    const canary = { apiKey: 'CANARY-API-KEY', integrationId: 'CANARY-INTEGRATION' };
    const canaryUid = 'CANARY-UID-4711';
    const claims = Buffer.from(JSON.stringify({ uid: canaryUid })).toString('base64url');
    const token = `CANARYHEAD.${claims}.CANARYSIGNATURE`;
    const body = `{"uid":"${canaryUid}","integration_id":"${canary.integrationId}"}`;
    const signature = createHmac('sha512', canary.apiKey).update(body).digest('hex');
    const faults: Fault[] = [
      { fault: 'none' },
      { fault: 'raw-answer', body: { access_token: token } },
      { fault: 'raw-answer', body: { access_token: `${token}\r\nCANARY: x` } },
      { fault: 'raw-answer', body: { message: body, access_token: 1 }, status: 422 },
      { fault: 'raw-answer', body: { message: body }, status: 500 },
      { fault: 'redirect', location: `https://evil.example/${token}` },
      { fault: 'not-http' },
      { fault: 'invalid-json' },
      { fault: 'reset' },
      { fault: 'close-mid-body' },
      { fault: 'status', status: 401 },
    ];
    const running = await start({ credentials: canary });
    const seen: string[] = [];
    for (const fault of faults) {
      running.vendor.setFault(fault);
      for (const event of [
        proxyEvent({ uid: canaryUid }),
        proxyEvent(body, {
          path: `/CANARY-PATH/${canaryUid}`,
          headers: { 'content-type': 'application/json', 'x-api-key': 'CANARY-HEADER' },
        }),
        proxyEvent({ uid: `${canaryUid}_` }),
        proxyEvent(`{"uid":"${canaryUid}"`),
        proxyEvent({ uid: canaryUid, CANARY: 1 }),
      ]) {
        const response = await invoke(running, event);
        const { Location: location, ...headers } = response.headers ?? {};
        if (location !== undefined) expect(location).toContain('.');
        seen.push(JSON.stringify(headers), response.body);
      }
    }
    expect(running.vendor.requests.some(({ headers }) => headers['x-signature'] === signature)).toBe(true);
    const { stdout, stderr } = await running.stop();
    lambda = undefined;
    expect(linesOf(stdout)).toHaveLength(faults.length * 5);
    expect(stderr).toBe('');
    const everything = [...seen, stdout].join('\n');
    for (const mark of ['CANARY', signature, claims, 'evil.example', 'eyJ'])
      expect(everything).not.toContain(mark);
  });
});
