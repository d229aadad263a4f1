import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { version } from '../../../functions/version.ts';
import { bundleFunction, listBundleInputs } from '../../../lib/lambda/bundle.ts';

describe.each(['create-session', 'rotate-credentials'] as const)('the bundle of %s', (name) => {
  let directory: string;
  let code: string;
  beforeAll(async () => {
    directory = await bundleFunction(name);
    code = await readFile(join(directory, 'index.mjs'), 'utf8');
  });

  test('is one ES module without a source map', async () => {
    expect(await readdir(directory)).toEqual(['index.mjs']);
    expect(code).toMatch(/export\{[^}]* as handler[,}]/);
    expect(code).not.toContain('sourceMappingURL');
  });

  test('has the same bytes in whatever folder it is built', async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'begini-session-bundle-'));
    expect(await bundleFunction(name, outDir)).toBe(outDir);
    expect(await readFile(join(outDir, 'index.mjs'), 'utf8')).toBe(code);
  });

  test('is at most 215 kB', async () => {
    const inputs = await listBundleInputs(name);
    expect(inputs.length).toBeGreaterThan(0);
    // So that a failure names what is large.
    expect(Buffer.byteLength(code) > 215_000 ? inputs.slice(0, 20) : []).toEqual([]);
  });

  test('imports nothing: built-in modules come by process.getBuiltinModule', () => {
    expect(code).not.toMatch(/\bimport\s*["'{*]|\bfrom\s*["']|\bimport\(|\brequire\(/);
    expect(code).toContain('process.getBuiltinModule("node:https")');
  });

  test('holds the version of package.json, and nothing else of it', () => {
    expect(code).toContain(`version:"${version}"`);
    expect(code).not.toContain('devDependencies');
  });

  test('leaves out what only launch links need', () => {
    for (const trace of ['A256GCM', '<button']) expect(code.includes(trace)).toBe(false);
  });

  test.each([
    ['SSO', 'portal.sso'],
    ['profile files', 'AWS_CONFIG_FILE'],
    ['web streams', 'ReadableStream'],
    ['SSO token refresh', 'sso-oidc'],
    ['STS', 'AssumeRole'],
    ['instance metadata', '169.254.169.254'],
    ['container credentials', 'AWS_CONTAINER_CREDENTIALS'],
    ['credential processes', 'credential_process'],
    ['undici', 'undici'],
    ['event streams', 'EventStreamCodec'],
  ])('leaves out %s', async (_part, trace) => {
    const files = (await listBundleInputs(name)).map(({ file }) => file).filter(existsSync);
    expect(files).not.toEqual([]);
    const holders = files.filter((file) => readFileSync(file, 'utf8').includes(trace));
    // So that a failure names the files that brought it in.
    expect(code.includes(trace) ? [trace, ...holders] : []).toEqual([]);
  });
});

test.each([
  ['create-launch-link', 190_000],
  ['launch', 240_000],
  ['rotate-launch-key', 160_000],
] as const)('the bundle of %s is at most %d bytes', async (name, bytes) => {
  const code = await readFile(join(await bundleFunction(name), 'index.mjs'));
  expect(code.length).toBeLessThanOrEqual(bytes);
});

test.each(['create-launch-link', 'rotate-launch-key'] as const)(
  'the bundle of %s holds nothing of the vendor',
  async (name) => {
    const code = await readFile(join(await bundleFunction(name), 'index.mjs'), 'utf8');
    for (const trace of ['api.begini.co', 'psychometric', 'X-Signature', 'sessions-management']) {
      expect(code.includes(trace)).toBe(false);
    }
  },
);
