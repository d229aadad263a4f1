import { Annotations, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { gatewayTimeoutMs } from '../functions/shared/deadlines.ts';
import { securityHeaders } from '../functions/shared/security-headers.ts';
import { Callers, callerAuthentication, sourceIpPolicy } from './callers.ts';
import { type GatewayResponse, gatewayProblem, gatewayResponses } from './gateway-responses.ts';
import { pascalCase } from './pascal-case.ts';
import { removalPolicyOf, type Stage } from './stages.ts';

/** What stands behind the API. */
export interface SessionApiProps {
  stage: Stage;
  /** Answers `POST /sessions`. */
  createSession: Alias;
  /** For the access log; absent, the key that CloudWatch has for all. */
  encryptionKey?: IKey | undefined;
}

/**
 * What the access log says of a request: which call, how it ended, who made it. Never path, query, address, user agent
 * or API key: a path may hold a token. All are strings, as what API Gateway does not know comes out as `-`.
 */
const accessLogFields = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  httpMethod: '$context.httpMethod',
  resourcePath: '$context.resourcePath',
  status: '$context.status',
  responseLatency: '$context.responseLatency',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integration.latency',
  errorResponseType: '$context.error.responseType',
  callerArn: '$context.identity.userArn',
  apiKeyId: '$context.identity.apiKeyId',
};

/** The REST API in front of the functions: authentication, throttling, access log and API Gateway's own answers. */
export class SessionApi extends Construct {
  readonly restApi: RestApi;
  readonly accessLog: LogGroup;
  readonly callers: Callers;
  /** The methods whose answer leads into the assessment. */
  readonly handOffMethods: readonly Method[];

  constructor(scope: Construct, id: string, { stage, createSession, encryptionKey }: SessionApiProps) {
    super(scope, id);
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: stage.logRetentionDays,
      removalPolicy: removalPolicyOf(stage),
      ...(encryptionKey && { encryptionKey }),
    });
    this.restApi = this.#createRestApi(stage);
    for (const response of gatewayResponses) this.#addGatewayResponse(response);

    const sessions = this.restApi.root
      .addResource('sessions')
      .addMethod('POST', proxyTo(createSession), callerAuthentication(stage));
    this.callers = new Callers(this, 'Callers', { stage, restApi: this.restApi, methods: [sessions] });
    this.handOffMethods = [sessions];
    this.#acknowledgeFindings(stage);
    if (
      stage.environment === 'production' &&
      stage.callerAuth === 'api-key' &&
      !stage.allowedSourceIps.length
    ) {
      Annotations.of(this).addWarningV2(
        'begini-session:ApiKeyFromAnywhere',
        `Whoever holds an API key of ${stage.name} may call from anywhere: set stages.${stage.name}.allowedSourceIps in cdk.json.`,
      );
    }
  }

  /** The full URL of `POST /sessions`. */
  get sessionsUrl(): string {
    return this.restApi.urlForPath('/sessions');
  }

  #createRestApi(stage: Stage): RestApi {
    const createsAccountRole = stage.apiGatewayAccountRole === 'create';
    const policy = sourceIpPolicy(stage, ['POST/sessions']);
    const restApi = new RestApi(this, 'RestApi', {
      restApiName: `BeginiSession-${stage.name}`,
      description: `Hands applicants over to Begini, stage ${stage.name}`,
      endpointTypes: [EndpointType.REGIONAL],
      ...(policy && { policy }),
      // One role for all APIs of an account and region: it must outlive this stack.
      cloudWatchRole: createsAccountRole,
      ...(createsAccountRole && { cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN }),
      deployOptions: {
        stageName: stage.path,
        throttlingRateLimit: stage.throttle.rateLimit,
        throttlingBurstLimit: stage.throttle.burstLimit,
        metricsEnabled: true,
        accessLogDestination: new LogGroupLogDestination(this.accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
        // Execution logs print paths, headers and bodies.
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
      },
    });
    // The output CDK adds by itself; the stack has better ones.
    restApi.node.tryRemoveChild('Endpoint');
    return restApi;
  }

  #acknowledgeFindings(stage: Stage): void {
    Validations.of(this.restApi).acknowledge(
      {
        id: 'AwsSolutions-APIG2',
        reason:
          'The function validates: it can name the field that is wrong, which a validator at the edge cannot.',
      },
      {
        id: 'AwsSolutions-APIG6',
        reason:
          'Execution logs print paths, headers and bodies, thus uids and launch tokens. The access log is on.',
      },
      {
        id: 'Serverless-APIGWXrayEnabled',
        reason:
          "API Gateway's traces hold the full URL, thus launch tokens. `tracing` traces the functions only.",
      },
      {
        id: 'AwsSolutions-COG4',
        reason: 'Callers are backends, not users of a pool: they sign with IAM or send an API key.',
      },
    );
    if (stage.callerAuth === 'api-key') {
      Validations.of(this.restApi).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: 'This row has its callers send an API key, for loan apps that cannot sign with IAM.',
      });
    }
    if (!stage.firewall) {
      Validations.of(this.restApi).acknowledge({
        id: 'AwsSolutions-APIG3',
        reason:
          'This row of the stages table turns the firewall off, as Test does by default to save its price.',
      });
    }
    const accountRole = this.restApi.node.tryFindChild('CloudWatchRole');
    if (!accountRole) return;
    Validations.of(accountRole).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      reason: 'API Gateway accepts an account role with exactly these rights, and AWS keeps them up to date.',
    });
  }

  #addGatewayResponse(response: GatewayResponse): void {
    this.restApi.addGatewayResponse(`GatewayResponse${pascalCase(response.type)}`, {
      type: ResponseType.of(response.type),
      statusCode: String(response.statusCode),
      responseHeaders: gatewayResponseHeaders(response),
      templates: { 'application/json': JSON.stringify(gatewayProblem(response, '$context.requestId')) },
    });
  }
}

function proxyTo(handler: Alias): LambdaIntegration {
  // An alias is a function; CDK's types only do not reckon with `exactOptionalPropertyTypes`.
  return new LambdaIntegration(handler as IFunction, {
    timeout: Duration.millis(gatewayTimeoutMs),
    // The console's test button would need a permission of its own, past authentication and throttling.
    allowTestInvoke: false,
  });
}

/** API Gateway takes a value in single quotes as it is, and one without as a variable to look up. */
function gatewayResponseHeaders({ retryAfterSeconds }: GatewayResponse): Record<string, string> {
  const fixed = {
    ...securityHeaders,
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
  };
  return {
    ...Object.fromEntries(Object.entries(fixed).map(([name, value]) => [name, `'${value}'`])),
    'x-request-id': 'context.requestId',
  };
}
