import type { SimulatorResponse } from './begini-faults.ts';
import { assessmentPage, type PageName } from './begini-pages.ts';
import { checkAccessToken, claimsOf } from './begini-token.ts';
import type { WebhookBody } from './begini-webhook.ts';

/** How an applicant can leave the assessment, by the value of the button. */
export type Ending = 'finish' | 'give-up' | 'expire';

/** Where the browser goes after each, as set in the Deployment Centre; without one it stays on a default screen. */
export type ReturnUrls = Partial<Record<Ending, string>>;

/** Whether a token can be entered twice: the vendor does not document it, so both are simulated. */
export const entryModes = {
  again: 'a token can be entered again until its session has expired',
  once: 'a token can be entered only once',
} as const;

export type EntryMode = keyof typeof entryModes;

/** In epoch seconds. */
type Visit = { enteredAt: number; isOver: boolean; hasExpired: boolean };

/** The assessment that the links lead to: who has entered which session, and how it ended. */
export class BeginiAssessment {
  entry: EntryMode = 'again';
  returnUrls: ReturnUrls = {};
  readonly #visits = new Map<string, Visit>();
  readonly #onEvents: (events: WebhookBody[]) => void;

  /** @param onEvents receives the events that the webhook must send when a session ends */
  constructor(onEvents: (events: WebhookBody[]) => void) {
    this.#onEvents = onEvents;
  }

  /** Answers the browser that follows a link. */
  enter(token: string): SimulatorResponse {
    const visit = this.#visits.get(token);
    const refusal = this.#refusalOf(token);
    if (refusal) return refusal;
    if (visit && this.entry === 'once') return assessmentPage('entered');
    if (!visit || visit.isOver) this.#visits.set(token, newVisit());
    return assessmentPage('valid');
  }

  /** Answers a button of the page: sends the session's events, and redirects the browser. */
  end(token: string, ending: string | null): SimulatorResponse {
    const refusal = this.#refusalOf(token);
    if (refusal) return refusal;
    if (!isEnding(ending)) return assessmentPage('unknown');
    const visit = this.#visits.get(token) ?? newVisit();
    if (visit.isOver && this.entry === 'once') return assessmentPage('entered');
    this.#visits.set(token, { ...visit, isOver: true, hasExpired: ending === 'expire' });
    this.#onEvents(eventsOf(ending, token, visit.enteredAt));
    return this.#leave(ending, ending);
  }

  #refusalOf(token: string): SimulatorResponse | undefined {
    const state = this.#visits.get(token)?.hasExpired ? 'expired' : checkAccessToken(token);
    if (state === 'expired') return this.#leave('expire', 'expired');
    return state === 'unknown' ? assessmentPage('unknown') : undefined;
  }

  /** To the return URL, or to the screen that the vendor shows without one. */
  #leave(ending: Ending, screen: PageName): SimulatorResponse {
    const location = this.returnUrls[ending];
    if (location === undefined) return assessmentPage(screen);
    return { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' }, body: '' };
  }
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
const newVisit = (): Visit => ({ enteredAt: nowSeconds(), isOver: false, hasExpired: false });
const isEnding = (text: string | null): text is Ending =>
  text === 'finish' || text === 'give-up' || text === 'expire';

/**
 * The events at the end of a session, by "Webhook Payload Structure & Event Types" (April 14th, 2026). The types and
 * fields are documented; which of them follow which ending, and the texts of reasons, are not.
 */
function eventsOf(ending: Ending, token: string, startedAt: number): WebhookBody[] {
  const { uid, integration_id } = claimsOf(token);
  const now = nowSeconds();
  const started = { application_started_at: startedAt };
  const completed = { ...started, application_completed_at: now };
  const reasons = ['simulated: été / verano'];
  const scored = {
    ...completed,
    scored_at: now,
    platform: 'WEB',
    calculated: {
      score: 612,
      risk_band: 'MEDIUM',
      score_confidence: 'HIGH',
      traits: [{ key: 'simulated/été', value: 50, risk_band: 'MEDIUM' }],
    },
  };
  const events: Record<Ending, WebhookBody['event'][]> = {
    finish: [
      { type: 'application.complete', details: completed },
      { type: 'psychometric_score.complete', details: scored },
    ],
    'give-up': [{ type: 'application.cancelled', details: started, reasons }],
    expire: [
      { type: 'application.incomplete', details: started, reasons },
      { type: 'application.expired', details: started },
    ],
  };
  return events[ending].map((event) => ({ uid, integration_id, event }));
}
