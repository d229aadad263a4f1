import type { Found, Target } from './findings.ts';

/** One line of the doctor. */
export type Check = {
  group: 'stack' | 'secrets' | 'alarms' | 'edge' | 'contract' | 'store' | 'results';
  name: string;
  /** The IAM action without which it cannot run; absent if none is needed. */
  action?: string;
  /** What it asks AWS about, which someone can delete: `the table BeginiSession-Test-Sessions`. */
  resource?: string;
  run(): Promise<Found>;
};

/** A stage, and what to check of it. */
export type Examination = { target: Target; checks: readonly Check[] };
