import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildSessionRequest } from '../../../functions/begini/request.ts';
import { problems } from '../../../functions/errors.ts';
import { createScope } from '../../../functions/request-scope.ts';
import type { Service } from '../../support/service.ts';
import { installVirtualTime } from '../../support/virtual-time.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { checkedFetch } = await import('../../support/checked-fetch.ts');
const { anyVendorBody, planted, validUid } = await import('../../support/hostile-input.ts');
const { encodings } = await import('../../../bin/stand-ins/begini/begini-faults.ts');
const { assessmentOrigin, startService } = await import('../../support/service.ts');
const { closeAll, startVendor } = await import('../../support/vendor-calls.ts');
afterAll(() => time.restore());

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.close();
  await closeAll();
});

let applicants = 0;
const newUid = () => {
  applicants += 1;
  return `APPLICANT-${applicants}`;
};

const statuses = [...Array(12).fill(200), 201, 202, 299, 301, 302, 400, 401, 403, 404, 422, 429, 500, 503];
const answers = fc
  .constant(undefined)
  .map(newUid)
  .chain((uid) =>
    fc.record({ uid: fc.constant(uid), body: anyVendorBody(uid), status: fc.constantFrom(...statuses) }),
  );

/** The location that a response sends the applicant to, or undefined for a problem of the contract. */
async function locationOf(response: Response): Promise<string | undefined> {
  const text = await response.text();
  if (response.status === 302) return response.headers.get('location') ?? '';
  expect(text).not.toContain(planted);
  const { code } = JSON.parse(text) as { code: string };
  expect(problems[code]?.statusCode).toBe(response.status);
  return undefined;
}

test.each(['a loan app', 'a launch link'])(
  'for any answer of the vendor, %s gets the constant host and a safe token, or a problem',
  async (entry) => {
    await fc.assert(
      fc.asyncProperty(answers, async ({ uid, body, status }) => {
        const link = await service.makeLink(uid);
        service.vendor.setFault({ fault: 'raw-answer', body, status });
        const response = await (entry === 'a loan app'
          ? service.post({ uid })
          : checkedFetch(link, { method: 'POST' }));
        const location = await locationOf(response);
        service.advance(15_000); // A refusal of the pair is remembered for this time.
        if (location === undefined) return;
        const { origin, pathname, search, hash } = new URL(location);
        expect([origin, search, hash]).toEqual([assessmentOrigin, '', '']);
        expect(location).toBe(`${assessmentOrigin}${pathname}`);
        expect(pathname).toMatch(/^\/[\w-]+\.[\w-]+\.[\w-]+$/);
        expect(pathname.length).toBeLessThanOrEqual(4_097);
        expect((body as { access_token?: string }).access_token).toBe(pathname.slice(1));
      }),
      { numRuns: 80 },
    );
  },
);

test.each(Object.keys(encodings) as (keyof typeof encodings)[])(
  'no representation of an answer loses its session, unless it cannot be read: %s',
  async (encoding) => {
    const reason = { zstd: 'encoding_zstd', bomb: undefined };
    service.vendor.setFault({ fault: 'encoded', encoding, times: 1 });
    const location = await locationOf(await service.post({ uid: newUid() }));
    if (!(encoding in reason)) expect(location).toMatch(/^https:/);
    const line = JSON.parse(service.lines.at(-1) ?? '') as Record<string, unknown>;
    if (encoding in reason) {
      expect(line).toMatchObject({ code: 'vendor_response_invalid', vendorStatus: 200 });
      expect(line.reason).toBe(reason[encoding as keyof typeof reason]);
    }
  },
);

test('the signed bytes are the sent bytes, for any pair and uid, by the simulator’s own code', async () => {
  const { vendor, client } = await startVendor();
  const visible = fc.stringMatching(/^[\x21-\x7e]{1,80}$/);
  await fc.assert(
    fc.asyncProperty(visible, visible, validUid, async (apiKey, integrationId, uid) => {
      vendor.changeCredentials({ apiKey, integrationId });
      const request = buildSessionRequest(uid, { apiKey, integrationId }, { hmac: true });
      await client.send(request, createScope(Date.now() + 8_000));
      expect(vendor.requests.at(-1)).toMatchObject({ accepted: true, rawBody: Buffer.from(request.body) });
    }),
    { numRuns: 100 },
  );
});
