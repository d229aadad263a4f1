import type { Stage } from '../../lib/stages/stages.ts';
import { UsageError } from '../deployed/usage-error.ts';

/**
 * Makes sure that a production stage is meant: its name must be typed, or be given on the command line.
 * @param ask absent if no person is at the terminal
 * @throws UsageError
 */
export async function confirmStage(
  { name, environment }: Pick<Stage, 'name' | 'environment'>,
  given: string | undefined,
  ask: ((question: string) => Promise<string>) | undefined,
): Promise<void> {
  if (environment !== 'production') return;
  if (given === undefined && ask === undefined) {
    throw new UsageError(
      `This is production: add --confirm ${name}, because there is no terminal to type its name.`,
    );
  }
  const typed = given ?? (await ask?.(`This is production. Type ${name} to continue: `));
  if (typed !== name) throw new UsageError(`That is not ${name}. Nothing was changed.`);
}
