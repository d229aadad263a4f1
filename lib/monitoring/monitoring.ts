import { Construct } from 'constructs';
import type { Firewall } from '../api/firewall.ts';
import type { RoutedFunction } from '../api/routes.ts';
import type { SessionApi } from '../api/session-api.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { ApiFunction } from '../lambda/api-function.ts';
import type { ResultQueues } from '../results/result-queues.ts';
import type { StageProps } from '../stage-props.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { Alarms, type Rotations } from './alarms.ts';
import { CredentialsWatch } from './credentials-watch.ts';
import { StageDashboard } from './dashboard.ts';
import { RequestMetrics } from './request-metrics.ts';
import { SavedQueries } from './saved-queries.ts';

export interface MonitoringProps extends StageProps {
  api: SessionApi;
  /** Absent in a stage without a firewall. */
  firewall: Firewall | undefined;
  /** The functions that answer requests. */
  functions: Readonly<Partial<Record<RoutedFunction, ApiFunction>>>;
  credentials: Credentials;
  rotations: Rotations;
  /** The queues of results, in a stage that has them. */
  results: ResultQueues | undefined;
}

/** Everything that shows an operator the state of a stage: metrics, alarms, dashboard and saved queries. */
export class Monitoring extends Construct {
  readonly alarms: Alarms;
  /** Absent if the stage has no receiver of alarms. */
  readonly topicArn: string | undefined;
  /** Where the dashboard is in the console. */
  readonly dashboardUrl: string;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { stage, api, credentials, rotations, results, encryptionKey } = props;
    const functions = Object.values(props.functions);
    const { topic } = new AlarmTopic(this, 'AlarmTopic', { stage, encryptionKey });
    this.topicArn = topic?.topicArn;
    const metrics = new RequestMetrics(this, 'Metrics', {
      stage,
      functions: props.functions,
      accessLog: api.accessLog,
    });
    this.alarms = new Alarms(this, 'Alarms', { stage, metrics, api, functions, rotations, results, topic });
    if (topic) new CredentialsWatch(this, 'CredentialsWatch', { stage, secret: credentials.secret, topic });
    new SavedQueries(this, 'Queries', {
      logGroups: functions.map(({ logGroup }) => logGroup),
      ofResults: props.functions['receive-result']?.logGroup,
    });
    this.dashboardUrl = new StageDashboard(this, 'Dashboard', {
      stage,
      api,
      firewall: props.firewall,
      functions,
      metrics,
      rotations,
      results,
      alarms: this.alarms,
    }).url;
  }
}
