/** Where the articles are, from the root of the repository. */
export const runbookFile = '.github/RUNBOOK.md';

/** What decides which alarms a stage has. */
type AlarmedStage = { resume: boolean; launchLinks: boolean; results: false | object };

/** An article of the runbook, and how urgent its alarm is: wake someone, or look at it on the next working day. */
export interface Article {
  heading: string;
  severity: 'page' | 'ticket';
  /** The setting without which a stage does not have the alarm. */
  needs?: keyof AlarmedStage | undefined;
}

const page = (heading: string, needs?: Article['needs']): Article => ({ heading, severity: 'page', needs });
const ticket = (heading: string, needs?: Article['needs']): Article => ({
  heading,
  severity: 'ticket',
  needs,
});

/** The articles that alarms refer to. */
export const runbookArticles = {
  credentialsRefused: page('Begini refuses our credentials'),
  credentialsNotSet: page('The credentials are not set'),
  fastBurn: page('The error budget burns fast'),
  slowBurn: ticket('The error budget burns slowly'),
  slowHandOffs: ticket('Hand-offs are slow'),
  callersRefused: ticket('Callers are refused'),
  applicantsRefused: page('Begini refuses every applicant'),
  callersThrottled: ticket('Callers are throttled'),
  functionsThrottled: page('Functions are throttled'),
  functionErrors: page('A function crashes or runs out of time'),
  internalErrors: page('The service has a defect'),
  rotationFailed: ticket('The rotation failed or is overdue'),
  storeUnavailable: ticket('Sessions are not remembered', 'resume'),
  launchKeyRotationFailed: ticket('The launch key was not renewed', 'launchLinks'),
  linksInvalid: ticket('Launch links do not open', 'launchLinks'),
  resultsRefused: page('Results are refused', 'results'),
  resultsUnavailable: page('Results cannot be stored', 'results'),
  resultsNotTaken: ticket('Nobody takes results', 'results'),
  resultsExpire: page('Results are about to be lost', 'results'),
  resultsDead: ticket('Results are dead or set aside', 'results'),
  noResults: ticket('Hand-offs but no result', 'results'),
  credentialsChanged: page('The credentials were changed'),
} as const;

/** What an alarm is called: `BeginiSession-Production page: Begini refuses our credentials`. */
export function nameAlarm(stackName: string, { heading, severity }: Article): string {
  return `${stackName} ${severity}: ${heading}`;
}

/** The articles of the alarms that a stage has. */
export function articlesOf(stage: AlarmedStage): Article[] {
  const { credentialsChanged: _anEventAndNoAlarm, ...alarms } = runbookArticles;
  return Object.values(alarms).filter(({ needs }) => !needs || stage[needs]);
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
