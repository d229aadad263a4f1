import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  type DomainName,
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
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { gatewayTimeoutMs } from '../../functions/deadlines.ts';
import { securityHeaders } from '../../functions/http/security-headers.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import { removalPolicyOf } from '../lambda/removal-policy.ts';
import type { Stage } from '../stages/stages.ts';
import { acknowledgeApiFindings } from './api-findings.ts';
import { Callers, callerAuthentication, type Routes, sourceIpPolicy } from './callers.ts';
import { gatewayPage } from './gateway-page.ts';
import { type GatewayResponse, gatewayProblem, gatewayResponses } from './gateway-responses.ts';
import { pascalCase } from './pascal-case.ts';

/** What stands behind the API. */
export interface SessionApiProps {
  stage: Stage;
  /** Answers `POST /sessions`. */
  createSession: ApiFunction;
  /** Answer `POST /launch-links` and `/launch/{token}`, in a stage that has them. */
  launchLinks?: { createLaunchLink: ApiFunction; launch: ApiFunction } | undefined;
  /** For the access log; absent, the key that CloudWatch has for all. */
  encryptionKey?: IKey | undefined;
}

const launchResource = '/launch/{token}';
/** REST API routes HEAD only where it is a method of its own. */
const pageMethods = ['GET', 'HEAD'] as const;
const launchMethods = [...pageMethods, 'POST'] as const;

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
  readonly #domain: DomainName | undefined;

  constructor(scope: Construct, id: string, props: SessionApiProps) {
    super(scope, id);
    const { stage, createSession, launchLinks, encryptionKey } = props;
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: stage.logRetentionDays,
      removalPolicy: removalPolicyOf(stage),
      ...(encryptionKey && { encryptionKey }),
    });
    this.restApi = this.#createRestApi(stage);
    for (const response of gatewayResponses) this.#addGatewayResponse(response, stage);

    const sessions = this.#addCallerRoute('sessions', createSession, stage);
    const methods = [sessions];
    const handOffMethods = [sessions];
    if (launchLinks) {
      methods.push(this.#addCallerRoute('launch-links', launchLinks.createLaunchLink, stage));
      handOffMethods.push(this.#addLaunchRoutes(launchLinks.launch));
    }
    this.handOffMethods = handOffMethods;
    this.callers = new Callers(this, 'Callers', { stage, restApi: this.restApi, methods });
    acknowledgeApiFindings(this.restApi, stage);
    this.#warnOfOpenApiKeys(stage);
    this.#domain = this.#addDomain(stage);
  }

  /** The full URL of a route, such as `/sessions`. */
  urlOf(path: string): string {
    return this.#domain ? `https://${this.#domain.domainName}${path}` : this.restApi.urlForPath(path);
  }

  /** Where the DNS entry of the stage's own domain must lead; `undefined` where it has none. */
  get domainTarget(): string | undefined {
    return this.#domain?.domainNameAliasDomainName;
  }

  #addCallerRoute(name: string, handler: ApiFunction, stage: Stage): Method {
    return this.restApi.root
      .addResource(name)
      .addMethod('POST', proxyTo(handler), callerAuthentication(stage));
  }

  /**
   * For applicants' browsers: the token in the path is all they have, and all they need.
   * @returns the method that hands over.
   */
  #addLaunchRoutes(launch: ApiFunction): Method {
    const resource = this.restApi.root.resourceForPath(launchResource);
    const addMethod = (method: string) =>
      resource.addMethod(method, proxyTo(launch), { authorizationType: AuthorizationType.NONE });
    for (const method of pageMethods) addMethod(method);
    return addMethod('POST');
  }

  #warnOfOpenApiKeys({ name, environment, callerAuth, allowedSourceIps }: Stage): void {
    if (environment !== 'production' || callerAuth !== 'api-key' || allowedSourceIps.length > 0) return;
    Annotations.of(this).addWarningV2(
      'begini-session:ApiKeyFromAnywhere',
      `Whoever holds an API key of ${name} may call from anywhere: set stages.${name}.allowedSourceIps in cdk.json.`,
    );
  }

  #addDomain({ domain }: Stage): DomainName | undefined {
    if (!domain) return undefined;
    return this.restApi.addDomainName('Domain', {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
  }

  #createRestApi(stage: Stage): RestApi {
    const createsAccountRole = stage.apiGatewayAccountRole === 'create';
    const policy = sourceIpPolicy(stage, routesOf(stage));
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
        ...methodSettings(stage.throttle),
        ...(stage.launchLinks && { methodOptions: launchMethodSettings(stage) }),
        accessLogDestination: new LogGroupLogDestination(this.accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    // The output CDK adds by itself; the stack has better ones.
    restApi.node.tryRemoveChild('Endpoint');
    return restApi;
  }

  #addGatewayResponse(response: GatewayResponse, { applicantPage }: Stage): void {
    this.restApi.addGatewayResponse(`GatewayResponse${pascalCase(response.type)}`, {
      type: ResponseType.of(response.type),
      statusCode: String(response.statusCode),
      responseHeaders: gatewayResponseHeaders(response),
      // Which one is used is for the caller's Accept header to say.
      templates: {
        'application/json': JSON.stringify(gatewayProblem(response, '$context.requestId')),
        'text/html': gatewayPage(response, applicantPage),
      },
    });
  }
}

function routesOf({ launchLinks }: Stage): Routes {
  if (!launchLinks) return { callers: ['POST/sessions'], everyone: [] };
  return {
    callers: ['POST/sessions', 'POST/launch-links'],
    everyone: launchMethods.map((method) => `${method}/launch/*`),
  };
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

/** Of its own, so that a flood of taps leaves `/sessions` its share; it inherits nothing from the stage's. */
function launchMethodSettings({ launchThrottle }: Stage): Record<string, MethodDeploymentOptions> {
  const settings = methodSettings(launchThrottle);
  return Object.fromEntries(launchMethods.map((method) => [`${launchResource}/${method}`, settings]));
}

function proxyTo({ live }: ApiFunction): LambdaIntegration {
  // An alias is a function; CDK's types only do not reckon with `exactOptionalPropertyTypes`.
  return new LambdaIntegration(live as IFunction, {
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
