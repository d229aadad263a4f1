import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { bundleFunction, type FunctionName, functionNames } from '../lib/lambda/bundle.ts';
import { policyPacks } from '../lib/policy-scan.ts';
import { SessionStack } from '../lib/session-stack.ts';
import { readStages, StagesError } from '../lib/stages/stages.ts';

const app = new App({ analyticsReporting: false });
Validations.of(app).addPlugins(...policyPacks());
try {
  const stages = readStages(app.node.tryGetContext('stages'));
  for (const stage of stages) {
    // Only the pages differ by stage; where the code is the same, so are the assets.
    const bundled = functionNames.map(async (name) => [
      name,
      await bundleFunction(name, join(app.outdir, 'bundles', stage.path, name), {
        APPLICANT_PAGE: stage.applicantPage,
      }),
    ]);
    const bundles = Object.fromEntries(await Promise.all(bundled)) as Record<FunctionName, string>;
    new SessionStack(app, `BeginiSession-${stage.name}`, { stage, bundles });
  }
} catch (error) {
  if (!(error instanceof StagesError)) throw error;
  console.error(error.message);
  process.exit(1);
}
