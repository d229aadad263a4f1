import { createInterface } from 'node:readline/promises';
import { reasonOf } from '../functions/errors.ts';
import { runDoctor } from './doctor/doctor-command.ts';

// A reader that ends early, such as `head -1`, closes the output. Without a listener that would be a stack trace.
process.stderr.on('error', () => process.exit(1));
process.stdout.on('error', (error) => {
  console.error(
    `There is no verdict: the output was closed (${reasonOf(error)}). Run the doctor again and read all of it.`,
  );
  process.exit(1);
});

/** On standard error, so that the output stays as it is. */
async function askMfaCode(device: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const code = await terminal.question(`MFA code for ${device}: `);
  terminal.close();
  return code;
}

process.exitCode = await runDoctor(process.argv.slice(2), {
  environment: process.env,
  print: console.log,
  printError: console.error,
  askMfaCode: process.stdin.isTTY ? askMfaCode : undefined,
});
