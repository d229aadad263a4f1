import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { bundleFunction } from '../lib/bundle.ts';
import { policyPacks } from '../lib/policy-scan.ts';
import { SessionStack } from '../lib/session-stack.ts';
import { readStages, StagesError } from '../lib/stages.ts';

const app = new App({ analyticsReporting: false });
Validations.of(app).addPlugins(...policyPacks());
try {
  const stages = readStages(app.node.tryGetContext('stages'));
  const bundles = {
    createSession: await bundleFunction('create-session', join(app.outdir, 'bundles', 'create-session')),
  };
  for (const stage of stages) new SessionStack(app, `BeginiSession-${stage.name}`, { stage, bundles });
} catch (error) {
  if (!(error instanceof StagesError)) throw error;
  console.error(error.message);
  process.exit(1);
}
