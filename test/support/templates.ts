import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { runFolderVariable } from './test-run.ts';

/** The rows of a fresh checkout. */
export const environments = ['test', 'production'] as const;

/** A row with all that a stage can have by itself: its own key, results, and somebody who is notified. */
export const fullRow = (environment: (typeof environments)[number]) => ({
  environment,
  customerManagedKey: true,
  alarmEmail: 'on-call@bank.example',
  results: true,
});

/** A row with two loan apps that send API keys. */
export const rowWithApiKeys = (environment: (typeof environments)[number]) => ({
  environment,
  callerAuth: 'api-key',
  loanApps: ['quick-cash', 'farmers'],
  allowedSourceIps: ['203.0.113.0/24'],
  launchLinks: false,
  throttle: { rateLimit: 7, burstLimit: 8 },
});

/** What CloudFormation gets for a row of the stages table; the first test file that asks for it synthesizes it. */
export function templateOf(row: Record<string, unknown>): Template {
  const digest = createHash('sha256').update(JSON.stringify(row)).digest('hex');
  const file = join(String(process.env[runFolderVariable]), `${digest}.template.json`);
  if (!existsSync(file)) {
    // Only now: a file whose templates are there already needs neither the stack nor the CDK's services.
    const { stackOf } = createRequire(import.meta.url)('./synthesize.ts') as typeof import('./synthesize.ts');
    // Whole at once: another worker may ask for the same one.
    const written = `${file}.${process.pid}`;
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
