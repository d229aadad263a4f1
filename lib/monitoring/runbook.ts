/** The runbookArticles under "Operations" in README.md, each the heading of one: what an alarm sends its reader to. */
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
  rotationFailed: 'The rotation failed or is overdue',
  launchKeyRotationFailed: 'The launch key was not renewed',
  credentialsChanged: 'The credentials were changed',
} as const;

/** The heading of an article. */
export type Article = (typeof runbookArticles)[keyof typeof runbookArticles];

/** What an alarm's description says: its meaning, then where to read on. */
export function describeAlarm(meaning: string, article: Article): string {
  return `${meaning} What to do: README.md, Operations, "${article}".`;
}
