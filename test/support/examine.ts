import type { Check } from '../../bin/doctor/check.ts';
import { putIntoWords, type Target } from '../../bin/doctor/findings.ts';
import { type Limits, runChecks } from '../../bin/doctor/run-checks.ts';

/** The stage that checks are of. */
export const target: Target = {
  stage: { name: 'Demo', environment: 'production' },
  account: '111122223333',
  region: 'eu-central-1',
  address: 'https://abcde12345.execute-api.eu-central-1.amazonaws.com/demo',
  deploy: 'npx cdk deploy BeginiSession-Demo',
  rotate: 'npm run rotate -- --stage demo',
  restore: 'Read "Undo a change by hand" in .github/RUNBOOK.md.',
  awsCli: 'aws --region eu-central-1',
};

/** Runs checks: what each found, as a value and in words. */
export async function examine(checks: readonly Check[], limits?: Limits) {
  const findings = await runChecks(checks, () => undefined, limits);
  return findings.map(({ found, ...check }) => ({ ...check, ...found, ...putIntoWords(found, target) }));
}
