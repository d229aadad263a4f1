import { describe, expect, test } from '@jest/globals';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { environments, resourceOf, stackOf, templateOf } from '../../support/synthesize.ts';

const alarmEmail = 'on-call@bank.example';
const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:on-call';

/** A production stage without its lender's name warns too, for another reason. */
const named = { applicantPage: { lenderName: 'Example Bank' } };

const warnings = (row: Record<string, unknown>) =>
  Annotations.fromStack(stackOf({ ...named, ...row }))
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data));

describe.each(environments)('the alarm topic of a %s stage', (environment) => {
  const template = templateOf({ environment, alarmEmail });
  const topic = { Ref: resourceOf(template, 'AWS::SNS::Topic').logicalId };

  test('sends mail to the address of the stage', () => {
    expect(resourceOf(template, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: alarmEmail,
      TopicArn: topic,
    });
  });

  test('may be an existing topic', () => {
    const other = templateOf({ environment, alarmTopicArn });
    other.resourceCountIs('AWS::SNS::Topic', 0);
    const { AlarmActions } = resourceOf(other, 'AWS::CloudWatch::Alarm', 'CredentialsRefused').Properties;
    expect(AlarmActions).toEqual([alarmTopicArn]);
  });
});

test('production without a receiver causes a warning that names the setting', () => {
  expect(warnings({ environment: 'production' })).toEqual([
    expect.stringContaining('stages.Demo.alarmEmail or alarmTopicArn in cdk.json'),
  ]);
});

test.each([
  { environment: 'production', alarmEmail },
  { environment: 'production', alarmTopicArn },
  { environment: 'test' },
])('%j does not', (row) => {
  expect(warnings(row)).toEqual([]);
});
