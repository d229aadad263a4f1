import { expect, test } from '@jest/globals';
import { resourceOf, templateOf } from '../../support/templates.ts';

const template = templateOf({ environment: 'production', launchLinks: false });
const group = resourceOf(template, 'AWS::CodeDeploy::DeploymentGroup');

test('a new version in production gets a tenth of the traffic for five minutes first', () => {
  expect(group.Properties).toMatchObject({
    DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
  });
  expect(resourceOf(template, 'AWS::Lambda::Alias')).toHaveProperty('UpdatePolicy', {
    CodeDeployLambdaAliasUpdate: {
      ApplicationName: { Ref: resourceOf(template, 'AWS::CodeDeploy::Application').logicalId },
      DeploymentGroupName: { Ref: group.logicalId },
    },
  });
});

test('is rolled back on function errors and defects, never on problems of the vendor or the credentials', () => {
  const alarm = (id: string) => ({
    Name: { Ref: resourceOf(template, 'AWS::CloudWatch::Alarm', id).logicalId },
  });
  expect(group.Properties).toMatchObject({
    AlarmConfiguration: { Enabled: true, Alarms: [alarm('FunctionErrors'), alarm('InternalErrors')] },
    AutoRollbackConfiguration: {
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
    },
  });
});

test('API Gateway calls the alias, which a deployment moves to another version', () => {
  const { Uri } = Object(resourceOf(template, 'AWS::ApiGateway::Method').Properties.Integration);
  expect(JSON.stringify(Uri)).toContain(`{"Ref":"${resourceOf(template, 'AWS::Lambda::Alias').logicalId}"}`);
});

test.each([
  ['a test stage', { environment: 'test' }],
  ['a production stage with that setting', { environment: 'production', deployment: 'all-at-once' }],
])('%s is deployed all at once', (_stage, row) => {
  const other = templateOf({ ...row, launchLinks: false });
  other.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 0);
  expect(resourceOf(other, 'AWS::Lambda::Alias')).not.toHaveProperty('UpdatePolicy');
});

test('the functions of launch links are also deployed in steps, but not the two that Secrets Manager calls', () => {
  const whole = templateOf({ environment: 'production' });
  whole.resourceCountIs('AWS::Lambda::Function', 5);
  whole.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 3);
  whole.resourceCountIs('AWS::Lambda::Alias', 3);
});
