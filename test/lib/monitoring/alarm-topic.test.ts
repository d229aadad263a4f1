import { describe, expect, test } from '@jest/globals';
import { environments, fullRow, resourceOf, templateOf } from '../../support/templates.ts';

const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:on-call';

describe.each(environments)('the alarm topic of a %s stage', (environment) => {
  const template = templateOf(fullRow(environment));
  const topic = { Ref: resourceOf(template, 'AWS::SNS::Topic').logicalId };

  test('sends mail to the address of the stage', () => {
    expect(resourceOf(template, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'on-call@bank.example',
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
