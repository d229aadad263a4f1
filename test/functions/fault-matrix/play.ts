import { setTimeout as pause } from 'node:timers/promises';
import { simulatedCredentials } from '../../../bin/stand-ins/begini/begini-simulator.ts';
import { sessionKey } from '../../../functions/session-store/sealed-session.ts';
import { checkedFetch } from '../../support/checked-fetch.ts';
import { type Service, startService, uidRefKey } from '../../support/service.ts';
import { type MatrixRow, resultRoute, type State } from './faults.ts';

/** What one request under a fault came to, and the one after it. */
export type Played = {
  /** As the matrix writes it. */
  outcome: string;
  durationMs: number;
  /** How often the event of a result was in the queue then. */
  stored: number;
  /** The status of the same request, once the fault was over. */
  nextStatus: number;
};

/** Long enough for every secret to be overdue. */
const frozenMs = 600_000;
/** Long enough for connections to count as idle. */
const idleMs = 1_100;
/** Where a secret's versions are read side by side, the second read may go on after the first has failed. */
const settledMs = 1_000;

/** Plays every row in every state, side by side: from the same moment, so that they wait together. */
export async function playAll(rows: readonly MatrixRow[]): Promise<Map<MatrixRow, Record<State, Played>>> {
  const ready: [MatrixRow, Service][] = [];
  for (const row of rows) {
    // What a cold function needs from before comes from another one, which answers the first request.
    const needsOther = row.isKnown || row.call === 'POST /launch/{token}';
    ready.push([row, await startService({ secretTries: 2, environments: needsOther ? 2 : 1 })]);
  }
  return new Map(await Promise.all(ready.map(([row, service]) => playStates(row, service))));
}

/** Plays a row with one function, in its states one after the other. */
async function playStates(row: MatrixRow, service: Service): Promise<[MatrixRow, Record<State, Played>]> {
  try {
    const cold = await playState(row, 'cold', service);
    const warm = await playState(row, 'warm', service);
    return [row, { cold, warm, thawed: await playState(row, 'thawed', service) }];
  } finally {
    await service.close();
  }
}

async function playState(row: MatrixRow, state: State, service: Service): Promise<Played> {
  const uid = `MATRIX-${state}`;
  const send = await requestOf(row, uid, service);
  if (row.isKnown) await makeKnown(uid, service);
  if (state === 'cold') {
    await row.play(service);
    await service.warmUp();
  } else {
    await service.warmUp();
    const before = row.call === resultRoute ? service.postResult : sessionOf(service);
    await (await before(`BEFORE-${state}`)).text();
    if (state === 'thawed') {
      for (const each of [service.vendor, service.dynamoDb, service.sqs]) each.closeIdleConnections('rst');
      service.advance(frozenMs);
      await pause(idleMs);
    }
    await row.play(service);
  }
  await pause(settledMs);
  const underFault = await measure(send, row, service);
  const stored = service.sqs.messages('results').filter(({ body }) => body.includes(uid)).length;
  await row.end(service);
  await pause(row.rememberedMs ?? 0);
  const next = await send();
  await next.text();
  return { ...underFault, stored, nextStatus: next.status };
}

async function requestOf(
  { call }: MatrixRow,
  uid: string,
  service: Service,
): Promise<() => Promise<Response>> {
  if (call === 'POST /launch-links') return () => service.postLink({ uid });
  if (call === resultRoute) return () => service.postResult(uid);
  if (call !== 'POST /launch/{token}') return () => sessionOf(service)(uid);
  const link = await service.makeLink(uid);
  return () => checkedFetch(link, { method: 'POST' });
}

const sessionOf = (service: Service) => (uid: string) => service.post({ uid });

/** Has the vendor make a session that the table forgets. */
async function makeKnown(uid: string, service: Service): Promise<void> {
  await (await service.post({ uid })).text();
  const pk = { S: sessionKey(uid, simulatedCredentials.integrationId, uidRefKey) };
  await service.dynamoDb.run('DeleteItem', { TableName: service.dynamoDb.tableName, Key: { pk } });
}

async function measure(
  send: () => Promise<Response>,
  { call }: MatrixRow,
  { vendor, secretsManager, dynamoDb, sqs, lines }: Service,
): Promise<Pick<Played, 'outcome' | 'durationMs'>> {
  const count = () => [
    vendor.requests.length,
    secretsManager.requests.length,
    dynamoDb.calls.length,
    ...(call === resultRoute ? [sqs.calls.length] : []),
  ];
  const before = count();
  const response = await send();
  const code = codeOf(await response.text());
  const { durationMs } = JSON.parse(lines.at(-1) ?? '') as { durationMs: number };
  await pause(settledMs);
  const made = count().map((calls, side) => calls - (before[side] ?? 0));
  const outcome = [response.status, code, made.join('/')].filter((part) => part !== undefined).join(' ');
  return { outcome, durationMs };
}

function codeOf(body: string): string | undefined {
  return body === '' ? undefined : (JSON.parse(body) as { code?: string }).code;
}
