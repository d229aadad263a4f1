import { readFile } from 'node:fs/promises';
import { readStages, type Stage, StagesError } from '../../lib/stages/stages.ts';
import { UsageError } from './usage-error.ts';

const cdkJson = new URL('../../cdk.json', import.meta.url);

/**
 * Finds a row of the stages table in cdk.json by its name, in upper or lower case.
 * @param file another file than the project's cdk.json
 * @throws UsageError if there is no such row, or the table has mistakes.
 */
export async function findStage(name: string, file: string | URL = cdkJson): Promise<Stage> {
  const { context } = JSON.parse(await readFile(file, 'utf8'));
  const stages = readTable(context?.stages);
  const stage = stages.find(({ path }) => path === name.toLowerCase());
  if (stage) return stage;
  throw new UsageError(
    `There is no such stage in cdk.json; use ${stages.map((row) => row.name).join(', ')}.`,
  );
}

function readTable(context: unknown): Stage[] {
  try {
    return readStages(context);
  } catch (error) {
    if (error instanceof StagesError) throw new UsageError(error.message);
    throw error;
  }
}
