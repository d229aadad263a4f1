/** What the service reads of an event: nothing that the lender's system decides on. */
export type ReadResult = {
  /** Undefined if it is no string. */
  uid: string | undefined;
  /** As it is in the event; undefined if absent or null. */
  integrationId: unknown;
  /** A documented type, or `other`. */
  eventType: string;
  /** Whether it has the documented shape: a string `uid`, and an object `event` with a string `type`. */
  isReadable: boolean;
};

/** "Webhook events", help centre, read April 2026. */
const eventTypes: readonly unknown[] = [
  'psychometric_score.complete',
  'android_score.complete',
  'ios_score.complete',
  'application.complete',
  'application.expired',
  'application.incomplete',
  'application.cancelled',
];

/** The uids that this service itself sends to Begini: of the rotation's test, and of the doctor's. */
const ownTestUid = /^(ROTCHK[0-9a-f]{32}|DOCTOR[0-9a-f]{20})$/;

/** Reads `{"uid", "integration_id", "event": {"type", "details"}}`, as UTF-8, with or without a byte order mark. */
export function readResult(bytes: Buffer): ReadResult {
  const { uid, integration_id: integrationId, event } = objectOf(parseJson(bytes));
  const { type } = objectOf(event);
  return {
    uid: typeof uid === 'string' ? uid : undefined,
    integrationId: integrationId ?? undefined,
    eventType: eventTypes.includes(type) ? (type as string) : 'other',
    isReadable: typeof uid === 'string' && typeof type === 'string',
  };
}

/** Whether an event is about a session that this service created to test a pair or a stage. */
export function isOwnTest({ uid }: ReadResult): boolean {
  return uid !== undefined && ownTestUid.test(uid);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
