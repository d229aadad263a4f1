/** Writes a log line to standard output, not through `console`, which wraps it: the line is the whole log event. */
export function writeToStandardOutput(line: string): void {
  process.stdout.write(line);
}
