import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Engine, type Tab, type TabOptions, until } from './tab.ts';

const driverPath = '/usr/bin/WebKitWebDriver';
const displayPath = '/usr/bin/Xvfb';
const [browserPath = ''] = globSync('/usr/lib/*/webkit2gtk-4.1/MiniBrowser');

/** WebKitGTK in a window that nobody sees, driven by WebDriver (https://www.w3.org/TR/webdriver2/). */
export const webkit: Engine = { name: 'WebKitGTK', open };

async function open({ scripts = true, scheme = 'light' }: TabOptions = {}): Promise<Tab> {
  if (![driverPath, displayPath, browserPath].every((path) => existsSync(path))) {
    throw new Error('WebKitGTK is missing: apt-get install webkit2gtk-driver xvfb');
  }
  const home = await mkdtemp(join(tmpdir(), 'webkit-'));
  const screen = spawn(displayPath, ['-displayfd', '3', '-nolisten', 'tcp', '-screen', '0', '800x800x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [display] = await once(screen.stdio[3] as Readable, 'data');
  const port = await freePort();
  const driver = spawn(driverPath, ['--host=127.0.0.1', `--port=${port}`], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      HOME: home,
      DISPLAY: `:${String(display).trim()}`,
      GTK_THEME: scheme === 'dark' ? 'Adwaita:dark' : 'Adwaita',
      LIBGL_ALWAYS_SOFTWARE: '1',
      // It needs rights that a container does not have; the pages are our own.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    },
  });
  const driverUrl = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${driverUrl}/status`)).ok);
  const { sessionId } = await send<{ sessionId: string }>('POST', `${driverUrl}/session`, {
    capabilities: {
      alwaysMatch: {
        acceptInsecureCerts: true,
        'webkitgtk:browserOptions': {
          binary: browserPath,
          args: ['--automation', ...(scripts ? [] : ['--enable-javascript-markup=false'])],
        },
      },
    },
  });
  const session = `${driverUrl}/session/${sessionId}`;
  return {
    goto: async (url) => void (await send('POST', `${session}/url`, { url })),
    evaluate: async (expression) =>
      await send('POST', `${session}/execute/sync`, { script: `return ${expression}`, args: [] }),
    perform: async (actions) => void (await send('POST', `${session}/actions`, { actions })),
    back: async () => void (await send('POST', `${session}/back`, {})),
    async close() {
      await send('DELETE', session);
      await Promise.all([driver, screen].map(end));
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function send<Value = unknown>(method: string, url: string, body?: object): Promise<Value> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: Value & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  if (child.kill()) await exited;
}
