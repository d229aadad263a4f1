import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { CredentialsPair } from '../functions/credentials/credentials-pair.ts';
import { reasonOf } from '../functions/errors.ts';
import { isOnTheWay, networkAdvice } from './deployed/https-agent.ts';
import { UsageError } from './deployed/usage-error.ts';
import { afterPass, type Renewal } from './rotate/after-pass.ts';
import { type Command, parseCommand } from './rotate/arguments.ts';
import { confirmStage } from './rotate/confirm-stage.ts';
import { checkApiKey, checkPair, PairError, parsePairInput } from './rotate/pair-input.ts';
import type { SecretTarget } from './rotate/secret-target.ts';
import { Terminal } from './rotate/terminal.ts';
import { localSecretName, localStage, readPort } from './stand-ins/local-stage.ts';

const { stdin } = process;
const interruptedExitCode = 130;
/** How long a withdrawal may take after the operator has interrupted. */
const withdrawalMs = 2_000;
/** Aborted by a signal, or by a terminal that was closed. */
const interruption = new AbortController();
/** Whether something may be staged, so that the interruption has to withdraw it. */
let isRotating = false;
const say = (sentence: string) => console.log(sentence);
// From the start of the command: a key that is pasted early must not be shown either.
const terminal = stdin.isTTY
  ? new Terminal({ input: stdin, write: (shown) => process.stdout.write(shown), interrupt })
  : undefined;

// The AWS SDK and the stages table take longer to load than everything else: each is loaded when it is first needed.

async function main(argv: string[]): Promise<number> {
  const command = parseCommand(argv, process.env);
  const { stage, target } = command.local ? await findLocal(command) : await findDeployed(command);
  say(`Stage ${stage.name} (${stage.environment})${command.local ? ', the local service' : ''}
Secret ${target.secretName}, account ${target.account}, region ${target.region}\n`);
  if (command.status) return await showStatus(target);
  const { refuseUnusableSecret } = await import('./rotate/secret-target.ts');
  refuseUnusableSecret(target, stage);
  if (command.compromised && !stage.results) {
    throw new UsageError(
      'This stage has no results: --compromised has nothing to end. Renew the key without it, and give the new key to your receiver.',
    );
  }
  await confirmStage(
    stage,
    command.confirm,
    terminal && ((question) => terminal.ask(question, { echo: true })),
  );
  return await rotate(await readPair(command), target, {
    results: stage.results,
    isCompromised: command.compromised,
  });
}

async function findDeployed(command: Command) {
  const { findStage } = await import('./deployed/find-stage.ts');
  const stage = await findStage(command.stage);
  const { findDeployedSecret } = await import('./rotate/secret-target.ts');
  const askMfaCode =
    terminal && ((device: string) => terminal.ask(`MFA code for ${device} (not shown): `, { echo: false }));
  return { stage, target: await findDeployedSecret(stage, { environment: process.env, askMfaCode }) };
}

async function findLocal(command: Command) {
  if (command.stage.toLowerCase() !== localStage.path) {
    throw new UsageError(`There is no such stage in the local service; use ${localStage.name}.`);
  }
  const endpoint = `http://127.0.0.1:${readPort(process.env.PORT) + 2}`;
  const { findLocalSecret } = await import('./rotate/secret-target.ts');
  const target = await findLocalSecret(endpoint, localSecretName).catch((error) => {
    if (reasonOf(error) !== 'ECONNREFUSED') throw error;
    throw new UsageError(`Nothing answers at ${endpoint}. Start the local service with: npm start`);
  });
  return { stage: localStage, target };
}

async function showStatus({ versions }: SecretTarget): Promise<number> {
  const labels = Map.groupBy(await versions.versionIdsByLabel(), ([, versionId]) => versionId);
  for (const [versionId, held] of labels) say(`${versionId}  ${held.map(([label]) => label).join(' ')}`);
  return 0;
}

async function readPair({ file }: Command): Promise<CredentialsPair> {
  if (file !== undefined) {
    const bytes = await readPairFile(file);
    if (process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0) {
      say('Other users of this machine may read that file: chmod 600 it, and delete it afterwards.');
    }
    return parsePairInput(bytes);
  }
  if (!terminal) {
    say(
      'Reading the pair from standard input, until it ends. That is no terminal: what is typed there is shown.',
    );
    return parsePairInput(await buffer(stdin));
  }
  say('What was pasted before this question is not used. If the terminal shows a key above, renew that key.');
  const apiKey = checkApiKey(await terminal.ask('API key (not shown): ', { echo: false }));
  return checkPair(apiKey, await terminal.ask('Integration id: ', { echo: true }));
}

async function readPairFile(file: string): Promise<Buffer> {
  return await readFile(file).catch((error) => {
    throw new PairError(`The file cannot be read: ${reasonOf(error)}.`);
  });
}

async function rotate(
  pair: CredentialsPair,
  { client, versions }: SecretTarget,
  renewal: Pick<Renewal, 'results' | 'isCompromised'>,
): Promise<number> {
  const { rotatePair } = await import('./rotate/rotate-pair.ts');
  isRotating = true;
  const startedAt = Date.now();
  const verdict = await rotatePair(pair, {
    client,
    versions,
    say,
    isCompromised: renewal.isCompromised,
    signal: interruption.signal,
  });
  if (interruption.signal.aborted) {
    say(
      `\nInterrupted. ${verdict ? 'What was staged is withdrawn; the pair in use is unchanged.' : 'The new pair is in use already.'}`,
    );
    return interruptedExitCode;
  }
  if (verdict) {
    say(`\nFAIL: ${verdict.reason} The pair in use is unchanged.\nNext: ${verdict.next}`);
    return 1;
  }
  const next = afterPass({ ...renewal, startedAt, passedAt: Date.now() });
  say(`\nPASS: Begini accepted the pair, and it is in use.\n${next}`);
  return 0;
}

/**
 * The result of a failure: the exit code, and a message without any value. Errors of the SDK are shown by name only.
 */
function explain(error: unknown): { exitCode: number; message: string } {
  if (error instanceof UsageError) return { exitCode: 2, message: error.message };
  if (error instanceof PairError) {
    return { exitCode: 1, message: `FAIL: ${error.message} Nothing was changed.` };
  }
  const reason = reasonOf(error);
  const fault = isOnTheWay(reason)
    ? `AWS could not be reached: ${reason}.\nNext: ${networkAdvice}`
    : `AWS refused: ${reason}.
Next: check your AWS credentials and region (AWS_PROFILE, AWS_REGION), and the policy OperatorPolicyArn of the stack. Then run this again.`;
  return { exitCode: 1, message: `FAIL: ${fault}\n--status shows what is in use.` };
}

function interrupt(): void {
  if (interruption.signal.aborted) return;
  interruption.abort();
  if (!isRotating) {
    console.error('\nInterrupted. Nothing was changed.');
    process.exit(interruptedExitCode);
  }
  setTimeout(() => {
    console.error(
      '\nInterrupted. It is not certain which pair is in use: --status shows it. A pair that is only staged is never put in use.',
    );
    process.exit(interruptedExitCode);
  }, withdrawalMs).unref();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
// A terminal that was closed answers EIO or EPIPE: without a listener that would end the process before the withdrawal.
for (const stream of [stdin, process.stdout, process.stderr]) stream.on('error', interrupt);
if (terminal) stdin.once('end', interrupt);
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { exitCode, message } = explain(error);
  console.error(message);
  return exitCode;
});
terminal?.close();
