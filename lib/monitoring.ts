import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { AlarmTopic } from './alarm-topic.ts';
import { Alarms } from './alarms.ts';
import type { Credentials } from './credentials.ts';
import { CredentialsWatch } from './credentials-watch.ts';
import { StageDashboard } from './dashboard.ts';
import type { RequestFunction } from './request-function.ts';
import { RequestMetrics } from './request-metrics.ts';
import { SavedQueries } from './saved-queries.ts';
import type { SessionApi } from './session-api.ts';
import type { SessionFunction } from './session-function.ts';
import type { Stage } from './stages.ts';

/** What is watched. */
export interface MonitoringProps {
  stage: Stage;
  api: SessionApi;
  /** The functions that answer requests, by construct id. */
  functions: Readonly<Record<string, RequestFunction>>;
  credentials: Credentials;
  /** Rotates the credentials. */
  credentialsRotation: SessionFunction;
  /** Renews the launch key, in a stage with launch links. */
  launchKeyRotation?: SessionFunction | undefined;
  encryptionKey?: IKey | undefined;
}

/** Everything by which an operator sees how a stage is: metrics, alarms, dashboard and saved queries. */
export class Monitoring extends Construct {
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { stage, api, credentials, credentialsRotation, launchKeyRotation, encryptionKey } = props;
    const rotations = { credentialsRotation, launchKeyRotation };
    const functions = Object.values(props.functions);
    const { topic } = new AlarmTopic(this, 'AlarmTopic', { stage, encryptionKey });
    const metrics = new RequestMetrics(this, 'Metrics', {
      stage,
      logGroups: Object.fromEntries(
        Object.entries(props.functions).map(([name, { logGroup }]) => [name, logGroup]),
      ),
      accessLog: api.accessLog,
    });
    this.alarms = new Alarms(this, 'Alarms', { metrics, api, functions, ...rotations, topic });
    if (topic) new CredentialsWatch(this, 'CredentialsWatch', { stage, secret: credentials.secret, topic });
    new SavedQueries(this, 'Queries', { logGroups: functions.map(({ logGroup }) => logGroup) });
    new StageDashboard(this, 'Dashboard', {
      stage,
      api,
      functions,
      metrics,
      ...rotations,
      alarms: this.alarms,
    });
  }
}
