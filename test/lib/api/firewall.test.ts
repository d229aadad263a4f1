import { describe, expect, test } from '@jest/globals';
import { resourceOf, templateOf } from '../../support/templates.ts';

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

test('has no limit for an address if a stage has no launch links', () => {
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

describe('with results', () => {
  const rulesOf = (row: object) =>
    resourceOf(templateOf({ environment: 'production', results: true, ...row }), 'AWS::WAFv2::WebACL')
      .Properties.Rules as { Name: string; Priority: number; Statement: Statement }[];

  /** The statements that the rules use. */
  type Statement = {
    ManagedRuleGroupStatement?: { ScopeDownStatement?: Statement };
    RateBasedStatement?: { Limit: number; EvaluationWindowSec: number; ScopeDownStatement?: Statement };
    NotStatement?: { Statement: Statement };
    AndStatement?: { Statements: Statement[] };
    OrStatement?: { Statements: Statement[] };
    ByteMatchStatement?: {
      FieldToMatch: { Method?: object; UriPath?: object };
      PositionalConstraint: string;
      SearchString: string;
      TextTransformations: { Type: string }[];
    };
  };
  type HttpRequest = { method: string; path: string };

  /** Whether a request matches, as AWS WAF decides; `decodeURIComponent` stands in for its URL_DECODE. */
  function matches(statement: Statement, request: HttpRequest): boolean {
    const { NotStatement, AndStatement, OrStatement, ByteMatchStatement } = statement;
    if (NotStatement) return !matches(NotStatement.Statement, request);
    if (AndStatement) return AndStatement.Statements.every((each) => matches(each, request));
    if (OrStatement) return OrStatement.Statements.some((each) => matches(each, request));
    if (!ByteMatchStatement) throw new Error(`cannot evaluate ${JSON.stringify(statement)}`);
    const { FieldToMatch, PositionalConstraint, SearchString, TextTransformations } = ByteMatchStatement;
    const field = FieldToMatch.Method ? request.method : request.path;
    const [{ Type } = { Type: '' }] = TextTransformations;
    const text = Type === 'URL_DECODE' ? decodeURIComponent(field) : field;
    if (!['NONE', 'URL_DECODE'].includes(Type)) throw new Error(`cannot transform by ${Type}`);
    if (PositionalConstraint === 'EXACTLY') return text === SearchString;
    if (PositionalConstraint === 'CONTAINS') return text.includes(SearchString);
    throw new Error(`cannot match ${PositionalConstraint}`);
  }

  /** The names of the rules that look at a request. */
  const rulesFor = (request: HttpRequest, row: object = {}) =>
    rulesOf(row)
      .filter(({ Statement: { ManagedRuleGroupStatement, RateBasedStatement } }) => {
        const scope = (ManagedRuleGroupStatement ?? RateBasedStatement)?.ScopeDownStatement;
        return scope === undefined || matches(scope, request);
      })
      .map(({ Name }) => Name);

  const managed = ['AWSManagedRulesCommonRuleSet', 'AWSManagedRulesKnownBadInputsRuleSet'];

  test.each(['/demo/webhooks/begini', '/webhooks/begini'])(
    'a POST to %s is judged by its own limit alone, as the others refuse a body above 8 KiB',
    (path) => {
      expect(rulesFor({ method: 'POST', path })).toEqual(['WebhookRate']);
      expect(rulesFor({ method: 'POST', path }, { launchLinks: false })).toEqual(['WebhookRate']);
    },
  );

  test.each([
    ['GET', '/demo/webhooks/begini'],
    ['post', '/demo/webhooks/begini'],
    ['POST', '/demo/webhooks/begini/'],
    ['POST', '/demo/webhooks/begini/x'],
    ['POST', '/demo//webhooks/begini'],
    ['POST', '/demo/webhooks/Begini'],
    ['POST', '/demo/webhooks%2Fbegini'],
    ['POST', '/demo/%77ebhooks/begini'],
    ['POST', '/other/webhooks/begini'],
    ['POST', '/demo/sessions'],
    ['GET', '/demo/sessions'],
    ['POST', '/demo/sessions/webhooks/begini'],
    ['POST', '/demo/x/../webhooks/begini'],
  ])('a %s to %s is judged by AWS’s rules', (method, path) => {
    expect(rulesFor({ method, path })).toEqual(managed);
  });

  test.each([
    ['POST', '/demo/launch/token'],
    ['GET', '/launch/token'],
    ['GET', '/demo/return/complete'],
    ['POST', '/demo/launch/x%2Fwebhooks%2Fbegini'],
    ['POST', '/launch/x%2Fwebhooks%2Fbegini'],
    ['GET', '/demo/launch/webhooks/begini'],
  ])('a %s to %s is judged by the limit of links and by AWS’s rules', (method, path) => {
    expect(rulesFor({ method, path })).toEqual(['LaunchRate', ...managed]);
  });

  test.each(['LaunchRate', 'WebhookRate'])(
    '%s blocks an address after 10,000 requests in 5 minutes',
    (name) => {
      expect(rulesOf({}).find(({ Name }) => Name === name)).toMatchObject({
        Action: { Block: {} },
        Statement: {
          RateBasedStatement: { AggregateKeyType: 'IP', Limit: 10_000, EvaluationWindowSec: 300 },
        },
      });
    },
  );

  test('no two rules have the same priority', () => {
    const priorities = rulesOf({}).map(({ Priority }) => Priority);
    expect(new Set(priorities).size).toBe(priorities.length);
  });
});
