import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AccountStack, accountStackNameOf } from '../lib/account-stack.ts';
import { bundleFunction, type FunctionName, functionNames } from '../lib/lambda/bundle.ts';
import { policyPacks } from '../lib/policy-scan.ts';
import { SessionStack } from '../lib/session-stack.ts';
import { readCreatesAccountRole, readStages, type Stage, StagesError } from '../lib/stages/stages.ts';

const app = new App({ analyticsReporting: false });
Validations.of(app).addPlugins(...policyPacks());
try {
  const stages = readStages(app.node.tryGetContext('stages'), process.env.CDK_DEFAULT_REGION);
  // Only if asked for: `cdk deploy --all` must not take the role from other teams' APIs.
  const createsAccountRole = readCreatesAccountRole(app.node.tryGetContext('apiGatewayAccountRole'));
  const bundle = (name: FunctionName, folder: string = name, constants = {}) =>
    bundleFunction(name, join(app.outdir, 'bundles', folder), constants);
  const shared: Partial<Record<FunctionName, string>> = {};
  for (const name of functionNames) if (name !== 'launch') shared[name] = await bundle(name);
  for (const stage of stages) {
    // Each stage has its own pages.
    const launch = await bundle('launch', `launch-${stage.path}`, { APPLICANT_PAGE: stage.applicantPage });
    const bundles = { ...shared, launch } as Record<FunctionName, string>;
    const stack = new SessionStack(app, `BeginiSession-${stage.name}`, { stage, bundles });
    if (createsAccountRole) stack.addStackDependency(accountStackOf(stage));
  }
} catch (error) {
  if (!(error instanceof StagesError)) throw error;
  console.error(error.message);
  process.exit(1);
}

/** The stack of the account and region where a stage is deployed, made once; cdk deploys it first. */
function accountStackOf(stage: Stage): AccountStack {
  const made = app.node.tryFindChild(accountStackNameOf(stage));
  return (made as AccountStack | undefined) ?? new AccountStack(app, stage);
}
