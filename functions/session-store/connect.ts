import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { connectTimeoutMs } from '../deadlines.ts';
import { IdleConnections, KeepAliveAgent } from '../keep-alive-agent.ts';
import { SessionTable } from './session-table.ts';

/** The table on the real client: one try a call, over connections that are kept alive. */
export function connectSessionTable(
  tableName: string,
  config: DynamoDBClientConfig = {},
  now = Date.now,
): SessionTable {
  const agent = new KeepAliveAgent({ maxSockets: 50 });
  const client = new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: { httpsAgent: agent, connectionTimeout: connectTimeoutMs },
    ...config,
  });
  return new SessionTable({ client, connections: new IdleConnections(agent), tableName, now });
}
