import { localApiKey } from '../stand-ins/local-stage.ts';

/** One applicant's request, and how it ended; epoch milliseconds. */
export type LoadRequest = { sentAt: number; answeredAt: number; status: number };

/** Requests at a steady rate, each for another applicant, until it is stopped. */
export type RunningLoad = { stop(): Promise<LoadRequest[]> };

/** Sends `POST /sessions` to the local service's `url`; a missing answer has status 0. */
export function startLoad(url: string, requestsPerSecond: number): RunningLoad {
  const requests: Promise<LoadRequest>[] = [];
  const timer = setInterval(() => requests.push(send(url, requests.length)), 1_000 / requestsPerSecond);
  return {
    async stop() {
      clearInterval(timer);
      return await Promise.all(requests);
    },
  };
}

async function send(url: string, index: number): Promise<LoadRequest> {
  const sentAt = Date.now();
  const status = await fetch(`${url}/sessions`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'x-api-key': localApiKey, 'Content-Type': 'application/json' },
    body: JSON.stringify({ uid: `DRILL-${sentAt}-${index}` }),
  }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
  return { sentAt, answeredAt: Date.now(), status };
}
