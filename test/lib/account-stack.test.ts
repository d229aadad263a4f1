import { expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountStack } from '../../lib/account-stack.ts';
import { newApp } from '../support/synthesize.ts';
import { environments, resourceOf, templateOf } from '../support/templates.ts';

const stack = new AccountStack(newApp(), {});
const template = Template.fromStack(stack);

test('the account has one role for the logs of API Gateway, with exactly the rights that it asks for', () => {
  const role = resourceOf(template, 'AWS::IAM::Role');
  expect(JSON.stringify(role.Properties.ManagedPolicyArns)).toContain(
    ':iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
  );
  expect(JSON.stringify(role.Properties.AssumeRolePolicyDocument)).toContain('"apigateway.amazonaws.com"');
  expect(resourceOf(template, 'AWS::ApiGateway::Account').Properties).toEqual({
    CloudWatchRoleArn: { 'Fn::GetAtt': [role.logicalId, 'Arn'] },
  });
  expect(Object.keys(template.toJSON().Resources)).toHaveLength(2);
});

test('role and setting outlive the stack, because other APIs use them', () => {
  for (const type of ['AWS::IAM::Role', 'AWS::ApiGateway::Account'])
    expect(resourceOf(template, type)).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  expect(stack.terminationProtection).toBe(true);
});

test('the stack is of one account and region, and named after them', () => {
  const place = { account: '111122223333', region: 'eu-central-1' };
  const located = new AccountStack(newApp(), place);
  expect(located.stackName).toBe('BeginiSession-Account-111122223333-eu-central-1');
  expect(located.environment).toBe('aws://111122223333/eu-central-1');
  expect(stack.stackName).toBe('BeginiSession-Account');
});

test.each(environments)('no %s stage has the role or the setting', (environment) => {
  const ofStage = templateOf({ environment });
  ofStage.resourceCountIs('AWS::ApiGateway::Account', 0);
  expect(JSON.stringify(ofStage.findResources('AWS::IAM::Role'))).not.toContain('apigateway.amazonaws.com');
});
