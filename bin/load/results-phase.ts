import type { APIGatewayProxyResult } from 'aws-lambda';
import type { Sqs, SqsFault } from '../stand-ins/sqs/sqs.ts';
import type { Phase } from './phases.ts';
import { resultBody, signedEvent } from './signed-event.ts';

/** How SQS refuses a message, in turns. */
const refusals: readonly SqsFault[] = ['internal-error', 'throttle', 'deny', 'no-queue', 'reset'];
/** One event in so many is refused, with the second try that the function makes. */
const refusedEvery = 10;
const functionTries = 2;
/** Begini repeats an event until it is answered 200, but a broken function must not keep the load from ending. */
const mostRepeats = 5;

/** Events of Begini: SQS refuses one in ten, and Begini repeats it. Each must be in the queue exactly when it is answered 200. */
export function eventsInTrouble(requests: number): Phase {
  let events = 0;
  let mismatches = 0;
  const stored = new Set<string>();
  const isStored = (body: string, { messages }: Sqs) => {
    for (const message of messages('results').slice(stored.size)) stored.add(message.body);
    return stored.has(body);
  };
  return {
    name: 'events, SQS refuses one in ten',
    requests,
    prepare: ({ sqs }) => sqs.fail('none'),
    client:
      (environment, { sqs }) =>
      async () => {
        events += 1;
        const body = resultBody(events);
        if (events % refusedEvery === 0) {
          const refusal = refusals[(events / refusedEvery) % refusals.length] ?? 'none';
          sqs.fail(refusal, { times: functionTries });
        }
        for (let repeats = 0; ; repeats += 1) {
          const answer = (await environment.invoke(signedEvent(body))) as APIGatewayProxyResult;
          const isAccepted = answer.statusCode === 200;
          if (isStored(body, sqs) !== isAccepted) mismatches += 1;
          if (isAccepted || repeats === mostRepeats) return answer;
        }
      },
    expected: '200',
    check: () => [
      ...(mismatches > 0
        ? [`${mismatches} answers were 200 without the event in the queue, or the other way round`]
        : []),
      ...(stored.size < events ? [`${events - stored.size} events were lost`] : []),
    ],
  };
}
