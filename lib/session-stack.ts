import { CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { endings } from '../functions/applicant-page/page-content.ts';
import { version } from '../functions/version.ts';
import { Firewall } from './api/firewall.ts';
import { handsOver, type RoutedFunction, resultsPath } from './api/routes.ts';
import { SessionApi } from './api/session-api.ts';
import { Credentials } from './credentials/credentials.ts';
import { CredentialsRotation } from './credentials/credentials-rotation.ts';
import { ApiFunction } from './lambda/api-function.ts';
import type { FunctionName } from './lambda/bundle.ts';
import { CanaryDeployments } from './lambda/canary-deployments.ts';
import { LaunchLinks } from './launch-links/launch-links.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { DoctorPolicy } from './policies/doctor-policy.ts';
import { OperatorPolicy } from './policies/operator-policy.ts';
import { Results } from './results/results.ts';
import { StageKey } from './secrets/stage-key.ts';
import { SessionStore } from './session-store/session-store.ts';
import type { Stage } from './stages/stages.ts';

export interface SessionStackProps {
  stage: Stage;
  /** The folder of each function's bundle, as `bundleFunction` returns it. */
  bundles: Record<FunctionName, string>;
}

/** One stage of the service: a loan app calls its URL, and the applicant's browser gets to the assessment. */
export class SessionStack extends Stack {
  constructor(scope: Construct, id: string, { stage, bundles }: SessionStackProps) {
    super(scope, id, {
      description: `Hands applicants over from a loan app to the Begini assessment, stage ${stage.name}, version ${version}`,
      env: {
        ...(stage.account && { account: stage.account }),
        ...(stage.region && { region: stage.region }),
      },
      terminationProtection: stage.environment === 'production',
    });
    const tags = { service: 'begini-session', stage: stage.path, environment: stage.environment };
    // Not every region accepts tags on a dashboard yet.
    const options = { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] };
    for (const [name, value] of Object.entries(tags)) Tags.of(this).add(name, value, options);

    const encryptionKey = stage.customerManagedKey ? new StageKey(this, 'Key', { stage }).key : undefined;
    const shared = { stage, encryptionKey };
    const credentials = new Credentials(this, 'Credentials', shared);
    const createSession = new ApiFunction(this, 'CreateSession', {
      ...shared,
      description: `Answers POST /sessions, stage ${stage.name}`,
      bundle: bundles['create-session'],
      uidRefKey: credentials.uidRefKey,
    });
    credentials.letCallVendor(createSession);
    const rotation = new CredentialsRotation(this, 'CredentialsRotation', {
      ...shared,
      credentials,
      bundle: bundles['rotate-credentials'],
    });
    // In the scope of the rotation: its logical id, and so its ARN in people's roles, comes from there.
    const operatorPolicy = new OperatorPolicy(rotation, 'Operator', {
      stage,
      credentials,
      rotateCredentials: rotation.rotateCredentials.lambda,
    });
    const launchLinks = stage.launchLinks
      ? new LaunchLinks(this, 'LaunchLinks', { ...shared, credentials, bundles })
      : undefined;
    if (launchLinks)
      operatorPolicy.allowRenewal(launchLinks.key.secret, launchLinks.key.rotationFunction.lambda);
    const sessionTable = stage.resume ? new SessionStore(this, 'Sessions') : undefined;
    if (sessionTable) operatorPolicy.allowForgetting(sessionTable.table.tableArn);
    const results = stage.results
      ? new Results(this, 'Results', {
          ...shared,
          ...stage.results,
          credentials,
          bundle: bundles['receive-result'],
        })
      : undefined;
    if (results) {
      operatorPolicy.allowRedrive(results.queues);
      operatorPolicy.allowMarkingCompromised();
    }
    const functions: Partial<Record<RoutedFunction, ApiFunction>> = {
      'create-session': createSession,
      ...launchLinks?.functions,
      ...(results && { 'receive-result': results.receiveResult }),
    };
    const named = Object.entries(functions) as [RoutedFunction, ApiFunction][];
    for (const [name, apiFunction] of named) if (handsOver(name)) sessionTable?.letRemember(apiFunction);
    const api = new SessionApi(this, 'Api', { ...shared, functions });
    const firewall = stage.firewall ? new Firewall(this, 'Firewall', { ...shared, api }) : undefined;

    const monitoring = new Monitoring(this, 'Monitoring', {
      ...shared,
      api,
      firewall,
      functions,
      credentials,
      results: results?.queues,
      rotations: {
        Credentials: rotation.rotateCredentials,
        ...(launchLinks && { 'Launch key': launchLinks.key.rotationFunction }),
      },
    });
    if (stage.deployment === 'canary') {
      new CanaryDeployments(this, 'Deployments', {
        functions: Object.values(functions),
        rollBackOn: monitoring.alarms.rollBack,
      });
    }

    const doctorPolicy = new DoctorPolicy(this, 'Doctor', {
      stage,
      secretArns: [credentials.secret.secretArn, launchLinks?.key.secret.secretArn],
      topicArn: monitoring.topicArn,
      encryptionKeyArn: encryptionKey?.keyArn,
      functionArns: Object.values(functions).map(({ lambda }) => lambda.functionArn),
      callerPolicyArn: api.callers.outputs.CallerPolicyArn,
      tableArn: sessionTable?.table.tableArn,
      callerMethodArns: ['/sessions', ...(launchLinks ? ['/launch-links'] : [])].map((path) =>
        api.restApi.arnForExecuteApi('POST', path, stage.path),
      ),
      apiKeyIds: api.callers.apiKeyIds,
      queueArns: results?.queues.arns ?? [],
    });

    const outputs = {
      SessionsUrl: api.urlOf('/sessions'),
      DashboardUrl: monitoring.dashboardUrl,
      CredentialsSecretName: credentials.secret.secretName,
      UidRefKeySecretName: credentials.uidRefKey.secretName,
      OperatorPolicyArn: operatorPolicy.managedPolicyArn,
      DoctorPolicyArn: doctorPolicy.managedPolicyArn,
      ...(monitoring.topicArn && { AlarmTopicArn: monitoring.topicArn }),
      ...(launchLinks && {
        LaunchLinksUrl: api.urlOf('/launch-links'),
        ReturnUrls: endings.map((ending) => api.urlOf(`/return/${ending}`)).join(' '),
        LaunchKeySecretName: launchLinks.key.secret.secretName,
      }),
      ...(sessionTable && { SessionTableName: sessionTable.table.tableName }),
      ...(results && {
        WebhookUrl: api.urlOf(resultsPath),
        ResultsQueueUrl: results.queues.results.queueUrl,
        ResultsSetAsideQueueUrl: results.queues.setAside.queueUrl,
        ResultsConsumerPolicyArn: results.consumerPolicyArn,
      }),
      ...(api.domainTarget && { DomainTarget: api.domainTarget }),
      ...api.callers.outputs,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
