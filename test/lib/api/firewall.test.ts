import { expect, test } from '@jest/globals';
import { resourceOf, templateOf } from '../../support/synthesize.ts';

const template = templateOf({ environment: 'production' });
const webAcl = resourceOf(template, 'AWS::WAFv2::WebACL');
const rules = webAcl.Properties.Rules as Record<string, unknown>[];
const ruleCalled = (name: string) => rules.find(({ Name }) => Name === name);

test("the firewall is in front of the API's stage", () => {
  const { ResourceArn, WebACLArn } = resourceOf(template, 'AWS::WAFv2::WebACLAssociation').Properties;
  expect(WebACLArn).toEqual({ 'Fn::GetAtt': [webAcl.logicalId, 'Arn'] });
  expect(JSON.stringify(ResourceArn)).toContain(resourceOf(template, 'AWS::ApiGateway::Stage').logicalId);
  expect(webAcl.Properties).toMatchObject({ Scope: 'REGIONAL', DefaultAction: { Allow: {} } });
});

test.each(['AWSManagedRulesCommonRuleSet', 'AWSManagedRulesKnownBadInputsRuleSet'])(
  'applies %s with AWS’s own actions',
  (name) => {
    expect(ruleCalled(name)).toMatchObject({
      OverrideAction: { None: {} },
      Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name: name } },
    });
  },
);

test('only counts requests without a User-Agent, because simple backends send them', () => {
  const overrides = rules.flatMap(
    ({ Statement }) => Object(Statement).ManagedRuleGroupStatement?.RuleActionOverrides ?? [],
  );
  const counted = ['NoUserAgent_HEADER', 'GenericLFI_URIPATH', 'RestrictedExtensions_URIPATH'];
  expect(overrides).toEqual(counted.map((Name) => ({ Name, ActionToUse: { Count: {} } })));
});

test('limits the requests of one address to launch links and return pages, and to nothing else', () => {
  const limited = rules.filter(({ Statement }) => Object(Statement).RateBasedStatement);
  expect(limited).toEqual([
    expect.objectContaining({
      Action: { Block: {} },
      Statement: {
        RateBasedStatement: {
          AggregateKeyType: 'IP',
          Limit: 10_000,
          EvaluationWindowSec: 300,
          ScopeDownStatement: {
            OrStatement: {
              Statements: ['/launch/', '/return/'].map((SearchString) => ({
                ByteMatchStatement: expect.objectContaining({
                  FieldToMatch: { UriPath: {} },
                  PositionalConstraint: 'CONTAINS',
                  SearchString,
                }),
              })),
            },
          },
        },
      },
    }),
  ]);
});

test('has no such limit if a stage has no launch links', () => {
  const plain = templateOf({ environment: 'production', launchLinks: false });
  expect(JSON.stringify(resourceOf(plain, 'AWS::WAFv2::WebACL').Properties)).not.toContain('RateBased');
});

test('keeps no samples of requests, which would show their paths and headers', () => {
  const visibilities = [webAcl.Properties, ...rules].map(({ VisibilityConfig }) => VisibilityConfig);
  expect(visibilities).toHaveLength(4);
  for (const visibility of visibilities) {
    expect(visibility).toMatchObject({ SampledRequestsEnabled: false, CloudWatchMetricsEnabled: true });
  }
});

test('logs blocked and counted requests, without path, query, keys, cookies, and matches in a body', () => {
  const logGroup = resourceOf(template, 'AWS::Logs::LogGroup', 'Firewall');
  expect(JSON.stringify(logGroup.Properties.LogGroupName)).toContain('"aws-waf-logs-BeginiSession-Demo-"');
  const { LogDestinationConfigs, RedactedFields, LoggingFilter } = resourceOf(
    template,
    'AWS::WAFv2::LoggingConfiguration',
  ).Properties;
  expect(JSON.stringify(LogDestinationConfigs)).toMatch(
    new RegExp(`:log-group:",\\{"Ref":"${logGroup.logicalId}"\\}\\]`),
  );
  expect(LoggingFilter).toMatchObject({ DefaultBehavior: 'DROP' });
  expect(RedactedFields).toEqual([
    { UriPath: {} },
    { QueryString: {} },
    ...['authorization', 'x-amz-security-token', 'x-api-key', 'cookie', 'referer'].map((Name) => ({
      SingleHeader: { Name },
    })),
  ]);
  expect(webAcl.Properties.DataProtectionConfig).toEqual({
    DataProtections: [{ Field: { FieldType: 'BODY' }, Action: 'SUBSTITUTION' }],
  });
});

test.each([
  ['a test stage', { environment: 'test' }, 0],
  ['a test stage that turns it on', { environment: 'test', firewall: true }, 1],
  ['a production stage that turns it off', { environment: 'production', firewall: false }, 0],
])('%s, that is %j, has %i', (_stage, row, count) => {
  templateOf(row).resourceCountIs('AWS::WAFv2::WebACL', count);
});
