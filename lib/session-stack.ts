import { CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { environmentNames } from '../functions/environment.ts';
import { Firewall } from './api/firewall.ts';
import { SessionApi } from './api/session-api.ts';
import { Credentials } from './credentials/credentials.ts';
import { CredentialsRotation } from './credentials/credentials-rotation.ts';
import { ApiFunction } from './lambda/api-function.ts';
import { CanaryDeployments } from './lambda/canary-deployments.ts';
import { LaunchLinks } from './launch-links/launch-links.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { StageKey } from './secrets/stage-key.ts';
import { SessionTable } from './session-store/session-table.ts';
import type { Stage } from './stages/stages.ts';

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
    const tags = { service: 'begini-session', stage: stage.path, environment: stage.environment };
    // Not every region takes tags on a dashboard yet.
    const options = { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] };
    for (const [name, value] of Object.entries(tags)) Tags.of(this).add(name, value, options);

    const encryptionKey = stage.customerManagedKey ? new StageKey(this, 'Key', { stage }).key : undefined;
    const shared = { stage, encryptionKey };
    const credentials = new Credentials(this, 'Credentials', shared);
    const sessionEnvironment = {
      [environmentNames.stage]: stage.path,
      [environmentNames.credentialsSecretArn]: credentials.secret.secretArn,
      [environmentNames.hmac]: stage.hmac ? 'on' : 'off',
      [environmentNames.uidRefKey]: credentials.uidRefKeyReference,
    };
    const createSession = new ApiFunction(this, 'CreateSession', {
      ...shared,
      description: `Answers POST /sessions, stage ${stage.name}`,
      bundle: bundles.createSession,
      createsSessions: true,
      environment: sessionEnvironment,
    });
    credentials.grantGetValue(createSession);
    const rotation = new CredentialsRotation(this, 'CredentialsRotation', {
      ...shared,
      credentials,
      bundle: bundles.rotateCredentials,
    });
    const launchLinks = stage.launchLinks
      ? new LaunchLinks(this, 'LaunchLinks', { ...shared, credentials, sessionEnvironment, bundles })
      : undefined;
    if (launchLinks)
      rotation.operatorPolicy.allowRenewal(launchLinks.key.secret, launchLinks.key.rotate.lambda);
    const sessionTable = stage.resume ? new SessionTable(this, 'Sessions', { stage }) : undefined;
    for (const apiFunction of [createSession, ...(launchLinks ? [launchLinks.functions.launch] : [])]) {
      sessionTable?.letRemember(apiFunction);
    }
    const api = new SessionApi(this, 'Api', {
      ...shared,
      createSession,
      launchLinks: launchLinks?.functions,
    });
    if (stage.firewall) new Firewall(this, 'Firewall', { ...shared, api });

    const functions = {
      CreateSession: createSession,
      ...(launchLinks && {
        CreateLaunchLink: launchLinks.functions.createLaunchLink,
        Launch: launchLinks.functions.launch,
      }),
    };
    const monitoring = new Monitoring(this, 'Monitoring', {
      ...shared,
      api,
      functions,
      credentials,
      credentialsRotation: rotation.rotateCredentials,
      launchKeyRotation: launchLinks?.key.rotate,
    });
    if (stage.deployment === 'canary') {
      new CanaryDeployments(this, 'Deployments', { functions, rollBackOn: monitoring.alarms.rollBack });
    }

    const outputs = {
      SessionsUrl: api.urlOf('/sessions'),
      CredentialsSecretName: credentials.secret.secretName,
      UidRefKeySecretName: credentials.uidRefKey.secretName,
      OperatorPolicyArn: rotation.operatorPolicy.managedPolicyArn,
      ...(launchLinks && {
        LaunchLinksUrl: api.urlOf('/launch-links'),
        LaunchKeySecretName: launchLinks.key.secret.secretName,
      }),
      ...(sessionTable && { SessionTableName: sessionTable.table.tableName }),
      ...(api.domainTarget && { DomainTarget: api.domainTarget }),
      ...api.callers.outputs,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
