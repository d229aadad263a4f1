import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { type FunctionName, functionNames } from '../../lib/lambda/bundle.ts';
import { SessionStack } from '../../lib/session-stack.ts';
import { readStages } from '../../lib/stages/stages.ts';

/** Stands in for a bundle: the stack does not depend on its content. */
const bundle = mkdtempSync(join(tmpdir(), 'begini-session-empty-'));
writeFileSync(join(bundle, 'index.mjs'), 'export const handler = async () => {};');

/*
 * In tests, package.json maps `aws-cdk-lib` to its core: Jest reads every export of a package that it imports, and so
 * would load each of the CDK's three hundred services.
 */

/** CDK's own validation of a template takes ten times as long as its synthesis: `cdk synth` runs it, and one test. */
export const newApp = (context: Record<string, unknown> = {}) =>
  new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    treeMetadata: false,
    context: { 'aws:cdk:disable-creation-stack-traces': true, ...context },
  });

/** The stack of the stage `Demo`, made from a row of the stages table and from the rest of the context in cdk.json. */
export function stackOf(row: Record<string, unknown>, context: Record<string, unknown> = {}): SessionStack {
  const [stage] = readStages({ Demo: row });
  if (!stage) throw new Error('the table has one row');
  return new SessionStack(newApp(context), `BeginiSession-${stage.name}`, {
    stage,
    bundles: Object.fromEntries(functionNames.map((name) => [name, bundle])) as Record<FunctionName, string>,
  });
}
