import type { Stage } from '../../lib/stages/stages.ts';

/** What decides when the previous key verifies no result any more; times in epoch milliseconds. */
export type Renewal = {
  results: Stage['results'];
  isCompromised: boolean;
  /** Before the new version was made. */
  startedAt: number;
  passedAt: number;
};

/** The receiver of results reads the labels at least this often, and refuses instead of using older ones. */
const labelsReadMs = 60_000;
const dayMs = 86_400_000;

/** What the operator reads after PASS: until when results signed with the previous key are accepted. */
export function afterPass({ results, isCompromised, startedAt, passedAt }: Renewal): string {
  if (!results) {
    return "Next: give the new API key to the receiver of Begini's webhooks, which verifies signatures with it.";
  }
  if (isCompromised || results.previousKeyDays === 0) {
    const end = new Date(passedAt + labelsReadMs + 999).toISOString().slice(0, 19).replace('T', ' ');
    return `No result signed with the previous key is accepted after ${end} UTC. Remembered sessions still open.`;
  }
  // Rounded down, from the earlier moment: they are accepted a little longer.
  const end = new Date(startedAt + results.previousKeyDays * dayMs).toISOString().slice(0, 16);
  return `Results signed with the previous key are accepted until ${end.replace('T', ' ')} UTC. Nothing is left to do.`;
}
