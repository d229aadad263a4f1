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
process.exitCode = await runDoctor(process.argv.slice(2), {
  environment: process.env,
  print: console.log,
  printError: console.error,
});
