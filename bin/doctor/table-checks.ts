import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Check } from './check.ts';

/** The table of remembered sessions. */
export function tableCheck(client: DynamoDBClient, tableName: string): Check {
  return {
    group: 'store',
    name: 'the table of sessions',
    action: 'dynamodb:DescribeTable',
    resource: `the table ${tableName}`,
    async run() {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
      const state = Table?.TableStatus ?? 'in an unknown state';
      if (['ACTIVE', 'UPDATING'].includes(state)) return { code: 'table_in_use' };
      return { code: 'table_not_in_use', state };
    },
  };
}

/** Whether DynamoDB deletes what nobody needs any more. */
export function timeToLiveCheck(client: DynamoDBClient, tableName: string): Check {
  return {
    group: 'store',
    name: 'expired sessions are deleted',
    action: 'dynamodb:DescribeTimeToLive',
    resource: `the table ${tableName}`,
    async run() {
      const command = new DescribeTimeToLiveCommand({ TableName: tableName });
      const { TimeToLiveDescription: ttl } = await client.send(command);
      const isOn = ttl?.TimeToLiveStatus === 'ENABLED' && ttl.AttributeName === 'expiresAt';
      return isOn ? { code: 'ttl_on' } : { code: 'ttl_off', tableName };
    },
  };
}
