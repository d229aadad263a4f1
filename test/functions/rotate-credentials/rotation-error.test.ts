import { expect, test } from '@jest/globals';
import { RotationError } from '../../../functions/rotate-credentials/rotation-error.ts';

test.each([
  ['not_pending', undefined],
  ['nothing_staged', undefined],
  ['staged_for_another', undefined],
  ['not_a_pair', undefined],
  ['same_as_current', 'BEGINI_SAME'],
  ['refused_401', 'BEGINI_REFUSED_401'],
  ['refused_403', 'BEGINI_REFUSED_403'],
  ['rejected_422', 'BEGINI_REJECTED_422'],
  ['vendor_unreachable', 'BEGINI_UNREACHABLE'],
  ['vendor_unusable', 'BEGINI_UNUSABLE'],
] as const)('%s says what happened, and has the verdict %s', (code, verdict) => {
  const error = new RotationError(code);
  expect(error).toMatchObject({ name: 'RotationError', code });
  expect(error.message).toMatch(/^[A-Z].{20,}\.$/);
  expect(error.verdict).toBe(verdict);
});
