/** Where the articles are, from the root of the repository. */
export const runbookFile = '.github/RUNBOOK.md';

/** An article of the runbook, and how urgent its alarm is: wake someone, or look at it on the next working day. */
export type Article = { heading: string; severity: 'page' | 'ticket' };

const page = (heading: string): Article => ({ heading, severity: 'page' });
const ticket = (heading: string): Article => ({ heading, severity: 'ticket' });

/** The articles that alarms refer to. */
export const runbookArticles = {
  credentialsRefused: page('Begini refuses our credentials'),
  credentialsNotSet: page('The credentials are not set'),
  fastBurn: page('The error budget burns fast'),
  slowBurn: ticket('The error budget burns slowly'),
  slowHandOffs: ticket('Hand-offs are slow'),
  callersRefused: ticket('Callers are refused'),
  applicantsRefused: page('Begini refuses every applicant'),
  linksInvalid: ticket('Launch links do not open'),
  callersThrottled: ticket('Callers are throttled'),
  functionsThrottled: page('Functions are throttled'),
  functionErrors: page('A function crashes or runs out of time'),
  internalErrors: page('The service has a defect'),
  storeUnavailable: ticket('Sessions are not remembered'),
  rotationFailed: ticket('The rotation failed or is overdue'),
  launchKeyRotationFailed: ticket('The launch key was not renewed'),
  resultsRefused: page('Results are refused'),
  resultsUnavailable: page('Results cannot be stored'),
  resultsNotTaken: ticket('Nobody takes results'),
  resultsExpire: page('Results are about to be lost'),
  resultsDead: ticket('Results are dead or set aside'),
  noResults: ticket('Hand-offs but no result'),
  credentialsChanged: page('The credentials were changed'),
} as const;

/** What an alarm is called: `BeginiSession-Production page: Begini refuses our credentials`. */
export function nameAlarm(stackName: string, { heading, severity }: Article): string {
  return `${stackName} ${severity}: ${heading}`;
}

/** What decides which alarms a stage has. */
type AlarmedStage = { resume: boolean; launchLinks: boolean; results: false | object };

/** The articles of the alarms that a stage has: without a table, launch links or results, some alarms are absent. */
export function articlesOf({ resume, launchLinks, results }: AlarmedStage): Article[] {
  const {
    credentialsChanged: _anEventAndNoAlarm,
    storeUnavailable,
    launchKeyRotationFailed,
    linksInvalid,
    resultsRefused,
    resultsUnavailable,
    resultsNotTaken,
    resultsExpire,
    resultsDead,
    noResults,
    ...always
  } = runbookArticles;
  return [
    ...Object.values(always),
    ...(resume ? [storeUnavailable] : []),
    ...(launchLinks ? [launchKeyRotationFailed, linksInvalid] : []),
    ...(results
      ? [resultsRefused, resultsUnavailable, resultsNotTaken, resultsExpire, resultsDead, noResults]
      : []),
  ];
}

/**
 * What an alarm says: its meaning, then the file and the heading of its article.
 * @param runbookUrl where operators read the file; if absent, the text has no address
 */
export function describeAlarm(meaning: string, { heading }: Article, runbookUrl?: string): string {
  const address = runbookUrl === undefined ? '' : ` ${runbookUrl}#${anchorOf(heading)}`;
  return `${meaning} What to do: ${runbookFile}, "${heading}".${address}`;
}

/** The anchor that GitHub and GitLab give a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}
