import { readStages, StagesError } from '../../../lib/stages/stages.ts';

/** What `readStages` says about a table of stages: the message of its error, or `accepted`. */
export function messageFor(table: unknown, defaultRegion?: string): string {
  try {
    readStages(table, defaultRegion);
  } catch (error) {
    if (error instanceof StagesError) return error.message;
    throw error;
  }
  return 'accepted';
}
