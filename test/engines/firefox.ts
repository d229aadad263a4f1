import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Engine, Tab, TabOptions } from './tab.ts';

/** Where Debian and Ubuntu install Firefox; `FIREFOX` names another place. */
const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** Firefox without a window, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). */
export const firefox: Engine = { name: 'Firefox', open };

async function open(options: TabOptions = {}): Promise<Tab> {
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: apt-get install firefox-esr, or set FIREFOX`);
  }
  const profile = await mkdtemp(join(tmpdir(), 'firefox-'));
  await writeFile(join(profile, 'user.js'), preferencesOf(options));
  const browser = spawn(
    executablePath,
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } },
  );
  const exited = once(browser, 'exit');
  const send = await connect(await addressIn(browser.stderr));
  await send('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  const { contexts } = await send<{ contexts: [{ context: string }] }>('browsingContext.getTree', {});
  const [{ context }] = contexts;
  await send('browsingContext.setViewport', { context, viewport: { width: 320, height: 640 } });
  return {
    goto: async (url) => void (await send('browsingContext.navigate', { context, url, wait: 'complete' })),
    async evaluate(expression) {
      const { result } = await send<{ result?: { value: string } }>('script.evaluate', {
        expression: `JSON.stringify(${expression})`,
        // In a realm of its own, where scripts run even if those of the page do not.
        target: { context, sandbox: 'test' },
        awaitPromise: true,
      });
      return JSON.parse(result?.value ?? 'null');
    },
    perform: async (actions) => void (await send('input.performActions', { context, actions })),
    back: async () => void (await send('browsingContext.traverseHistory', { context, delta: -1 })),
    async close() {
      browser.kill();
      await exited;
      await rm(profile, { recursive: true, force: true });
    },
  };
}

function preferencesOf({ scripts = true, scheme = 'light', forcedColors = false }: TabOptions): string {
  const preferences = {
    'javascript.enabled': scripts,
    'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1,
    ...(forcedColors && {
      'browser.display.document_color_use': 2,
      'browser.display.use_system_colors': false,
      'browser.display.background_color': '#000000',
      'browser.display.foreground_color': '#ffffff',
      'browser.display.background_color.dark': '#000000',
      'browser.display.foreground_color.dark': '#ffffff',
    }),
    // Calls to Mozilla's servers
    'app.update.auto': false,
    'browser.safebrowsing.update.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'extensions.getAddons.cache.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,',
  };
  return Object.entries(preferences)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('');
}

/** Firefox prints it when it is ready. */
async function addressIn(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address) {
      output.resume();
      return address;
    }
  }
  throw new Error('Firefox has ended');
}

type Answer = { id?: number; type: string; result?: unknown; error?: string; message?: string };

/** Sends commands over one connection, and resolves with their results. */
async function connect(address: string) {
  const socket = new WebSocket(`${address}/session`);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  socket.addEventListener('message', ({ data }) => {
    const { id = 0, type, result, error, message } = JSON.parse(String(data)) as Answer;
    const command = waiting.get(id);
    waiting.delete(id);
    if (type === 'success') command?.resolve(result);
    else command?.reject(new Error(`${error}: ${message}`));
  });
  await once(socket as unknown as EventTarget & NodeJS.EventEmitter, 'open');
  let lastId = 0;
  return async <Result = unknown>(method: string, params: object): Promise<Result> => {
    lastId += 1;
    const command = Promise.withResolvers<unknown>();
    waiting.set(lastId, command);
    socket.send(JSON.stringify({ id: lastId, method, params }));
    return (await command.promise) as Result;
  };
}
