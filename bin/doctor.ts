import { parseArgs } from 'node:util';
import { reasonOf } from '../functions/errors.ts';
import { type Finding, runChecks } from '../lib/doctor/run-checks.ts';
import { readPort } from '../lib/local/local-stage.ts';
import { UsageError } from '../lib/operator/arguments.ts';

const usage = `Usage: npm run doctor -- --stage <stage> [--hand-off] [--json]
       npm run doctor -- --local [--hand-off] [--json]

Says whether a deployed stage can go live. Only --hand-off creates anything at Begini: one session.`;

async function main(argv: string[]): Promise<number> {
  const { stage, local, handOff, json } = parse(argv);
  const checks = local
    ? await findLocal(handOff)
    : await findDeployed(stage, { handOff, environment: process.env });
  let group = '';
  const findings = await runChecks(checks, (finding) => {
    if (json) return;
    if (finding.group !== group) console.log(`\n${finding.group}`);
    group = finding.group;
    console.log(lineOf(finding));
  });
  const count = (status: Finding['status']) => findings.filter((each) => each.status === status).length;
  const wrong = count('wrong');
  if (json) console.log(JSON.stringify({ passed: wrong === 0, findings }, null, 2));
  else {
    console.log(
      `\n${wrong === 0 ? 'Nothing is wrong' : 'Not ready'}: ${count('ok')} ok, ${count('to do')} to do, ${wrong} wrong, ${count('not checked')} not checked.`,
    );
  }
  return wrong === 0 ? 0 : 1;
}

function parse(argv: string[]) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        stage: { type: 'string' },
        local: { type: 'boolean' },
        'hand-off': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    const { stage = '', local = false, 'hand-off': handOff = false, json = false } = values;
    if (stage || local) return { stage, local, handOff, json };
  } catch {
    // Quotes nothing of the command line.
  }
  throw new UsageError(usage);
}

// What AWS needs takes longer to load than all the rest.
async function findDeployed(name: string, options: { handOff: boolean; environment: NodeJS.ProcessEnv }) {
  const { findStage } = await import('../lib/operator/find-stage.ts');
  const stage = await findStage(name);
  const { deployedChecks } = await import('../lib/doctor/deployed-checks.ts');
  return await deployedChecks(stage, options);
}

async function findLocal(handOff: boolean) {
  const port = readPort(process.env.PORT);
  await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) }).catch(() => {
    throw new UsageError(`Nothing answers on port ${port}. Start the local service with: npm start`);
  });
  const { localChecks } = await import('../lib/doctor/local-checks.ts');
  return localChecks(port, { handOff });
}

function lineOf({ status, name, found, next }: Finding): string {
  const result = status === 'not checked' ? `not checked (${found})` : status.padEnd(11);
  const line = status === 'not checked' ? `  ${result}  ${name}` : `  ${result}  ${name}: ${found}`;
  return next ? `${line}\n               → ${next}` : line;
}

/** Errors of the SDK are shown by name only. */
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(
    error instanceof UsageError
      ? error.message
      : `AWS could not be asked, or refused: ${reasonOf(error)}.
Next: sign in again (aws sso login), check AWS_PROFILE and AWS_REGION, and the policy DoctorPolicyArn of the stage.`,
  );
  return 2;
});
