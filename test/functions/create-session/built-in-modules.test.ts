import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { startLambdaEnvironment } from '../../../bin/stand-ins/lambda/lambda-environment.ts';
import { bundleOnce, startLambda } from '../../support/lambda.ts';

/** The parts of Node that were loaded after one request: its JavaScript modules and native bindings. */
type Report = { statusCode: number; modules: string[] };

/** A function that passes requests to `module` and answers with a report. */
async function reportingFunction(module: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'begini-session-report-'));
  await writeFile(
    join(folder, 'index.mjs'),
    `import { handler as handle } from ${JSON.stringify(module)};
    export const handler = async (event, context) => ({
      statusCode: (await handle(event, context)).statusCode,
      modules: process.moduleLoadList,
    });`,
  );
  return folder;
}

async function modulesOfEmptyFunction(): Promise<string[]> {
  const empty = 'data:text/javascript,export const handler = async () => ({ statusCode: 200 });';
  const environment = await startLambdaEnvironment({
    bundleFolder: await reportingFunction(empty),
    environment: {},
  });
  try {
    return ((await environment.invoke(proxyEvent({}))) as Report).modules;
  } finally {
    await environment.stop();
  }
}

test('loads at most 40 built-in modules more than an empty function, its first request included', async () => {
  const bundle = join(await bundleOnce('create-session'), 'index.mjs');
  const lambda = await startLambda('create-session', {
    variables: { LAMBDA_TASK_ROOT: await reportingFunction(bundle) },
  });
  try {
    const report = (await lambda.environment.invoke(proxyEvent({ uid: 'ABCDE-12345' }))) as Report;
    expect(report.statusCode).toBe(302);
    // An empty function's modules are Node's own start and what any bootstrap needs: streams, net and http.
    const inEmptyFunction = new Set(await modulesOfEmptyFunction());
    const added = report.modules.filter((module) => !inEmptyFunction.has(module));
    expect(added).toContain('NativeModule https');
    expect(added).not.toContain('NativeModule internal/deps/undici/undici');
    expect(added.length > 40 ? added : []).toEqual([]); // So that a failure lists them.
  } finally {
    await lambda.stop();
  }
});
