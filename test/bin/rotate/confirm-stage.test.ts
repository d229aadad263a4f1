import { expect, test } from '@jest/globals';
import { confirmStage } from '../../../bin/rotate/confirm-stage.ts';

const production = { name: 'Production', environment: 'production' } as const;
const typing = (answer: string) => async () => answer;
const refused = { name: 'UsageError' };

test('asks nothing for a test stage', async () => {
  await confirmStage({ name: 'Test', environment: 'test' }, undefined, undefined);
});

test('continues with production if its name was typed or given', async () => {
  await confirmStage(production, undefined, typing('Production'));
  await confirmStage(production, 'Production', undefined);
});

test.each(['', 'y', 'production', 'Test'])('does not continue with production for "%s"', async (answer) => {
  await expect(confirmStage(production, undefined, typing(answer))).rejects.toMatchObject(refused);
  await expect(confirmStage(production, answer, undefined)).rejects.toMatchObject(refused);
});

test('does not continue with production if no person can be asked', async () => {
  await expect(confirmStage(production, undefined, undefined)).rejects.toMatchObject(refused);
});
