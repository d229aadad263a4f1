import { createHmac } from 'node:crypto';
import { resultsPath } from '../../lib/api/routes.ts';
import { simulatedCredentials } from '../stand-ins/begini/begini-simulator.ts';
import { proxyEvent } from '../stand-ins/gateway/proxy-event.ts';

/** The body of an event of Begini, with a score. */
export const resultBody = (number: number) =>
  JSON.stringify({
    uid: `LOAD-EVENT-${number}`,
    integration_id: simulatedCredentials.integrationId,
    event: { type: 'psychometric_score.complete', details: { calculated: { score: number } } },
  });

/** What API Gateway hands to the function that receives results for a body that Begini has signed. */
export const signedEvent = (body: string) =>
  proxyEvent(body, {
    resource: resultsPath,
    path: resultsPath,
    headers: {
      'Content-Type': 'application/json',
      'X-Signature': createHmac('sha512', simulatedCredentials.apiKey).update(body).digest('hex'),
    },
  });
