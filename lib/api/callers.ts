import {
  ApiKey,
  AuthorizationType,
  type Method,
  type MethodOptions,
  type RestApi,
  UsagePlan,
} from 'aws-cdk-lib/aws-apigateway';
import { AnyPrincipal, Effect, ManagedPolicy, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { pascalCase } from '../pascal-case.ts';
import type { Stage } from '../stages/stages.ts';
import type { Route } from './routes.ts';

export interface CallersProps {
  stage: Stage;
  restApi: RestApi;
  /** The methods for loan apps, each made with `callerAuthentication`. */
  methods: readonly Method[];
}

/** How loan apps get access: a policy for their roles, or an API key with a usage plan for each. */
export class Callers extends Construct {
  /** Empty if callers use IAM. */
  readonly apiKeyIds: readonly string[];
  /** What a loan app must be given, under the names that the stack's outputs have. */
  readonly outputs: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { stage, restApi, methods }: CallersProps) {
    super(scope, id);
    const apiKeys = stage.loanApps.map((loanApp) => this.#giveOutApiKey(loanApp, stage, restApi));
    this.apiKeyIds = apiKeys.map(({ keyId }) => keyId);
    this.outputs = {
      ...(stage.callerAuth === 'iam' && { CallerPolicyArn: this.#allowByPolicy(stage, methods) }),
      ...Object.fromEntries(apiKeys.map(({ output, keyId }) => [output, keyId])),
    };
  }

  #allowByPolicy(stage: Stage, methods: readonly Method[]): string {
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `Allows a loan app to hand applicants over to Begini, stage ${stage.name}`,
      statements: [
        new PolicyStatement({
          actions: ['execute-api:Invoke'],
          resources: methods.map((method) => method.methodArn),
        }),
      ],
    });
    return policy.managedPolicyArn;
  }

  #giveOutApiKey(loanApp: string, { name, throttle }: Stage, restApi: RestApi) {
    const id = pascalCase(loanApp);
    const description = `Loan app ${loanApp}, Begini sessions, stage ${name}`;
    const apiKey = new ApiKey(this, `ApiKey${id}`, { description });
    new UsagePlan(this, `UsagePlan${id}`, {
      description,
      throttle,
      apiStages: [{ stage: restApi.deploymentStage }],
    }).addApiKey(apiKey);
    return { output: `ApiKeyId${id}`, keyId: apiKey.keyId };
  }
}

/** The authentication of a method that only loan apps may call. */
export function callerAuthentication({ callerAuth }: Stage): MethodOptions {
  return callerAuth === 'iam'
    ? { authorizationType: AuthorizationType.IAM }
    : { authorizationType: AuthorizationType.NONE, apiKeyRequired: true };
}

/**
 * The API's resource policy: refuses calls to the loan apps' routes from any address but the allowed ones.
 * @returns `undefined` if callers may come from anywhere: then no policy is needed.
 */
export function sourceIpPolicy(stage: Stage, routes: readonly Route[]): PolicyDocument | undefined {
  if (stage.allowedSourceIps.length === 0) return undefined;
  const pathsFor = (wanted: Route['caller']) =>
    routes.filter(({ caller }) => caller === wanted).map(policyPath);
  const anyoneOn = (paths: readonly string[]) => ({
    principals: [new AnyPrincipal()],
    actions: ['execute-api:Invoke'],
    resources: paths.map((path) => `execute-api:/${stage.path}/${path}`),
  });
  const deny = new PolicyStatement({
    ...anyoneOn(pathsFor('loan-app')),
    effect: Effect.DENY,
    conditions: { NotIpAddress: { 'aws:SourceIp': stage.allowedSourceIps } },
  });
  // Methods without IAM authentication need an Allow here: if there is a policy, it denies everything that it
  // does not allow. Methods with it must have none: in the API's own account either this Allow or the
  // caller's policy suffices, and another account can write its own caller policy, so an Allow to everyone
  // would admit any signed call from an allowed address. Without the Allow, the caller's own policy decides,
  // in the API's account only (tables A and B of
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html, November
  // 2026).
  const allowed = [
    ...(stage.callerAuth === 'iam' ? [] : pathsFor('loan-app')),
    ...pathsFor('anyone'),
    ...pathsFor('vendor'),
  ];
  const allow = new PolicyStatement({ ...anyoneOn(allowed), effect: Effect.ALLOW });
  return new PolicyDocument({ statements: allowed.length > 0 ? [allow, deny] : [deny] });
}

/** A route in the form that policies use: `POST/sessions`, `GET/launch/*`. */
function policyPath({ method, resource }: Route): string {
  return `${method}${resource.replaceAll(/\{\w+\}/g, '*')}`;
}
