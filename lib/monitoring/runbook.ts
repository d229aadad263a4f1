/** Where the articles are, from the root of the repository. */
export const runbookFile = '.github/RUNBOOK.md';

/** The articles of the runbook that an alarm sends its reader to, each by its heading. */
export const runbookArticles = {
  credentialsRefused: 'Begini refuses our credentials',
  credentialsNotSet: 'The credentials are not set',
  fastBurn: 'The error budget burns fast',
  slowBurn: 'The error budget burns slowly',
  slowHandOffs: 'Hand-offs are slow',
  callersThrottled: 'Callers are throttled',
  functionsThrottled: 'Functions are throttled',
  functionErrors: 'A function crashes or runs out of time',
  internalErrors: 'The service has a defect',
  storeUnavailable: 'Sessions are not remembered',
  rotationFailed: 'The rotation failed or is overdue',
  launchKeyRotationFailed: 'The launch key was not renewed',
  credentialsChanged: 'The credentials were changed',
} as const;

/** The heading of an article. */
export type Article = (typeof runbookArticles)[keyof typeof runbookArticles];

/** What an alarm's description says: its meaning, then the file and the heading of its article. */
export function describeAlarm(meaning: string, article: Article): string {
  return `${meaning} What to do: ${runbookFile}, "${article}".`;
}
