import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Verdict } from '../../bin/rotate/verdicts.ts';
import type { Secret } from '../../bin/stand-ins/secrets-manager/secret-store.ts';
import { beginiOrigins } from '../../functions/begini/origins.ts';
import { problems } from '../../functions/errors.ts';
import { securityHeaders } from '../../functions/http/security-headers.ts';
import { decodeBase62 } from '../../functions/launch-links/base62.ts';
import { sessionKey } from '../../functions/session-store/sealed-session.ts';
import { trueTime } from '../support/virtual-time.ts';

export type Pair = { apiKey: string; integrationId: string };
export type Host = 'vendor' | 'secrets' | 'table' | 'queues';
/** A launch link that a caller was given. */
export type Link = { token: string; uid: string; keyId: string; expiresAt: number };

/** A request to the stage, and what it met. */
export type Call = {
  route: 'session' | 'link' | 'page' | 'tap' | 'event';
  uid: string;
  link?: Link | undefined;
  wantsJson?: boolean;
  expiresIn?: number;
  receivedAt: number;
  /** When the function must have answered; known once it is invoked. */
  deadline: number;
  /** Whose calls failed for it. */
  failed: Set<Host>;
  hasDied: boolean;
  /** Sessions that the vendor created for it. */
  sessions: number;
  /** Whether the vendor lost an answer so early that the connection could have been dead before. */
  mayRepeat: boolean;
};

/** How a run of the operator's command ended; `isAlone` where no other run had the same pair. */
type Operated = {
  pair: Pair;
  startedAt: number;
  isAlone: boolean;
  ended: Verdict | 'failed' | 'killed' | undefined;
};
type Promotion = { id: string; value: string; at: number };
/** Where an applicant was led, and until when that holds. */
type Place = { location: string; until: number; pairs: string[] };
type Answer = { statusCode: number; location?: string; code?: string };

/** Keys and uids are planted; `eyJhbG` begins every access token, and 64 hex digits are a launch key or part of a signature. */
const planted = /planted-|eyJhbG|[0-9a-f]{64}/;
const cacheMs = 6 * 60_000;
const rereadMs = 5_000;
const refusedMs = 15_000;
const afterFailureMs = 36_000;
/** Clocks of functions differ by so much at most. */
const clockMs = 2_000;
const shortestLifeMs = 60_000;

/** The model: what the world has seen, as plain data, and the rules that hold at every moment. */
export class Invariants {
  readonly violations: string[] = [];
  /** The pairs that came into use, the first one first. */
  readonly pairs: Promotion[] = [];
  /** When a call of each host last failed. */
  readonly failedAt: Record<Host, number> = { vendor: 0, secrets: 0, table: 0, queues: 0 };
  readonly links: Link[] = [];
  successes = 0;
  readonly #credentials: Secret;
  readonly #launchKey: Secret;
  readonly #uidRefKey: string;
  readonly #keys: Promotion[] = [];
  /** The pair that each rotation was started for. */
  readonly #rotations = new Map<string, string>();
  /** When each applicant was asked for. */
  readonly #askedAt = new Map<string, number[]>();
  /** When the vendor last gave a good answer to the probe of a pair, and when it last refused one. */
  readonly #testedAt = new Map<string, number>();
  readonly #refusedAt = new Map<string, number>();
  /** Until when the vendor takes a pair. */
  readonly #accepted = new Map<string, number>();
  readonly #places = new Map<string, Place>();
  readonly #overwrittenAt = new Map<string, number>();
  /** Whom a token lets in, and the pairs that it was created with: more than one where the vendor repeats it. */
  readonly #owners = new Map<string, { uid: string; pairs: string[]; until: number }>();

  constructor(given: { uidRefKey: string; credentials: Secret; launchKey: Secret }) {
    this.#uidRefKey = given.uidRefKey;
    this.#credentials = given.credentials;
    this.#launchKey = given.launchKey;
    this.labelsMayHaveMoved();
    const [first] = this.pairs;
    this.#accepted.set(first?.value ?? '', Number.POSITIVE_INFINITY);
  }

  violated(rule: string): void {
    this.violations.push(rule);
  }

  begin(uid: string) {
    this.#askedAt.set(uid, [...(this.#askedAt.get(uid) ?? []), trueTime()]);
    const none = { failed: new Set<Host>(), hasDied: false, sessions: 0, mayRepeat: false };
    return { ...none, receivedAt: trueTime(), deadline: Number.POSITIVE_INFINITY };
  }

  failed(host: Host, call: Call | undefined): void {
    this.failedAt[host] = trueTime();
    call?.failed.add(host);
  }

  vendorChanged(pair: Pair, overlapMs: number): void {
    const diesAt = trueTime() + overlapMs;
    for (const [old, at] of this.#accepted) this.#accepted.set(old, Math.min(at, diesAt));
    this.#accepted.set(textOf(pair), Number.POSITIVE_INFINITY);
  }

  /** Whether the vendor takes the pair in use. */
  get isPairGood(): boolean {
    return (this.#accepted.get(this.pairs.at(-1)?.value ?? '') ?? 0) > trueTime();
  }

  /** When a version with a pair was stored. */
  storedAt(versionId: string): number {
    return this.#credentials.versions.get(versionId)?.createdAt.getTime() ?? 0;
  }

  /** A pair in use was tested after it was stored. */
  labelsMayHaveMoved(): void {
    const pair = promoted(this.#credentials, this.pairs);
    if (pair) {
      const wasTested = (this.#testedAt.get(pair.value) ?? 0) >= this.storedAt(pair.id);
      const isFirst = this.pairs.length === 0;
      if (!isFirst && !wasTested) this.violated('a pair came into use that was not tested');
      if (!isFirst && this.#rotations.get(pair.id) !== pair.value)
        this.violated('a rotation used a pair of another one');
      if (this.#credentials.versionIdsByLabel.get('BEGINI_NEXT') === pair.id) {
        this.violated('a pair came into use that could still be withdrawn');
      }
      this.pairs.push(pair);
    }
    for (const [secret, promotions] of [
      [this.#credentials, this.pairs],
      [this.#launchKey, this.#keys],
    ] as const) {
      for (const { id, value } of promotions.slice(-2)) {
        if (secret.versions.get(id)?.value !== value)
          this.violated('the value of a version in use has changed');
      }
    }
    const key = promoted(this.#launchKey, this.#keys);
    if (key) this.#keys.push(key);
  }

  rotationStarted(token: string, pair: Pair): void {
    this.#rotations.set(token, textOf(pair));
  }

  /** A session call as the vendor saw it. */
  sessionCall(seen: {
    pair: Pair;
    uid: string;
    accepted: boolean;
    call: Call | undefined;
    isClean: boolean;
    sent: { status: number; body: string };
  }): void {
    const { uid, call, sent } = seen;
    const pair = textOf(seen.pair);
    const isProbe = uid.startsWith('ROTCHK');
    if (uid !== call?.uid && !isProbe) this.violated('the vendor was asked for another uid');
    const isRefused = sent.status === 401 || sent.status === 403;
    if (isRefused) this.#refusedAt.set(pair, trueTime());
    if (isRefused || !seen.accepted) return;
    if (isProbe && seen.isClean) this.#testedAt.set(pair, trueTime());
    if (call) call.sessions += 1;
    const token = parse(sent.body).access_token;
    if (typeof token !== 'string') return;
    const claims = parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    // Where it repeats the first token for a uid, that one may be of another integration.
    if ((claims.integration_id ?? seen.pair.integrationId) !== seen.pair.integrationId)
      this.failed('vendor', call);
    const until = typeof claims.exp === 'number' ? claims.exp * 1_000 : trueTime() + 24 * 3_600_000;
    const pairs = [...(this.#owners.get(token)?.pairs ?? []), pair];
    this.#owners.set(token, { uid: String(claims.uid ?? uid), pairs, until });
  }

  /** Log lines, and what an operator reads. */
  written(text: string): void {
    const isSecret = planted.test(text) || this.links.some(({ token }) => text.includes(token));
    if (isSecret) this.violated(`a secret was written: ${text}`);
  }

  /** What is sent to the table. */
  stored(body: string): void {
    const [, session = ''] = /"B":"([^"]+)"/.exec(body) ?? [];
    const sealed = Buffer.from(session, 'base64').toString('latin1');
    if (/planted-|eyJhbG/.test(body + sealed)) this.violated('a secret was stored in clear');
  }

  /** The key of an applicant's row under an integration. */
  rowOf = (uid: string, integrationId = 'integration-1'): string =>
    sessionKey(uid, integrationId, this.#uidRefKey);

  /** Somebody else has written an applicant's row. */
  overwritten(uid: string): void {
    this.#overwrittenAt.set(uid, trueTime());
    for (const name of this.#places.keys()) if (name.startsWith(`${uid} `)) this.#places.delete(name);
  }

  answered(call: Call, answer: APIGatewayProxyResult | undefined): void {
    if (call.hasDied) return;
    if (answer === undefined) {
      this.violated('a request was not answered');
      return;
    }
    if (trueTime() > call.deadline) this.violated(`an answer came ${trueTime() - call.deadline} ms too late`);
    const given = this.#checkContract(call, answer);
    if (given.code === undefined) this.successes += 1;
    if (call.sessions > (call.mayRepeat ? 2 : 1)) this.violated('one request created two sessions');
    this.#checkRefusal(call, given);
    this.#checkSuccess(call, given);
    this.#checkLink(call, given);
    if (given.location !== undefined) this.#checkPlace(call, given.location);
  }

  /** Ends of the operator's command: undefined is PASS, a verdict FAIL with the pair in use unchanged. */
  operated({ pair, startedAt, isAlone, ended }: Operated): void {
    const isPromoted = this.pairs.slice(1).some(({ value, at }) => value === textOf(pair) && at >= startedAt);
    if (ended === undefined && !isPromoted) this.violated('PASS for a pair that did not come into use');
    if (typeof ended === 'object' && isPromoted && isAlone)
      this.violated(`FAIL for a pair that came into use: ${ended.reason}`);
  }

  #checkContract(call: Call, { statusCode, headers = {}, body }: APIGatewayProxyResult): Answer {
    const { Location, 'Content-Type': contentType = '', ...others } = headers as Record<string, string>;
    const { url, code, ...rest } = contentType.includes('json') ? parse(body) : { body };
    this.written(JSON.stringify([others, code, rest]));
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (headers[name] !== value) this.violated(`an answer without ${name}`);
    }
    if (call.route === 'link' && statusCode === 201) {
      this.#keepLink(call, String(url));
      return { statusCode };
    }
    if (statusCode === 302 || statusCode === 201) {
      const location = Location ?? String(url);
      this.#checkLocation(call, location);
      return { statusCode, location };
    }
    if (call.route === 'page' && statusCode === 200) return { statusCode };
    const known = Object.entries(problems).filter(([, problem]) => problem.statusCode === statusCode);
    const isProblem = contentType === 'application/problem+json';
    const isInContract = isProblem
      ? known.some(([each]) => each === code)
      : known.length > 0 && contentType.startsWith('text/html');
    if (!isInContract || statusCode === 500)
      this.violated(`an answer outside the contract: ${statusCode} ${code}`);
    if (statusCode === 503 && !(Number(headers['Retry-After']) >= 1))
      this.violated('503 without Retry-After');
    return { statusCode, code: String(code) };
  }

  #checkLocation(call: Call, location: string): void {
    const [, token = ''] = location.split(`${beginiOrigins.assessment}/`);
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) this.violated('Location leads elsewhere');
    if (this.#owners.get(token)?.uid !== call.uid)
      this.violated("Location leads to another applicant's session");
  }

  #keepLink(call: Call, url: string): void {
    const [base, token = ''] = url.split('/launch/');
    if (base !== 'https://stage.example/simulated') this.violated('a link leads elsewhere');
    const keyId = decodeBase62(token)?.toString('hex', 1, 5) ?? '';
    const expiresAt = call.receivedAt + (call.expiresIn ?? 86_400) * 1_000;
    this.links.push({ token, uid: call.uid, keyId, expiresAt });
  }

  /** While Secrets Manager answers, from a second after a pair came into use nobody is refused for the one before. */
  #checkRefusal(call: Call, { code }: Answer): void {
    if (code !== 'credentials_refused') return;
    const lately = call.receivedAt - refusedMs - clockMs;
    const [current] = this.pairs.filter(({ at }) => at <= call.receivedAt).slice(-1);
    const isRecent = this.pairs.some(
      ({ at }) => at > call.receivedAt - 1_000 && at > (this.pairs[0]?.at ?? 0),
    );
    const wasRefused = (this.#refusedAt.get(current?.value ?? '') ?? 0) > lately;
    const haveFailed = this.failedAt.secrets > call.receivedAt - 1_000 || this.failedAt.vendor > lately;
    if (!isRecent && !wasRefused && !haveFailed)
      this.violated('a request was refused for a pair that is not in use');
  }

  /** Where nothing fails, the pair in use is good and nobody else asks for this uid, the applicant is led to a session. */
  #checkSuccess(call: Call, { code }: Answer): void {
    if (call.route !== 'session' || code === undefined || code === 'rejected_by_vendor') return;
    const current = this.pairs.at(-1) as Promotion;
    const lately = call.receivedAt - afterFailureMs;
    const askedAt = this.#askedAt.get(call.uid) ?? [];
    const isAlone = askedAt.filter((at) => at > lately).length === 1;
    const failures = [...Object.values(this.failedAt), this.#overwrittenAt.get(call.uid) ?? 0];
    const hasFailed = failures.some((at) => at > lately);
    const isGood =
      this.isPairGood && current.at < lately && (this.#refusedAt.get(current.value) ?? 0) < lately;
    if (isAlone && isGood && !hasFailed) this.violated(`${code} though nothing stood in the way`);
  }

  /** While Secrets Manager answers, a link opens until its key was renewed twice, and no longer than six minutes after. */
  #checkLink({ link, receivedAt }: Call, { statusCode }: Answer): void {
    if (!link) return;
    const index = this.#keys.findIndex(({ id }) => id.startsWith(link.keyId));
    const madeAt = this.#keys[index]?.at ?? 0;
    const endedAt = this.#keys[index + 2]?.at;
    const failedAt = this.failedAt.secrets;
    const hasOpened = [200, 302, 410].includes(statusCode);
    if (endedAt !== undefined && receivedAt - Math.max(endedAt, failedAt) > cacheMs + clockMs && hasOpened) {
      this.violated('a link opened whose key was renewed twice');
    }
    const isSettled = receivedAt - madeAt > rereadMs + clockMs && receivedAt - failedAt > afterFailureMs;
    if (endedAt === undefined && isSettled && statusCode === 403) {
      this.violated('a link did not open though its key is the current or the previous one');
    }
    if (statusCode === 410 && receivedAt < link.expiresAt - clockMs) this.violated('a link expired early');
    if ([200, 302].includes(statusCode) && receivedAt > link.expiresAt + clockMs)
      this.violated('a link opened late');
  }

  /** Where nothing stood in the way, all answers for one uid lead to the same place while it lives. */
  #checkPlace(call: Call, location: string): void {
    if (call.failed.has('table') || call.failed.has('secrets')) return;
    if (call.receivedAt - this.failedAt.secrets < afterFailureMs) return;
    if (call.receivedAt <= (this.#overwrittenAt.get(call.uid) ?? 0)) return;
    const { pairs, until } = this.#owners.get(location.split('/').at(-1) ?? '') ?? { pairs: [], until: 0 };
    const name = `${call.uid} ${parse(pairs.at(-1) ?? '').integrationId}`;
    const place = this.#places.get(name);
    const isAlive = place && trueTime() < place.until - shortestLifeMs - clockMs;
    if (isAlive && this.#open(place.pairs) && place.location !== location) {
      this.violated('two answers for one uid led to two places');
    }
    this.#places.set(name, { location, until, pairs });
  }

  /** Whether every version with one of these pairs is the current or the previous one. */
  #open(pairs: string[]): boolean {
    return this.pairs.every(({ value }, index) => !pairs.includes(value) || index >= this.pairs.length - 2);
  }
}

const textOf = ({ apiKey, integrationId }: Pair): string => JSON.stringify({ apiKey, integrationId });

/** The version in use, where it is another than the last one seen. */
function promoted(secret: Secret, before: Promotion[]): Promotion | undefined {
  const id = secret.versionIdsByLabel.get('AWSCURRENT') ?? '';
  if (before.at(-1)?.id === id) return undefined;
  return { id, value: secret.versions.get(id)?.value ?? '', at: trueTime() };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
