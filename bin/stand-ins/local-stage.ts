// Separate from local-service.ts: the rotation command needs these, but not the whole service.
import { UsageError } from '../deployed/usage-error.ts';

/** The one stage of the local service. */
export const localStage = {
  name: 'Test',
  path: 'test',
  environment: 'test',
  results: { previousKeyDays: 7 },
} as const;

/** The name of the local stage's secret. */
export const localSecretName = 'begini-session/test/credentials';

/** The name of the local stage's table of sessions. */
export const localTableName = 'begini-session-test-sessions';

/** The names of the local stage's queues. */
export const localQueueNames = {
  results: 'begini-session-test-results',
  dead: 'begini-session-test-results-dead',
  setAside: 'begini-session-test-results-set-aside',
} as const;

/** The API key of the only loan app of the local service. */
export const localApiKey = 'local-loan-app';

const defaultPort = 3000;

/** The gateway's port from the variable PORT: 3000 if it is not set. @throws UsageError */
export function readPort(text: string | undefined): number {
  const port = Number(text || defaultPort);
  if (Number.isInteger(port) && port >= 1 && port <= 65_531) return port;
  throw new UsageError(
    `PORT must be a whole number from 1 to 65531, for it and the four after it; it is "${text}"`,
  );
}
