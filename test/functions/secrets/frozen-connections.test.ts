import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { checkedFetch } = await import('../../support/checked-fetch.ts');
const { startService } = await import('../../support/service.ts');
afterAll(() => time.restore());

const uid = 'ABCDE-12345';
const longFreezeMs = 70 * 60_000;

let service: Service;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());

/** A request to each function that reads a secret, and the status of its successful answer. */
const requests = {
  'create-session': { send: () => service.post({ uid }), good: 302 },
  'create-launch-link': { send: () => service.postLink({ uid }), good: 201 },
  launch: {
    send: async () => checkedFetch(await service.makeLink(uid), { method: 'POST', redirect: 'manual' }),
    good: 302,
  },
};

describe.each(Object.entries(requests))('%s, after a long freeze', (_name, { send, good }) => {
  test.each(['silently', 'by a reset'])('reads its secret again if its connections died %s', async (how) => {
    expect((await send()).status).toBe(good);
    if (how === 'silently') service.secretsProxy.forget();
    else service.secretsManager.closeIdleConnections('rst');
    const { connections } = service.secretsProxy;
    service.advance(longFreezeMs);

    expect((await send()).status).toBe(good);
    expect(service.secretsProxy.lostBytes).toBe(0);
    expect(service.secretsProxy.connections).toBeGreaterThan(connections);
    expect(JSON.parse(String(service.lines.at(-1)))).not.toHaveProperty('secretStale');
  });
});
