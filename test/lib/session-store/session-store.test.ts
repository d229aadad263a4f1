import { describe, expect, test } from '@jest/globals';
import { environments, resourceOf, templateOf } from '../../support/synthesize.ts';

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

  test('is known only to the two functions that create sessions', () => {
    const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
    const knowing = functions.filter(([, { Properties }]) => {
      return Properties.Environment?.Variables?.SESSION_TABLE?.Ref === table.logicalId;
    });
    expect(knowing.map(([id]) => id)).toEqual([
      expect.stringContaining('CreateSession'),
      expect.stringContaining('LaunchLinksLaunch'),
    ]);
  });
});

test('remembers sessions without an expiry as long as the row says', () => {
  const template = templateOf({ environment: 'test', launchLinks: false, sessionHours: 72 });
  const { Environment } = resourceOf(template, 'AWS::Lambda::Function', 'CreateSession').Properties;
  expect(Environment).toMatchObject({ Variables: { SESSION_HOURS: '72' } });
});

test('a stage with "resume": false has no table, no permission and no variable', () => {
  const template = JSON.stringify(templateOf({ environment: 'production', resume: false }).toJSON());
  for (const trace of ['DynamoDB', 'dynamodb:', 'SESSION_TABLE', 'SESSION_HOURS', 'SessionTable']) {
    expect(template).not.toContain(trace);
  }
});
