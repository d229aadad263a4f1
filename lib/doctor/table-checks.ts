import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { type Check, type Commands, ok, wrong } from './check.ts';

/** The table of remembered sessions. */
export function tableChecks(client: DynamoDBClient, TableName: string, { deploy }: Commands): Check[] {
  return [
    {
      group: 'store',
      name: 'the table of sessions',
      action: 'dynamodb:DescribeTable',
      async run() {
        const { Table } = await client.send(new DescribeTableCommand({ TableName }));
        const status = Table?.TableStatus ?? 'absent';
        return ['ACTIVE', 'UPDATING'].includes(status) ? ok('in use') : wrong(`it is ${status}`, deploy);
      },
    },
    {
      group: 'store',
      name: 'sessions that are over are deleted',
      action: 'dynamodb:DescribeTimeToLive',
      async run() {
        const command = new DescribeTimeToLiveCommand({ TableName });
        const { TimeToLiveDescription: ttl } = await client.send(command);
        if (ttl?.TimeToLiveStatus === 'ENABLED' && ttl.AttributeName === 'expiresAt') return ok('TTL is on');
        return wrong(
          'TTL is off, or on another attribute',
          'DynamoDB → Tables → the table → Additional settings → Time to Live: turn it on for expiresAt.',
        );
      },
    },
  ];
}
