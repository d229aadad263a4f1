import { readStages, StagesError } from '../../../lib/stages/stages.ts';

/** What `readStages` says about a table of stages: the message of its error, or `accepted`. */
export function messageFor(table: unknown): string {
  try {
    readStages(table);
  } catch (error) {
    if (error instanceof StagesError) return error.message;
    throw error;
  }
  return 'accepted';
}
