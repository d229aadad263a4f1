import { Duration } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  type CfnRestApi,
  type DomainName,
  EndpointAccessMode,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { gatewayTimeoutMs } from '../../functions/deadlines.ts';
import { securityHeaders } from '../../functions/http/security-headers.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import { pascalCase } from '../pascal-case.ts';
import { StageLogGroup } from '../stage-log-group.ts';
import type { StageProps } from '../stage-props.ts';
import type { Stage } from '../stages/stages.ts';
import { acknowledgeApiFindings } from './api-findings.ts';
import { Callers, callerAuthentication, sourceIpPolicy } from './callers.ts';
import { gatewayPage } from './gateway-page.ts';
import {
  forcedStatusOf,
  type GatewayResponse,
  gatewayProblem,
  gatewayResponses,
} from './gateway-responses.ts';
import { type Route, type RoutedFunction, routes } from './routes.ts';

export interface SessionApiProps extends StageProps {
  /** The functions that the stage has: their routes are declared. */
  functions: Readonly<Partial<Record<RoutedFunction, ApiFunction>>>;
}

/**
 * The fields of the access log: which call, how it ended, who made it. Never path, query, address, user agent or API
 * key: a path may contain a token. Never `$context.requestId`: a caller can choose it, and nothing here is escaped, so
 * that it could end its field and begin others. All are strings, because API Gateway writes `-` for an unknown value.
 */
const accessLogFields = {
  extendedRequestId: '$context.extendedRequestId',
  lambdaRequestId: '$context.awsEndpointRequestId',
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

/**
 * TLS 1.2 and newer, with forward secrecy. A Regional API accepts TLS 1.0 by default, and a domain's handshake uses the
 * API's policy ("Security policies for REST APIs", API Gateway developer guide, read November 2026). BASIC, because AWS
 * moves existing APIs to STRICT in a second step.
 */
const tls = {
  securityPolicy: SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
  endpointAccessMode: EndpointAccessMode.BASIC,
};

/** The REST API in front of the functions: authentication, throttling, access log and API Gateway's own answers. */
export class SessionApi extends Construct {
  readonly restApi: RestApi;
  readonly accessLog: LogGroup;
  readonly callers: Callers;
  /** The methods with an answer that leads to the assessment. */
  readonly handOffMethods: readonly Method[];
  readonly #domain: DomainName | undefined;

  constructor(scope: Construct, id: string, props: SessionApiProps) {
    super(scope, id);
    const { stage, functions, encryptionKey } = props;
    const declared = routes.filter((route) => functions[route.function]);
    this.accessLog = new StageLogGroup(this, 'AccessLog', { stage, encryptionKey });
    this.restApi = this.#createRestApi(stage, declared);
    for (const response of gatewayResponses) this.#addGatewayResponse(response, stage);

    const methods = declared.map((route) => ({
      ...route,
      method: this.#addRoute(route, functions[route.function] as ApiFunction, stage),
    }));
    this.handOffMethods = methods.filter((route) => route.handsOver).map(({ method }) => method);
    this.callers = new Callers(this, 'Callers', {
      stage,
      restApi: this.restApi,
      methods: methods.filter(({ caller }) => caller === 'loan-app').map(({ method }) => method),
    });
    acknowledgeApiFindings(this.restApi, stage);
    this.#domain = this.#addDomain(stage);
  }

  /** The full URL of a route, such as `/sessions`. */
  urlOf(path: string): string {
    return this.#domain ? `https://${this.#domain.domainName}${path}` : this.restApi.urlForPath(path);
  }

  /** The target for the DNS entry of the stage's own domain; `undefined` if it has none. */
  get domainTarget(): string | undefined {
    return this.#domain?.domainNameAliasDomainName;
  }

  /** Without authentication, but for loan apps: a browser has only the token in the path, and Begini only signs. */
  #addRoute({ method, resource, caller }: Route, handler: ApiFunction, stage: Stage): Method {
    const authentication =
      caller === 'loan-app' ? callerAuthentication(stage) : { authorizationType: AuthorizationType.NONE };
    return this.restApi.root.resourceForPath(resource).addMethod(method, proxyTo(handler), authentication);
  }

  #addDomain({ domain }: Stage): DomainName | undefined {
    if (!domain) return undefined;
    return this.restApi.addDomainName('Domain', {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
      endpointType: EndpointType.REGIONAL,
      ...tls,
    });
  }

  #createRestApi(stage: Stage, declared: readonly Route[]): RestApi {
    const policy = sourceIpPolicy(stage, declared);
    const restApi = new RestApi(this, 'RestApi', {
      restApiName: `BeginiSession-${stage.name}`,
      description: `Hands applicants over to Begini, stage ${stage.name}`,
      endpointTypes: [EndpointType.REGIONAL],
      ...(policy && { policy }),
      // One role for all APIs of an account and region: it has a stack of its own.
      cloudWatchRole: false,
      disableExecuteApiEndpoint: stage.defaultEndpoint === 'closed',
      deployOptions: {
        stageName: stage.path,
        ...methodSettings(stage.throttle),
        ...openMethodSettings(stage, declared),
        accessLogDestination: new LogGroupLogDestination(this.accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    // The construct has no properties for it (aws-cdk issue 36663).
    Object.assign(restApi.node.defaultChild as CfnRestApi, tls);
    // Removes the output that CDK adds by itself; the stack has better ones.
    restApi.node.tryRemoveChild('Endpoint');
    return restApi;
  }

  #addGatewayResponse(response: GatewayResponse, { applicantPage }: Stage): void {
    const statusCode = forcedStatusOf(response);
    this.restApi.addGatewayResponse(`GatewayResponse${pascalCase(response.type)}`, {
      type: ResponseType.of(response.type),
      ...(statusCode && { statusCode: String(statusCode) }),
      responseHeaders: gatewayResponseHeaders(response),
      // The caller's Accept header selects one of them.
      templates: {
        'application/json': JSON.stringify(gatewayProblem(response, '$context.requestId')),
        'text/html': gatewayPage(response, applicantPage),
      },
    });
  }
}

function methodSettings({ rateLimit, burstLimit }: Stage['throttle']): MethodDeploymentOptions {
  return {
    throttlingRateLimit: rateLimit,
    throttlingBurstLimit: burstLimit,
    metricsEnabled: true,
    // Execution logs print paths, headers and bodies.
    loggingLevel: MethodLoggingLevel.OFF,
    dataTraceEnabled: false,
  };
}

/**
 * Routes without authentication have another throttle, so that a flood of them cannot use up the throttle of
 * `/sessions`: for applicants their own, for Begini twice the stage's. They inherit nothing from the stage's settings.
 */
function openMethodSettings(
  { throttle, launchThrottle }: Stage,
  declared: readonly Route[],
): { methodOptions?: Record<string, MethodDeploymentOptions> } {
  const forVendor = { rateLimit: 2 * throttle.rateLimit, burstLimit: 2 * throttle.burstLimit };
  const open = declared.filter(({ caller }) => caller !== 'loan-app');
  if (open.length === 0) return {};
  return {
    methodOptions: Object.fromEntries(
      open.map(({ method, resource, caller }) => [
        `${resource}/${method}`,
        methodSettings(caller === 'vendor' ? forVendor : launchThrottle),
      ]),
    ),
  };
}

function proxyTo({ live }: ApiFunction): LambdaIntegration {
  // An alias is a function, but CDK's types do not support `exactOptionalPropertyTypes`.
  return new LambdaIntegration(live as IFunction, {
    timeout: Duration.millis(gatewayTimeoutMs),
    // The console's test button would need another permission, which bypasses authentication and throttling.
    allowTestInvoke: false,
  });
}

/** API Gateway uses a value in single quotes as it is, and looks up one without quotes as a variable. */
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
