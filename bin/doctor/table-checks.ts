import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { type Check, type Commands, ok, wrong } from './check.ts';

/** The table of remembered sessions. */
export function tableCheck(client: DynamoDBClient, TableName: string, { deploy }: Commands): Check {
  return {
    group: 'store',
    name: 'the table of sessions',
    action: 'dynamodb:DescribeTable',
    async run() {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      const status = Table?.TableStatus ?? 'absent';
      return ['ACTIVE', 'UPDATING'].includes(status) ? ok('in use') : wrong(`it is ${status}`, deploy);
    },
  };
}

/** Whether DynamoDB deletes what nobody needs any more. */
export function timeToLiveCheck(client: DynamoDBClient, TableName: string): Check {
  return {
    group: 'store',
    name: 'sessions that are over are deleted',
    action: 'dynamodb:DescribeTimeToLive',
    async run() {
      const command = new DescribeTimeToLiveCommand({ TableName });
      const { TimeToLiveDescription: ttl } = await client.send(command);
      if (ttl?.TimeToLiveStatus === 'ENABLED' && ttl.AttributeName === 'expiresAt') return ok('TTL is on');
      return wrong(
        'TTL is off, or on another attribute',
        `DynamoDB → Tables → ${TableName} → Additional settings → Time to Live (TTL): turn it on for expiresAt.`,
      );
    },
  };
}
