import { setTimeout as pause } from 'node:timers/promises';
import { resultsPath } from '../../lib/api/routes.ts';
import type { LocalService } from '../local/local-service.ts';
import { simulatedCredentials } from '../stand-ins/begini/begini-simulator.ts';
import { BeginiWebhook, type WebhookMode } from '../stand-ins/begini/begini-webhook.ts';
import type { Figure } from './figures.ts';

/** Nobody knows how often Begini repeats an event; here it does for five minutes. */
const retryDelaysMs: readonly number[] = Array(150).fill(2_000);

/** How events are sent: again until one try is answered 200, or once, with the key in use or with the one before it. */
const ways = {
  repeated: { mode: 'once', retryDelaysMs },
  'never repeated': { mode: 'never-repeats', retryDelaysMs: [] },
  'signed with the previous key': { mode: 'previous-key', retryDelaysMs: [] },
} as const satisfies Record<string, { mode: WebhookMode; retryDelaysMs: readonly number[] }>;
type Way = keyof typeof ways;

/** An event of Begini, and whether a try to deliver it was answered 200. */
export type ResultEvent = { uid: string; way: Way; sentAt: number; isAccepted: boolean };

/**
 * Sends an event to the service in each of the ways, and pauses once it was tried: a slow machine makes the load smaller,
 * but never lets events pile up, other than those that are repeated.
 */
export function startEvents({ gateway, vendor }: LocalService, pauseMs: number) {
  const sent: Promise<ResultEvent>[] = [];
  let isStopped = false;

  async function deliver(way: Way): Promise<ResultEvent> {
    const uid = `DRILL-EVENT-${sent.length}`;
    const { mode, retryDelaysMs } = ways[way];
    const webhook = new BeginiWebhook({ apiKeys: () => vendor.apiKeys, delayMs: 0, retryDelaysMs });
    webhook.url = `${gateway.url}${resultsPath}`;
    webhook.mode = mode;
    const sentAt = Date.now();
    const event = { type: 'application.complete', details: {} };
    await webhook.send([{ uid, integration_id: simulatedCredentials.integrationId, event }]);
    const isAccepted = webhook.deliveries.some(({ delivered }) => delivered);
    return { uid, way, sentAt, isAccepted };
  }

  function start(way: Way): Promise<ResultEvent> {
    const delivery = deliver(way);
    sent.push(delivery);
    return delivery;
  }

  async function send(): Promise<void> {
    while (!isStopped) {
      void start('repeated');
      await Promise.all([start('never repeated'), start('signed with the previous key')]);
      await pause(pauseMs);
    }
  }

  const sending = send();
  return {
    /** Sends no more. Resolves to all events when each was accepted or given up. */
    async stop() {
      isStopped = true;
      await sending;
      return await Promise.all(sent);
    },
  };
}

/** What became of the events; from `reliableFrom` on (epoch ms), none may be refused. */
export function eventFigures(
  events: readonly ResultEvent[],
  { sqs }: LocalService,
  reliableFrom: number,
): Figure[] {
  const inQueue = new Set(
    sqs.messages('results').map(({ body }) => (JSON.parse(body) as { uid: string }).uid),
  );
  const refused = (way: Way) => events.filter((event) => event.way === way && !event.isAccepted);
  const once = refused('never repeated');
  const late = once.filter(({ sentAt }) => sentAt >= reliableFrom);
  return [
    { name: 'events of Begini', value: events.length },
    {
      name: 'answered 200, but not in the queue',
      value: events.filter(({ uid, isAccepted }) => isAccepted && !inQueue.has(uid)).length,
      most: 0,
    },
    { name: 'repeated, but lost', value: refused('repeated').length, most: 0 },
    {
      name: 'signed with the previous key, but refused',
      value: refused('signed with the previous key').length,
      most: 0,
    },
    {
      name: 'never repeated, lost until a second after the new pair was in use',
      value: once.length - late.length,
    },
    { name: 'never repeated, lost later', value: late.length, most: 0 },
  ];
}
