import { CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { environmentNames } from '../functions/shared/environment.ts';
import { Credentials } from './credentials.ts';
import { CredentialsRotation } from './credentials-rotation.ts';
import { LaunchLinks } from './launch-links.ts';
import { SessionApi } from './session-api.ts';
import { SessionFunction } from './session-function.ts';
import type { Stage } from './stages.ts';

/** What one stack is made from. */
export interface SessionStackProps {
  stage: Stage;
  /** The folder of each function's bundle, as `bundleFunction` returns it. */
  bundles: Record<
    'createSession' | 'createLaunchLink' | 'launch' | 'rotateCredentials' | 'rotateLaunchKey',
    string
  >;
}

/** One stage of the service: a loan app calls its URL, the applicant's browser ends in the assessment. */
export class SessionStack extends Stack {
  constructor(scope: Construct, id: string, { stage, bundles }: SessionStackProps) {
    super(scope, id, {
      description: `Hands applicants over from a loan app to the Begini assessment, stage ${stage.name}`,
      env: {
        ...(stage.account && { account: stage.account }),
        ...(stage.region && { region: stage.region }),
      },
      terminationProtection: stage.environment === 'production',
    });
    Tags.of(this).add('service', 'begini-session');
    Tags.of(this).add('stage', stage.path);
    Tags.of(this).add('environment', stage.environment);

    const credentials = new Credentials(this, 'Credentials', { stage });
    const sessionEnvironment = {
      [environmentNames.stage]: stage.path,
      [environmentNames.credentialsSecretArn]: credentials.secret.secretArn,
      [environmentNames.hmac]: stage.hmac ? 'on' : 'off',
      [environmentNames.uidRefKey]: credentials.uidRefKeyReference,
    };
    const createSession = new SessionFunction(this, 'CreateSession', {
      stage,
      description: `Answers POST /sessions, stage ${stage.name}`,
      bundle: bundles.createSession,
      environment: sessionEnvironment,
    });
    credentials.grantGetValue(createSession);
    const rotation = new CredentialsRotation(this, 'CredentialsRotation', {
      stage,
      credentials,
      bundle: bundles.rotateCredentials,
    });
    const launchLinks = stage.launchLinks
      ? new LaunchLinks(this, 'LaunchLinks', { stage, credentials, sessionEnvironment, bundles })
      : undefined;
    const api = new SessionApi(this, 'Api', {
      stage,
      createSession: createSession.lambda,
      launchLinks: launchLinks?.functions,
    });

    const outputs = {
      SessionsUrl: api.urlOf('/sessions'),
      CredentialsSecretName: credentials.secret.secretName,
      OperatorPolicyArn: rotation.operatorPolicy.managedPolicyArn,
      ...(launchLinks && {
        LaunchLinksUrl: api.urlOf('/launch-links'),
        LaunchKeySecretName: launchLinks.key.secret.secretName,
      }),
      ...(api.domainTarget && { DomainTarget: api.domainTarget }),
      ...api.callers.outputs,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
