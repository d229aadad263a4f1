import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { version } from '../../../functions/version.ts';
import {
  bundleFunction,
  type FunctionName,
  functionNames,
  listBundleInputs,
} from '../../../lib/lambda/bundle.ts';
import { expectGeneratedBlock } from '../../support/generated-block.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Computes something of each function once. */
function once<Result>(compute: (name: FunctionName) => Result): (name: FunctionName) => Result {
  const known = new Map<FunctionName, Result>();
  return (name) => {
    const result = known.get(name) ?? compute(name);
    known.set(name, result);
    return result;
  };
}

/** The files of a bundle. */
const inputsOf = once(listBundleInputs);
const folderOf = once((name) => bundleFunction(name));
const codeOf = once(async (name) => readFile(join(await folderOf(name), 'index.mjs'), 'utf8'));

const inspected = ['create-session', 'receive-result', 'rotate-credentials'] as const;

describe.each(inspected)('the bundle of %s', (name) => {
  let code: string;
  beforeAll(async () => {
    code = await codeOf(name);
  });

  test('is one ES module without a source map', async () => {
    expect(await readdir(await folderOf(name))).toEqual(['index.mjs']);
    expect(code).toMatch(/export\{[^}]* as handler[,}]/);
    expect(code).not.toContain('sourceMappingURL');
  });

  test('has the same bytes in any build folder', async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'begini-session-bundle-'));
    expect(await bundleFunction(name, outDir)).toBe(outDir);
    expect(await readFile(join(outDir, 'index.mjs'), 'utf8')).toBe(code);
  });

  test('is at most 215 kB', async () => {
    const inputs = await inputsOf(name);
    expect(inputs.length).toBeGreaterThan(0);
    // So that a failure names the large files.
    expect(Buffer.byteLength(code) > 215_000 ? inputs.slice(0, 20) : []).toEqual([]);
  });

  test('imports nothing: it gets built-in modules from process.getBuiltinModule', () => {
    expect(code).not.toMatch(/\bimport\s*["'{*]|\bfrom\s*["']|\bimport\(|\brequire\(/);
    expect(code).toContain('process.getBuiltinModule("node:https")');
  });

  test('contains the version of package.json, and nothing else of it', () => {
    expect(code).toContain(`version:"${version}"`);
    expect(code).not.toContain('devDependencies');
  });

  test('leaves out code that only launch links need', () => {
    for (const trace of ['A256GCM', '0123456789ABCDEF', '<button']) expect(code.includes(trace)).toBe(false);
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
    ['adaptive retries', 'getSendToken'],
  ])('leaves out %s', async (_part, trace) => {
    const files = code.includes(trace) ? (await inputsOf(name)).map(({ file }) => file) : [];
    const holders = files.filter(existsSync).filter((file) => readFileSync(file, 'utf8').includes(trace));
    // So that a failure names the files that brought it in.
    expect(code.includes(trace) ? [trace, ...holders] : []).toEqual([]);
  });
});

test.each([
  ['create-launch-link', 165_000],
  ['launch', 218_000],
  ['receive-result', 190_000],
  ['rotate-launch-key', 160_000],
] as const)('the bundle of %s is at most %d bytes', async (name, bytes) => {
  expect(Buffer.byteLength(await codeOf(name))).toBeLessThanOrEqual(bytes);
});

test.each(['create-launch-link', 'rotate-launch-key'] as const)(
  'the bundle of %s has no code for the vendor',
  async (name) => {
    const code = await codeOf(name);
    for (const trace of ['api.begini.co', 'psychometric', 'X-Signature', 'sessions-management']) {
      expect(code.includes(trace)).toBe(false);
    }
  },
);

describe('the packages in the bundles', () => {
  /** Why each is there. */
  const reasons: Record<string, string> = {
    '@aws-sdk/client-dynamodb': 'the table of sessions',
    '@aws-sdk/client-secrets-manager': 'reading and rotating secrets',
    '@aws-sdk/client-sqs': 'the queues of results',
    '@aws-sdk/core': 'part of the AWS clients: their protocols and errors',
    '@aws-sdk/dynamodb-codec': 'part of the DynamoDB client: its JSON',
    '@aws-sdk/middleware-endpoint-discovery': 'part of the DynamoDB client; not used',
    '@aws-sdk/middleware-sdk-sqs': 'part of the SQS client: checks what the queue received',
    '@aws/lambda-invoke-store': 'part of the AWS clients: the trace id of the invocation',
    '@middy/core': 'the wrapper around each handler',
    '@middy/http-header-normalizer': 'header names in lower case',
    '@middy/http-json-body-parser': 'the body as JSON',
    '@middy/util': 'part of the body parser',
    '@smithy/core': 'part of the AWS clients: retries, endpoints, JSON',
    '@smithy/node-http-handler': 'part of the AWS clients: sends requests',
    '@smithy/signature-v4': 'part of the AWS clients: signs requests',
    '@smithy/types': 'part of the AWS clients: a few constants',
  };

  /** The folder in node_modules of each package, and the functions that it ships in. */
  async function findPackages(): Promise<Map<string, FunctionName[]>> {
    const packages = new Map<string, FunctionName[]>();
    for (const name of functionNames) {
      const folders = (await inputsOf(name))
        .filter(({ bytes }) => bytes > 0)
        .map(({ file }) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0])
        .filter((folder) => folder !== undefined);
      for (const folder of new Set(folders)) packages.set(folder, [...(packages.get(folder) ?? []), name]);
    }
    return packages;
  }

  const manifestOf = (folder: string) =>
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<
      'name' | 'version' | 'license',
      string
    >;

  test('are those of .github/SECURITY.md, each with its version, licence and reason', async () => {
    const packages = await findPackages();
    const rows = [...packages].sort().map(([folder, functions]) => {
      const { name, version, license } = manifestOf(folder);
      const where = functions.length === functionNames.length ? 'all' : functions.join(', ');
      return [`\`${name}\``, version, license, where, reasons[name] ?? 'no reason is known'];
    });
    expect(rows.filter(([, , , , reason]) => reason === 'no reason is known')).toEqual([]);
    const header = ['package', 'version', 'licence', 'in the functions', 'what for'];
    const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
    expectGeneratedBlock('.github/SECURITY.md', 'packages', lines.join('\n'));
  });

  test('are all in what npm run sbom prints, which names no registry', async () => {
    const { stdout } = spawnSync(process.execPath, [join(root, 'bin/sbom.ts')], { encoding: 'utf8' });
    const { bomFormat, components } = JSON.parse(stdout) as {
      bomFormat: string;
      components: Record<'name' | 'version', string>[];
    };
    expect(bomFormat).toBe('CycloneDX');
    const packages = [...(await findPackages()).keys()].map(manifestOf);
    const shipped = packages.map(({ name, version }) => `${name}@${version}`);
    expect(components.map(({ name, version }) => `${name}@${version}`)).toEqual(
      expect.arrayContaining(shipped),
    );
    expect(components.map(({ name }) => name)).not.toContain('aws-cdk-lib');
    expect(stdout).not.toMatch(/"type": "distribution"|\.tgz/);
  });
});
