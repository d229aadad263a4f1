import { expect, test } from '@jest/globals';
import { fullRow, templateOf } from '../support/templates.ts';

test.each([
  // `RetainExceptOnCreate`: a first deployment that failed can be repeated.
  ['production', { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }],
  ['test', { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' }],
] as const)(
  'secrets, results, logs and their key outlive the stack in production only: %s',
  (environment, policy) => {
    const template = templateOf(fullRow(environment));
    for (const type of ['SecretsManager::Secret', 'SQS::Queue', 'Logs::LogGroup', 'KMS::Key']) {
      const found = Object.values(template.findResources(`AWS::${type}`));
      expect(found).toEqual(found.map(() => expect.objectContaining(policy)));
      expect(found).not.toEqual([]);
    }
  },
);
