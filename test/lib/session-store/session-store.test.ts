import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

const tableType = 'AWS::DynamoDB::Table';

describe.each(environments)('the table of a %s stage', (environment) => {
  const template = templateOf({ environment });
  const table = resourceOf(template, tableType);

  test('is paid per request, deletes expired rows, and can be removed', () => {
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Delete', 'Delete']);
  });

  test('is encrypted with DynamoDB’s own key, so that the hand-off does not depend on KMS', () => {
    expect(table.Properties.SSESpecification).toBeUndefined();
  });
});

test('a stage with "resume": false has no table, no permission and no variable', () => {
  const template = JSON.stringify(templateOf({ environment: 'production', resume: false }).toJSON());
  for (const trace of ['DynamoDB', 'dynamodb:', 'SESSION_TABLE', 'SESSION_HOURS', 'SessionTable']) {
    expect(template).not.toContain(trace);
  }
});
