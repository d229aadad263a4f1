import { homedir } from 'node:os';
import { join } from 'node:path';
import { readStages, type Stage, StagesError } from '../../lib/stages/stages.ts';
import { readJsonFile } from './read-json.ts';
import { UsageError } from './usage-error.ts';

const cdkJson = new URL('../../cdk.json', import.meta.url);

/**
 * Finds a row of the stages table by its name, in upper or lower case. The table is read as `cdk` reads it: from
 * cdk.json, then cdk.context.json beside it, then ~/.cdk.json (`user-configuration.ts` of the CDK CLI, read November
 * 2026).
 * @param file another file than the project's cdk.json
 * @throws UsageError if there is no such row, the table has mistakes, or a file is not JSON.
 */
export async function findStage(
  name: string,
  file: string | URL = cdkJson,
  home: string = homedir(),
): Promise<Stage> {
  const project = fieldOf(await readJsonFile(file), 'context');
  const context = await readJsonFile(beside(file, 'cdk.context.json'));
  const user = fieldOf(await readJsonFile(join(home, '.cdk.json')), 'context');
  const tables = [user, context, project].map((bag) => fieldOf(bag, 'stages'));
  const stages = readTable(tables.reduce(merge));
  const stage = stages.find(({ path }) => path === name.toLowerCase());
  if (stage) return stage;
  throw new UsageError(
    `There is no such stage in cdk.json; use ${stages.map((row) => row.name).join(', ')}.`,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fieldOf = (value: unknown, name: string) => (isObject(value) ? value[name] : undefined);

const beside = (file: string | URL, name: string) =>
  file instanceof URL ? new URL(name, file) : join(file, '..', name);

/** What takes precedence replaces values and lists, and adds to objects. */
function merge(lower: unknown, higher: unknown): unknown {
  if (higher === undefined) return lower;
  if (!isObject(lower) || !isObject(higher)) return higher;
  const merged = { ...lower };
  for (const [name, value] of Object.entries(higher)) merged[name] = merge(lower[name], value);
  return merged;
}

function readTable(context: unknown): Stage[] {
  try {
    return readStages(context);
  } catch (error) {
    if (error instanceof StagesError) throw new UsageError(error.message);
    throw error;
  }
}
