import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startLoopbackServer } from '../../bin/stand-ins/loopback.ts';
import { programEnvironment } from '../support/test-run.ts';

/** Each example by its language, and the program that runs it. */
export const examples = {
  node: { file: 'hand-over.mjs', program: process.execPath },
  python: { file: 'hand_over.py', program: 'python3' },
  curl: { file: 'hand-over.sh', program: 'sh' },
} as const;

export type Language = keyof typeof examples;

/** What came of one applicant: where the browser is sent, else what the example said of it. */
export type HandOver = { url: string | undefined; output: string };

/** Where an example calls, and with what. */
export type Caller = Record<string, string>;

/** Runs an example for one applicant as its user does: presses the button of its page, or runs the script. */
export async function runExample(language: Language, caller: Caller, uid: string): Promise<HandOver> {
  const { file, program } = examples[language];
  const folder = mkdtempSync(join(tmpdir(), 'begini-example-'));
  const child = spawn(program, [join(import.meta.dirname, file), uid], {
    cwd: folder,
    // Nothing of this machine: neither its credentials nor its proxies.
    env: { ...programEnvironment(), HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', PORT: '0', ...caller },
  });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  try {
    const url = language === 'curl' ? await location() : await pressButton();
    return { url, output };
  } finally {
    child.kill();
    await closed;
    rmSync(folder, { recursive: true });
  }

  async function location(): Promise<string | undefined> {
    const [code] = await closed;
    return code === 0 ? readFileSync(join(folder, 'location'), 'utf8') : undefined;
  }

  async function pressButton(): Promise<string | undefined> {
    const address = await printedAddress();
    const reply = await fetch(address, { method: 'POST', redirect: 'manual' });
    const url = reply.headers.get('location') ?? undefined;
    if (reply.status !== (url ? 302 : 503)) throw new Error(`The example answered ${reply.status}`);
    output += await reply.text();
    return url;
  }

  async function printedAddress(): Promise<string> {
    for (;;) {
      const address = /^Open (http:\S+)$/m.exec(output)?.[1];
      if (address) return address;
      if (child.exitCode !== null) throw new Error(`The example ended: ${output}`);
      await Promise.race([once(child.stdout, 'data'), closed]);
    }
  }
}

/** One answer of a made-up service: of HTTP, or none. */
export type Scripted =
  | 'lose'
  | 'hang'
  | { status: number; headers?: Record<string, string>; body?: string | object };

export type ScriptedService = Awaited<ReturnType<typeof startScriptedService>>;

/** A service that answers by a script, and repeats the last line of it. */
export async function startScriptedService() {
  let script: Scripted[] = [];
  const bodies: string[] = [];
  const { origin, close } = await startLoopbackServer({
    async listener(request, response) {
      bodies.push(await text(request));
      const next = script.length > 1 ? script.shift() : script[0];
      if (next === 'lose') request.socket.destroy();
      if (typeof next !== 'object') return;
      const { status, headers = {}, body = '' } = next;
      const content = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers }).end(content);
    },
  });
  return {
    url: `${origin}/test/sessions`,
    /** What each call sent since the last script. */
    bodies,
    play(...next: Scripted[]): void {
      script = next;
      bodies.length = 0;
    },
    close,
  };
}
