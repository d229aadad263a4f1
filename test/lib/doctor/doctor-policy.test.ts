import { expect, test } from '@jest/globals';
import { resourceOf, templateOf } from '../../support/synthesize.ts';

type Statement = { Effect: string; Action: string | string[]; Resource: unknown };

function statementsOf(row: object): Statement[] {
  const template = templateOf({ environment: 'test', ...row });
  const { Properties } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'DoctorPolicy');
  return (Properties.PolicyDocument as { Statement: Statement[] }).Statement;
}
const actionsOf = (row: object) => statementsOf(row).flatMap(({ Action }) => Action);

test('the doctor may look at what it checks, and call as a loan app with IAM does', () => {
  expect(actionsOf({ alarmEmail: 'on-call@bank.example' }).sort()).toEqual([
    'apigateway:GET',
    'cloudformation:DescribeStacks',
    'dynamodb:DescribeTable',
    'dynamodb:DescribeTimeToLive',
    'execute-api:Invoke',
    'lambda:GetAccountSettings',
    'secretsmanager:DescribeSecret',
    'sns:ListSubscriptionsByTopic',
  ]);
});

test('only the quota of the account, which has no resource, is allowed on any', () => {
  const onAny = statementsOf({}).filter(({ Resource }) => Resource === '*');
  expect(onAny.map(({ Action }) => Action)).toEqual(['lambda:GetAccountSettings']);
});

test('a stage without table, receiver and IAM gives no right to them', () => {
  const actions = actionsOf({ resume: false, callerAuth: 'api-key', allowedSourceIps: ['192.0.2.1'] });
  expect(actions.filter((action) => /^(sns|dynamodb|execute-api):/.test(action))).toEqual([]);
});
