import { createHash, createHmac } from 'node:crypto';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { type MessageContent, md5OfBody } from '../../bin/stand-ins/sqs/message.ts';
import { Queue } from '../../bin/stand-ins/sqs/queue.ts';
import { trueTime } from '../support/virtual-time.ts';
import type { Call, Invariants, Pair } from './invariants.ts';

/** What an event is, and so where it belongs. */
export type EventKind = 'result' | 'unreadable' | 'foreign' | 'own-test';

/** An event of Begini on its way. */
export type Delivery = {
  kind: EventKind;
  body: string;
  /** SHA-256 of the body, hex. */
  id: string;
  /** The pair whose key signed it; `undefined` where that is no pair of the Deployment Centre. */
  pair: Pair | undefined;
  signature: string;
  /** How often Begini sends it again. */
  repeats: number;
};

const dayMs = 86_400_000;
/** A function keeps the labels for a minute, answers within five seconds, and has a clock of its own. */
const latelyMs = 60_000 + 5_000 + 2_000;
/** A key that fits nothing in memory is read again, at most once a second. */
const rereadMs = 1_000 + 2_000;
const afterFailureMs = 36_000;

/** The queues, the lender's consumer, and the rules for events: nothing unsigned in a queue, and 200 means that it is in one. */
export class Deliveries {
  readonly queues: { results: Queue; dead: Queue; setAside: Queue };
  readonly previousKeyDays: number;
  readonly #watch: Invariants;
  readonly #sent = new Map<string, Delivery>();
  /** The ids of what each queue has ever accepted. */
  readonly #stored = { results: new Set<string>(), setAside: new Set<string>() };
  /** Ids of ordinary results that Begini was told 200 for. */
  readonly #acknowledged = new Set<string>();
  /** What the lender's consumer has committed. */
  readonly #committed = new Set<string>();
  /** Since when a version is marked as compromised and not in use. */
  #compromised: { id: string; since: number } | undefined;
  #serial = 0;

  constructor(watch: Invariants, previousKeyDays: number) {
    this.#watch = watch;
    this.previousKeyDays = previousKeyDays;
    const dead = new Queue('dead', trueTime);
    const redrive = { deadLetterQueue: dead, maxReceiveCount: 10 };
    this.queues = {
      dead,
      results: new Queue('results', trueTime, redrive),
      setAside: new Queue('set-aside', trueTime),
    };
  }

  /** An event that Begini makes: no two have the same bytes. */
  make(kind: EventKind, signer: Pair | 'UNSET' | 'nobody', repeats: number): Delivery {
    this.#serial += 1;
    const pair = typeof signer === 'string' ? undefined : signer;
    const integration_id =
      kind === 'foreign' ? 'integration-of-another' : (pair?.integrationId ?? 'integration-1');
    const uid = kind === 'own-test' ? `ROTCHK${'0'.repeat(32)}` : `planted-uid-${this.#serial}`;
    const event = { type: 'psychometric_score.complete', details: { serial: this.#serial } };
    const body =
      kind === 'unreadable' ? `planted-uid ${this.#serial}` : JSON.stringify({ uid, integration_id, event });
    const key = pair?.apiKey ?? (signer === 'UNSET' ? 'UNSET' : 'planted-key-of-nobody');
    const signature = createHmac('sha512', key).update(body).digest('hex');
    const id = createHash('sha256').update(body).digest('hex');
    const delivery = { kind, body, id, pair, signature, repeats };
    this.#sent.set(id, delivery);
    return delivery;
  }

  labelsMayHaveMoved(marked: string | undefined): void {
    const isCounted = marked !== undefined && marked !== this.#watch.pairs.at(-1)?.id;
    if (!isCounted) this.#compromised = undefined;
    else if (this.#compromised?.id !== marked) this.#compromised = { id: marked, since: trueTime() };
  }

  /** SendMessage took effect. @returns what SQS answers */
  stored(queueName: 'results' | 'setAside', content: MessageContent): object {
    const message = this.queues[queueName].send(content);
    const id = content.attributes.id?.StringValue ?? '';
    const delivery = this.#sent.get(id);
    if (delivery?.body !== content.body)
      this.#watch.violated('a queue has a message that Begini did not send');
    if (!delivery?.pair || !this.#isAcceptable(delivery.pair))
      this.#watch.violated('a queue has an event that no key in use has signed');
    if (delivery && delivery.kind !== 'result' && queueName === 'results')
      this.#watch.violated(`an event that is ${delivery.kind} is among the results`);
    if (delivery?.kind === 'own-test') this.#watch.violated('a queue has an event of our own tests');
    this.#stored[queueName].add(id);
    return { MessageId: message.id, MD5OfMessageBody: md5OfBody(content.body) };
  }

  /** The rules of an answer. @returns whether Begini sends the event again */
  answered(call: Call, delivery: Delivery, answer: APIGatewayProxyResult | undefined): boolean {
    if (call.hasDied || answer === undefined) return true;
    const { statusCode, headers = {}, body } = answer;
    const queues = (['results', 'setAside'] as const).filter((name) => this.#stored[name].has(delivery.id));
    if (statusCode === 200) {
      if (body !== '{}') this.#watch.violated('200 without {}');
      const expected = { result: 'results', unreadable: 'setAside', foreign: 'setAside', 'own-test': '' };
      if (queues.join() !== expected[delivery.kind])
        this.#watch.violated(`200 for an event in ${queues.join(' and ') || 'no queue'}`);
      if (delivery.kind === 'result') this.#acknowledged.add(delivery.id);
      return false;
    }
    const { code } = JSON.parse(body) as { code: string };
    const known = ['401 signature_invalid', '503 results_unavailable', '503 secrets_unavailable'];
    if (!known.includes(`${statusCode} ${code}`))
      this.#watch.violated(`an event was answered with ${statusCode} ${code}`);
    if (statusCode === 503 && !headers['Retry-After']) this.#watch.violated('503 without Retry-After');
    const { failedAt } = this.#watch;
    const hasFailed = Math.max(failedAt.secrets, failedAt.queues) > call.receivedAt - afterFailureMs;
    if (!hasFailed && delivery.pair && this.#isInUse(delivery.pair, call.receivedAt))
      this.#watch.violated(`a signed event was refused: ${code}`);
    return true;
  }

  /** The lender's consumer takes what is there; it can die before or after its commit. */
  consume(fate: 'lives' | 'dies-before-commit' | 'dies-after-commit'): void {
    for (const { message, receiptHandle } of this.queues.results.receive(10)) {
      if (fate === 'dies-before-commit') return;
      this.#committed.add(message.attributes.id?.StringValue ?? '');
      if (fate === 'dies-after-commit') return;
      this.queues.results.delete(receiptHandle);
    }
  }

  /** At the end: each result that Begini was told 200 for is with the lender, or waits in a queue. */
  ended(): void {
    const { results, dead } = this.queues;
    const waiting = new Set(
      [...results.messages, ...dead.messages].map(({ attributes }) => attributes.id?.StringValue),
    );
    for (const id of this.#acknowledged) {
      if (!this.#committed.has(id) && !waiting.has(id)) this.#watch.violated('a result was lost after 200');
    }
  }

  /** Whether a key may have verified an event within the last minute. */
  #isAcceptable(pair: Pair): boolean {
    const since = trueTime() - latelyMs;
    const value = JSON.stringify(pair);
    return this.#watch.pairs.some((used, index, all) => {
      if (used.value !== value) return false;
      const next = all[index + 1];
      if (!next || next.at >= since) return true;
      const afterNext = all[index + 2];
      if (afterNext && afterNext.at < since) return false;
      const isOld = since > this.#watch.storedAt(next.id) + this.previousKeyDays * dayMs;
      const isMarked = this.#compromised?.id === used.id && this.#compromised.since < since;
      return !isOld && !isMarked;
    });
  }

  /** Whether a key has been in use for so long that no function can refuse it. */
  #isInUse(pair: Pair, receivedAt: number): boolean {
    const used = this.#watch.pairs.at(-1);
    return used?.value === JSON.stringify(pair) && used.at < receivedAt - rereadMs;
  }
}
