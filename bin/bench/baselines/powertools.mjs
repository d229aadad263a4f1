/** As the documentation of Powertools for AWS Lambda has it: logger, metrics, parameters and middy. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { getSecret } from '@aws-lambda-powertools/parameters/secrets';
import middy from '@middy/core';
import { createSession, readUid } from './session-call.mjs';

const logger = new Logger({ serviceName: 'sessions' });
const metrics = new Metrics({ namespace: 'sessions', serviceName: 'sessions' });

export const handler = middy(async (event) => {
  const uid = readUid(event.body);
  const credentials = await getSecret(process.env.CREDENTIALS_SECRET_ARN, { maxAge: 300, transform: 'json' });
  const answer = await createSession(uid, credentials);
  metrics.addMetric('sessionCreated', MetricUnit.Count, 1);
  logger.info('session created');
  return answer;
})
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics));
