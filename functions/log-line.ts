import { version } from './version.ts';

/** Receives one line of JSON, with its line break. */
export type WriteLine = (line: string) => void;

/** Where log lines go, and which stage they name. */
export type LogOptions = {
  stage: string;
  /** Default: standard output. */
  writeLine?: WriteLine | undefined;
};

/** What every log line says; the other fields follow as they are. */
export type LogFields = { level: 'INFO' | 'WARN' | 'ERROR'; message: string };

/**
 * Writes one line of JSON. By default it goes straight to standard output, not through `console`, which wraps it: the
 * line is the whole log event, and CloudWatch metric filters find its fields.
 */
export function writeLogLine(
  { stage, writeLine = writeToStandardOutput }: LogOptions,
  { level, message, ...fields }: LogFields & Record<string, unknown>,
): void {
  const timestamp = new Date().toISOString();
  writeLine(`${JSON.stringify({ timestamp, level, message, stage, version, ...fields })}\n`);
}

function writeToStandardOutput(line: string): void {
  process.stdout.write(line);
}
