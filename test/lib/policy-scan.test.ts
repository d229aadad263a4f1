import { describe, expect, test } from '@jest/globals';
import { type Stack, Validations } from 'aws-cdk-lib';
import { AccountStack } from '../../lib/account-stack.ts';
import { policyPacks } from '../../lib/policy-scan.ts';
import { newApp, stackOf } from '../support/synthesize.ts';
import { environments } from '../support/templates.ts';

/** Every finding that nothing acknowledges, errors and warnings alike: rule and construct. */
function findings(stack: Stack): string[] {
  return policyPacks()
    .flatMap((pack) => pack.validateScope(stack).violations)
    .flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/abc-123';
const ownHost = { domain: { name: 'start.lender.example', certificateArn }, defaultEndpoint: 'open' };
const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:on-call';
const alarmEmail = 'on-call@bank.example';

test('the policy scan of the account finds nothing', () => {
  expect(findings(new AccountStack(newApp(), {}))).toEqual([]);
});

describe.each(environments)('the policy scan of a %s stage', (environment) => {
  test.each([
    ['as it is', {}],
    ['without launch links', { launchLinks: false }],
    ['with API keys', { callerAuth: 'api-key', allowedSourceIps: ['192.0.2.1'] }],
    ['with results, an address and its own host name', { results: true, alarmEmail, ...ownHost }],
    ['with results and no other open route', { results: true, launchLinks: false }],
    ['that notifies an existing topic', { alarmTopicArn }],
    ['with everything on', { tracing: true, firewall: true, customerManagedKey: true, deployment: 'canary' }],
    ['with everything off', { firewall: false, customerManagedKey: false, deployment: 'all-at-once' }],
    ['in a given region', { alarmTopicArn, region: 'eu-central-1' }],
    ['in a given account', { alarmTopicArn, account: '123456789012' }],
  ])('finds nothing %s', (_row, settings) => {
    expect(findings(stackOf({ environment, ...settings }))).toEqual([]);
  });

  test('finds something for each acknowledgement: none is unnecessary', () => {
    const stack = stackOf({ environment, alarmEmail, results: true });
    const acknowledged: { id: string; path: string }[] = [];
    for (const { node } of stack.node.findAll()) {
      const isAcknowledgement = ({ type }: { type: string }) =>
        type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
      for (const { data } of node.metadata.filter(isAcknowledgement)) {
        const ids = Object.keys(data).map((id) => id.replace(/^Annotation::/, ''));
        acknowledged.push(...ids.map((id) => ({ id, path: node.path })));
      }
      // Removes them, so that the scan below finds everything.
      Object.assign(node, { _metadata: node.metadata.filter((entry) => !isAcknowledgement(entry)) });
    }
    const found = findings(stack);
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const { id, path } of acknowledged) {
      expect(found).toContainEqual(expect.stringContaining(`${id} at ${path}`));
    }
  });
});
