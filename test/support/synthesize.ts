import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type FunctionName, functionNames } from '../../lib/lambda/bundle.ts';
import { SessionStack } from '../../lib/session-stack.ts';
import { readStages } from '../../lib/stages/stages.ts';
import { runFolderVariable } from './test-run.ts';

/** Stands in for a bundle: the stack does not depend on its content. */
const bundle = mkdtempSync(join(tmpdir(), 'begini-session-empty-'));
writeFileSync(join(bundle, 'index.mjs'), 'export const handler = async () => {};');

/** The rows of a fresh checkout. */
export const environments = ['test', 'production'] as const;

/** CDK's own validation of a template takes ten times as long as its synthesis: `cdk synth` runs it, and one test. */
export const newApp = (context: Record<string, unknown> = {}) =>
  new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    treeMetadata: false,
    stackTraces: false,
    context,
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

/** What CloudFormation gets for a row of the stages table; the first test file that asks for it synthesizes it. */
export function templateOf(row: Record<string, unknown>): Template {
  const digest = createHash('sha256').update(JSON.stringify(row)).digest('hex');
  const file = join(String(process.env[runFolderVariable]), `${digest}.template.json`);
  if (!existsSync(file)) {
    // Whole at once: another worker may ask for the same one.
    const written = join(bundle, digest);
    writeFileSync(written, JSON.stringify(Template.fromStack(stackOf(row)).toJSON()));
    renameSync(written, file);
  }
  return Template.fromJSON(JSON.parse(readFileSync(file, 'utf8')));
}

/** The only resource of a type, found by a part of its logical id if there are several. */
export function resourceOf(template: Template, type: string, idPart = ''): Resource {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.includes(idPart));
  const [match, ...others] = found;
  if (!match || others.length > 0)
    throw new Error(`${found.length} resources of ${type} are called ${idPart}`);
  const [logicalId, resource] = match;
  return { logicalId, Properties: {}, ...resource };
}

/** A resource of the template, with its logical id. */
interface Resource {
  logicalId: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}
