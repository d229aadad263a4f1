import { ArnFormat, Duration, Fn, Stack } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { StageLogGroup } from '../stage-log-group.ts';
import type { StageProps } from '../stage-props.ts';
import type { Stage } from '../stages/stages.ts';
import { resultsPath } from './routes.ts';
import type { SessionApi } from './session-api.ts';

export interface FirewallProps extends StageProps {
  api: SessionApi;
}

/**
 * Requests to `/launch/*` and `/return/*` from one address in five minutes. It stops a flood from one machine only:
 * thousands of applicants share an address of their mobile carrier, and each sends three requests.
 */
const launchRequestsPerAddress = 10_000;

/** Results from one address in five minutes: each of an applicant's events comes once, and a few times again. */
const resultsPerAddress = 10_000;

/** What a log line must not contain; `referer` too, because a browser may send the URL of a launch link in it. */
const redactedHeaders = ['authorization', 'x-amz-security-token', 'x-api-key', 'cookie', 'referer'];

/**
 * AWS WAF in front of the API: AWS's rules against common attacks, and a limit on what applicants' browsers may send.
 */
export class Firewall extends Construct {
  /** Requests that any rule blocked. */
  readonly blocked: IMetric;

  constructor(scope: Construct, id: string, { stage, api, encryptionKey }: FirewallProps) {
    super(scope, id);
    // It distinguishes the metrics of one stage from those of another.
    const metricName = Stack.of(this).stackName;
    const webAcl = new CfnWebACL(this, 'WebAcl', {
      description: `Before the API of stage ${stage.name}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility(metricName),
      // The part of a body that a rule matched may be a uid.
      dataProtectionConfig: { dataProtections: [{ field: { fieldType: 'BODY' }, action: 'SUBSTITUTION' }] },
      rules: [
        ...(stage.launchLinks ? [rate('LaunchRate', 0, launchRequestsPerAddress, isOfApplicant)] : []),
        ...awsRules(stage.results ? { notStatement: { statement: isResult(stage) } } : undefined),
        ...(stage.results ? [rate('WebhookRate', 3, resultsPerAddress, isResult(stage))] : []),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: api.restApi.deploymentStage.stageArn,
      webAclArn: webAcl.attrArn,
    });
    this.#log(stage, webAcl, encryptionKey);
    // An ACL's metric name is the value of the dimension WebACL ("AWS::WAFv2::WebACL VisibilityConfig",
    // CloudFormation user guide, read November 2026).
    this.blocked = new Metric({
      namespace: 'AWS/WAFV2',
      metricName: 'BlockedRequests',
      dimensionsMap: { WebACL: metricName, Rule: 'ALL', Region: Stack.of(this).region },
      statistic: 'Sum',
      period: Duration.minutes(5),
      label: 'Blocked by the firewall',
    });
  }

  /** Logs only requests that a rule blocked or counted: the access log has the rest. */
  #log(stage: Stage, webAcl: CfnWebACL, encryptionKey: IKey | undefined): void {
    const stack = Stack.of(this);
    // WAF requires the prefix. The end of the stack's id makes the name unique, because the log outlives its stack.
    const stackUuidPart = Fn.select(4, Fn.split('-', Fn.select(2, Fn.split('/', stack.stackId))));
    const logGroup = new StageLogGroup(this, 'LogGroup', {
      stage,
      encryptionKey,
      logGroupName: `aws-waf-logs-${stack.stackName}-${stackUuidPart}`,
    });
    new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: webAcl.attrArn,
      // Not `logGroupArn`, which ends in `:*`.
      logDestinationConfigs: [
        stack.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: logGroup.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: [
        { uriPath: {} },
        { queryString: {} },
        ...redactedHeaders.map((name) => ({ singleHeader: { Name: name } })),
      ],
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: ['BLOCK', 'COUNT', 'EXCLUDED_AS_COUNT'].map((action) => ({
              ActionCondition: { Action: action },
            })),
          },
        ],
      },
    });
  }
}

/** @param scope the requests that they judge; if absent, all */
const awsRules = (scope: CfnWebACL.StatementProperty | undefined) => [
  // Counted only: a backend's HTTP client often sends no User-Agent, and a launch token has two dots in a row
  // and, by chance, what looks like a file's ending after one. Nothing behind the firewall reads files.
  rulesOfAws(
    1,
    'AWSManagedRulesCommonRuleSet',
    ['NoUserAgent_HEADER', 'GenericLFI_URIPATH', 'RestrictedExtensions_URIPATH'],
    scope,
  ),
  rulesOfAws(2, 'AWSManagedRulesKnownBadInputsRuleSet', [], scope),
];

/**
 * Exactly the requests of Begini's route. They are kept from AWS's rules, which refuse a body above 8 KiB: so no text is
 * transformed, and nothing is contained, or `/launch/x%2Fwebhooks%2Fbegini` would skip the rules too.
 */
function isResult({ path }: Stage): CfnWebACL.StatementProperty {
  const isExactly = (fieldToMatch: CfnWebACL.FieldToMatchProperty, text: string) =>
    byteMatch(fieldToMatch, 'EXACTLY', text, 'NONE');
  // The path begins with the stage, except on a custom domain.
  const paths = [`/${path}${resultsPath}`, resultsPath];
  return {
    andStatement: {
      statements: [
        isExactly({ method: {} }, 'POST'),
        { orStatement: { statements: paths.map((each) => isExactly({ uriPath: {} }, each)) } },
      ],
    },
  };
}

/** Contains, not starts with: the path begins with the stage, or with the path of a custom domain. */
const isOfApplicant: CfnWebACL.StatementProperty = {
  orStatement: {
    statements: ['/launch/', '/return/'].map((path) =>
      byteMatch({ uriPath: {} }, 'CONTAINS', path, 'URL_DECODE'),
    ),
  },
};

function byteMatch(
  fieldToMatch: CfnWebACL.FieldToMatchProperty,
  positionalConstraint: string,
  searchString: string,
  type: string,
): CfnWebACL.StatementProperty {
  const textTransformations = [{ priority: 0, type }];
  return { byteMatchStatement: { fieldToMatch, positionalConstraint, searchString, textTransformations } };
}

/** Blocks an address that sends more than `limit` of these requests in five minutes. */
function rate(
  name: string,
  priority: number,
  limit: number,
  scopeDownStatement: CfnWebACL.StatementProperty,
): CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    action: { block: {} },
    visibilityConfig: visibility(name),
    statement: {
      rateBasedStatement: { aggregateKeyType: 'IP', limit, evaluationWindowSec: 300, scopeDownStatement },
    },
  };
}

function rulesOfAws(
  priority: number,
  name: string,
  countedOnly: string[],
  scopeDownStatement: CfnWebACL.StatementProperty | undefined,
): CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    overrideAction: { none: {} },
    visibilityConfig: visibility(name),
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: countedOnly.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
        ...(scopeDownStatement && { scopeDownStatement }),
      },
    },
  };
}

/** Without sampled requests: they show full paths and headers, even those that the log leaves out. */
function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
