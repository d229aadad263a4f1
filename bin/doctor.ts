import { runDoctor } from './doctor/doctor-command.ts';

process.exitCode = await runDoctor(process.argv.slice(2), {
  environment: process.env,
  print: console.log,
  printError: console.error,
});
