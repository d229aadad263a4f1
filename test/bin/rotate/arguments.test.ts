import { expect, test } from '@jest/globals';
import { parseCommand } from '../../../bin/rotate/arguments.ts';

/** The first line of the message about a refused command line. */
function faultOf(argv: string[], environment: Record<string, string> = {}): string | undefined {
  try {
    parseCommand(argv, environment);
  } catch (error) {
    const { name, message } = error as Error;
    expect(name).toBe('UsageError');
    expect(message).toContain('Usage: npm run rotate -- --stage');
    return message.split('\n')[0];
  }
  return undefined;
}

test('reads a command line', () => {
  const command = { stage: 'Test', status: false, local: true, file: 'pair.json', confirm: undefined };
  const argv = ['--stage', 'Test', '--local', '--file=pair.json'];
  expect(parseCommand(argv)).toEqual({ ...command, compromised: false });
  expect(parseCommand([...argv, '--compromised'])).toEqual({ ...command, compromised: true });
});

test.each<[string[], string]>([
  [[], '--stage is missing.'],
  [['--stage'], '--stage needs a value.'],
  [['--stage', '--local'], '--stage needs a value.'],
  [['--stage', 'test', '--local=yes'], '--local has no value.'],
  [['--stage', 'test', '--stat'], 'There is no option --stat.'],
  [['--stage', 'test', '--api-key', 'A-KEY'], 'There is no option --api-key.'],
  [['--stage', 'test', '--api-key=A-KEY'], 'There is no option --api-key.'],
  [['--stage', 'test', '--A-KEY'], 'There is no option like one of those given.'],
  [['--stage', 'test', 'A-KEY'], 'A value was given instead of an option.'],
])('says what is wrong with %j, and quotes no value', (argv, fault) => {
  expect(faultOf(argv)).toBe(fault);
});
