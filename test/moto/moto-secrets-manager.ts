import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readBody, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import type { RotationFunction, RotationStep } from '../../bin/stand-ins/secrets-manager/secret-store.ts';

/** A moto server: an implementation of AWS that is independent of the stand-in here. */
export type Moto = { url: string; stop(): Promise<void> };

/** Starts `moto_server` on a free port. */
export async function startMoto(): Promise<Moto> {
  const moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(moto, 'close');
  const stop = async () => {
    moto.kill();
    await closed;
  };
  let url: string | undefined;
  for await (const line of createInterface({ input: moto.stderr })) {
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error('moto_server ended before it listened');
  // Its log of requests continues, and must not fill the pipe.
  moto.stderr.resume();
  return { url, stop };
}

/** Moto's Secrets Manager, with rotations that run. */
export type RotatingMoto = { port: number; rotationEnded(): Promise<void>; close(): Promise<void> };

const steps: RotationStep[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
type Rotation = { SecretId: string; ClientRequestToken: string };

/**
 * Makes moto create the empty pending version that a rotation starts with. Moto does so before it looks for the
 * function, and ends there, because there is none.
 */
export async function startPendingVersion(moto: Moto, rotation: Rotation): Promise<void> {
  await dropPending(moto, rotation.SecretId);
  const RotationLambdaARN = 'arn:aws:lambda:us-east-1:123456789012:function:absent';
  await call(moto, 'secretsmanager.RotateSecret', JSON.stringify({ ...rotation, RotationLambdaARN }));
}

/** Moto would leave AWSPENDING on the current version, so that two versions have it. */
async function dropPending(moto: Moto, SecretId: string): Promise<void> {
  const described = await call(moto, 'secretsmanager.DescribeSecret', JSON.stringify({ SecretId }));
  const { VersionIdsToStages = {} } = (await described.json()) as {
    VersionIdsToStages?: Record<string, string[]>;
  };
  for (const [RemoveFromVersionId, stages] of Object.entries(VersionIdsToStages)) {
    if (!stages.includes('AWSPENDING') || !stages.includes('AWSCURRENT')) continue;
    const move = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId };
    await call(moto, 'secretsmanager.UpdateSecretVersionStage', JSON.stringify(move));
  }
}

/**
 * Passes all calls on to moto. Moto runs rotations only in a container, so after RotateSecret the steps are called from
 * here.
 */
export async function startRotatingMoto(moto: Moto, rotate: RotationFunction): Promise<RotatingMoto> {
  let running = Promise.resolve();
  const server = await startLoopbackServer({
    listener: async (request, response) => {
      const body = String(await readBody(request, 1_000_000));
      const target = String(request.headers['x-amz-target']);
      if (target === 'secretsmanager.RotateSecret') {
        const { SecretId, ClientRequestToken } = JSON.parse(body) as Rotation;
        await startPendingVersion(moto, { SecretId, ClientRequestToken });
        running = runSteps({ SecretId, ClientRequestToken }, rotate);
        response.end(JSON.stringify({ ARN: SecretId, VersionId: ClientRequestToken }));
      } else {
        const answer = await call(moto, target, body);
        const text = await answer.text();
        // Moto has never seen a rotation being set up.
        const described = target === 'secretsmanager.DescribeSecret' && answer.ok;
        const rotates = described ? JSON.stringify({ ...JSON.parse(text), RotationEnabled: true }) : text;
        response.writeHead(answer.status).end(rotates);
      }
    },
  });
  return { port: Number(new URL(server.origin).port), rotationEnded: () => running, close: server.close };
}

function call(moto: Moto, target: string, body: string): Promise<Response> {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': target,
    // Moto recognises the service by its name in the header.
    Authorization: 'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/secretsmanager/aws4_request',
  };
  return fetch(moto.url, { method: 'POST', headers, body });
}

async function runSteps(rotation: Rotation, rotate: RotationFunction): Promise<void> {
  try {
    for (const Step of steps) await rotate({ ...rotation, Step });
  } catch {
    // A failure shows in the labels, as at AWS.
  }
}
