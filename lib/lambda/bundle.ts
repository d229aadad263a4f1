import { mkdtemp, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** The folders of `functions/` that hold a Lambda entry. */
export const functionNames = [
  'create-session',
  'create-launch-link',
  'launch',
  'receive-result',
  'rotate-credentials',
  'rotate-launch-key',
] as const;

/** The name of a function: its folder. */
export type FunctionName = (typeof functionNames)[number];

/**
 * Bundles `functions/<name>/handler.ts` into one ES module, `index.mjs`. The same source gives the same bytes.
 * @param outDir the folder to write to; by default a new temporary folder.
 * @param constants global constants that the source declares, such as `APPLICANT_PAGE`: any JSON values.
 * @returns the folder, ready for `Code.fromAsset`.
 */
export async function bundleFunction(
  name: FunctionName,
  outDir?: string,
  constants: Record<string, unknown> = {},
): Promise<string> {
  const directory = outDir ?? (await mkdtemp(join(tmpdir(), `begini-session-${name}-`)));
  const options = optionsFor(name);
  const values = Object.entries(constants).map(([key, value]) => [key, JSON.stringify(value)]);
  const define = { ...options.define, ...Object.fromEntries(values) };
  await build({ ...options, define, outfile: join(directory, 'index.mjs') });
  return directory;
}

/** The files of a bundle, the largest first, with their sizes in it in bytes. */
export async function listBundleInputs(name: FunctionName): Promise<{ file: string; bytes: number }[]> {
  const { metafile } = await build({
    ...optionsFor(name),
    write: false,
    metafile: true,
    outfile: 'index.mjs',
  });
  return Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .map(([file, { bytesInOutput: bytes }]) => ({ file, bytes }))
    .sort((a, b) => b.bytes - a.bytes);
}

const optionsFor = (name: FunctionName): BuildOptions => ({
  absWorkingDir: join(import.meta.dirname, '..', '..'),
  entryPoints: [`functions/${name}/handler.ts`],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Prefers the ES module of a package to its CommonJS, from which unused code cannot be removed.
  mainFields: ['module', 'main'],
  minify: true,
  // Arabic texts take a third of their escaped size.
  charset: 'utf8',
  treeShaking: true,
  legalComments: 'none',
  sourcemap: false,
  // The SDK checks whether each stream is a web stream or a blob, which makes Node load both, although it uses neither.
  define: { ReadableStream: 'undefined', Blob: 'undefined' },
  plugins: [builtinsOnDemand, standIns],
});

/**
 * Reaches Node's built-in modules by `process.getBuiltinModule` instead of `import`. An ES module that imports
 * `node:http` loads all of its exports at once, which includes `WebSocket` and so loads all of undici (+40 ms, +11
 * MiB). CommonJS property access does not; it also serves a dependency's `require('http')`, for which an ES module has
 * no `require`.
 */
const builtinsOnDemand: Plugin = {
  name: 'builtins-on-demand',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path }) =>
      isBuiltin(path)
        ? { path: path.replace(/^(node:)?/, 'node:'), namespace: 'builtin', sideEffects: false }
        : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** What the AWS SDK imports and a Lambda function never uses, each with its replacement. */
const replacements = [
  {
    // The default chain asks profiles, SSO, STS and instance metadata. Lambda always sets these variables, and may
    // renew them, so they are read at each resolution.
    module: /^@aws-sdk\/credential-provider-node$/,
    contents: `export const defaultProvider = () => async () => ({
      accessKeyId: process.env.AWS_ACCESS_KEY_ID,
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
      sessionToken: process.env.AWS_SESSION_TOKEN,
    });`,
  },
  {
    // Looks for ~/.aws/config and ~/.aws/credentials at each start; a Lambda function has neither.
    module: /\/loadSharedConfigFiles$/,
    contents: `export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });
      export const CONFIG_PREFIX_SEPARATOR = '.';`,
  },
  {
    // Gets random ids from the global `crypto`, for which Node loads all of Web Crypto.
    module: /\/uuid\/v4$/,
    contents: `import { randomUUID } from 'node:crypto'; export const bindV4 = () => () => randomUUID();`,
  },
  {
    // Asks an EC2 instance for its region, in a "defaults mode" that no client here uses. Lambda sets AWS_REGION.
    module: /\/getInstanceMetadataRegion$/,
    contents: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  {
    // Caches endpoints for endpoint discovery, which no client here uses.
    module: /^@aws-sdk\/endpoint-cache$/,
    contents: 'export class EndpointCache {}',
  },
  {
    // The retry mode "adaptive", which no client here uses.
    module: /\/AdaptiveRetryStrategy$/,
    contents: `export class AdaptiveRetryStrategy {
      constructor() { throw new Error('the retry mode "adaptive" is left out of this bundle'); }
    }`,
  },
  {
    // The SDK loads it only for streaming operations; neither service has one.
    module: /^@smithy\/core\/event-streams$/,
    contents: `throw new Error('event streams are left out of this bundle');`,
  },
];

const standIns: Plugin = {
  name: 'stand-ins',
  setup({ onResolve, onLoad }) {
    // Of a package.json, an SDK client's or this service's own, only the version is read.
    onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
    for (const { module, contents } of replacements) {
      const namespace = `stand-in:${module.source}`;
      onResolve({ filter: module }, ({ path }) => ({ path, namespace, sideEffects: false }));
      onLoad({ filter: /./, namespace }, () => ({ contents }));
    }
  },
};
