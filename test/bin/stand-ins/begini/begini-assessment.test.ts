import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { BeginiAssessment } from '../../../../bin/stand-ins/begini/begini-assessment.ts';
import { makeAccessToken } from '../../../../bin/stand-ins/begini/begini-token.ts';
import type { WebhookBody } from '../../../../bin/stand-ins/begini/begini-webhook.ts';

const uid = 'QWERT-YUIOP-ASDFGH';
const exp = Math.floor(Date.now() / 1000) + 3_600;
const token = makeAccessToken({ uid, integration_id: 'simulated-integration-1', exp });
const expiredToken = makeAccessToken({ uid, integration_id: 'simulated-integration-1', exp: 1 });

let assessment: BeginiAssessment;
let sent: WebhookBody[];
const typesSent = () => sent.map(({ event }) => event.type);

beforeEach(() => {
  sent = [];
  assessment = new BeginiAssessment((events) => sent.push(...events));
});

describe('the end of a session', () => {
  test.each([
    ['finish', ['application.complete', 'psychometric_score.complete']],
    ['give-up', ['application.cancelled']],
    ['expire', ['application.incomplete', 'application.expired']],
  ] as const)('by %s sends %j, and leads to its return URL', (ending, types) => {
    assessment.returnUrls = { [ending]: `http://127.0.0.1/${ending}` };
    const { status: entered, body: page } = assessment.enter(token);
    expect(entered).toBe(200);
    expect(page).toContain(`<button name="ending" value="${ending}">`);
    for (const secret of [uid, token]) expect(page).not.toContain(secret);
    const { status, headers } = assessment.end(token, ending);
    expect(status).toBe(303);
    expect(headers).toMatchObject({ Location: `http://127.0.0.1/${ending}` });
    expect(typesSent()).toEqual(types);
    for (const body of sent) expect(body).toMatchObject({ uid, integration_id: 'simulated-integration-1' });
  });

  test('has reasons only on the cancelled and the incomplete event', () => {
    for (const ending of ['finish', 'give-up', 'expire']) {
      assessment.end(makeAccessToken({ uid, exp, ending }), ending);
    }
    const withReasons = sent.filter(({ event }) => event.reasons).map(({ event }) => event.type);
    expect(withReasons).toEqual(['application.cancelled', 'application.incomplete']);
  });

  test('has the documented details of a score, times in epoch seconds', () => {
    assessment.enter(token);
    assessment.end(token, 'finish');
    const integer = expect.any(Number);
    expect(sent.at(-1)?.event.details).toEqual({
      application_started_at: integer,
      application_completed_at: integer,
      scored_at: integer,
      platform: 'WEB',
      calculated: {
        score: integer,
        risk_band: expect.any(String),
        score_confidence: expect.any(String),
        traits: [{ key: expect.any(String), value: integer, risk_band: expect.any(String) }],
      },
    });
    const scoredAt = Reflect.get(sent.at(-1)?.event.details ?? {}, 'scored_at');
    expect(Math.abs(scoredAt - Date.now() / 1000)).toBeLessThan(60);
  });

  test('sends events of the types that functions/README.md names, and the score in the shape that it shows', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../../functions/README.md'), 'utf8');
    const [shown, ...others] = [...readme.matchAll(/^```json\n(.*?)^```/gms)]
      .map(([, json = '']) => JSON.parse(json))
      .filter(({ event }) => event);
    assessment.end(token, 'finish');
    expect(others).toEqual([]);
    expect(shapeOf(sent.find(({ event }) => event.type === shown.event.type))).toEqual(shapeOf(shown));
    for (const ending of ['give-up', 'expire']) assessment.end(makeAccessToken({ uid, exp, ending }), ending);
    for (const type of typesSent()) expect(readme).toContain(`\`${type}\``);
  });

  test.each(['finish', 'give-up', 'expire'])('by %s shows a screen if there is no return URL', (ending) => {
    const { status, body } = assessment.end(token, ending);
    expect(status).toBe(200);
    expect(body).toContain('Without a URL for this in the Deployment Centre');
  });

  test.each([
    ['an unknown ending', token, 'explode'],
    ['no ending', token, null],
    ['a token that is not ours', `${token}x`, 'finish'],
  ])('is not caused by %s', (_, link, ending) => {
    expect(assessment.end(link, ending).status).toBe(404);
    expect(sent).toEqual([]);
  });
});

test.each([`${token}x`, `${token}.x`, 'favicon.ico'])('%s is no token, and opens nothing', (link) => {
  expect(assessment.enter(link).status).toBe(404);
});

test('a token with an absurd expiry can be entered', () => {
  expect(assessment.enter(makeAccessToken({ uid, exp: 1e300 })).status).toBe(200);
});

describe('a session that has expired', () => {
  test.each([
    ['by its token', expiredToken, () => undefined],
    ['by the button', token, () => assessment.end(token, 'expire')],
  ])('%s cannot be entered or ended, and leads to the expiry URL', (_, link, expire) => {
    expire();
    const before = [...sent];
    expect(assessment.enter(link).status).toBe(410);
    assessment.returnUrls = { expire: 'http://127.0.0.1/expired' };
    for (const answer of [assessment.enter(link), assessment.end(link, 'finish')]) {
      expect(answer).toMatchObject({ status: 303, headers: { Location: 'http://127.0.0.1/expired' } });
    }
    expect(sent).toEqual(before);
  });
});

describe('whether a token can be entered twice', () => {
  test('it can, before and after its end, and each end sends its events', () => {
    const statuses = [assessment.enter(token), assessment.enter(token)].map(({ status }) => status);
    assessment.end(token, 'finish');
    statuses.push(assessment.enter(token).status);
    assessment.end(token, 'finish');
    expect(statuses).toEqual([200, 200, 200]);
    expect(typesSent().filter((type) => type === 'psychometric_score.complete')).toHaveLength(2);
  });

  test('it cannot if the simulator is told so, and the first applicant can still finish, once', () => {
    assessment.entry = 'once';
    expect([assessment.enter(token).status, assessment.enter(token).status]).toEqual([200, 403]);
    assessment.end(token, 'finish');
    expect([assessment.enter(token).status, assessment.end(token, 'finish').status]).toEqual([403, 403]);
    expect(typesSent()).toHaveLength(2);
    const another = makeAccessToken({ uid, exp, jti: 'another' });
    expect(assessment.enter(another).status).toBe(200);
  });
});

/** A value with the name of its type in the place of each string and number. */
function shapeOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each) => (Object(each) === each ? each : typeof each)));
}
