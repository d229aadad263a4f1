import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { bundleFunction } from '../../lib/lambda/bundle.ts';
import { benchFolder } from './install.ts';

/** The variants that are compared. */
export type VariantName =
  | 'empty'
  | 'ours'
  | 'remembering'
  | 'hand-written'
  | 'plain'
  | 'powertools'
  | 'tutorial';

/** A function, ready to start. */
export type Variant = {
  name: VariantName;
  description: string;
  /** Holds `index.mjs`. */
  folder: string;
  /** Size of the bundle; undefined if there is none. */
  bytes?: number;
  /** Whether it has a table of sessions. */
  remembers?: boolean;
};

const descriptions: Record<VariantName, string> = {
  empty: 'empty handler',
  ours: '**this service**, `resume: false`',
  remembering: '**this service**, `resume: true`',
  'hand-written': 'hand-written, no SDK, no middy',
  plain: 'this service, plain esbuild ESM',
  powertools: 'Powertools style, bundled',
  tutorial: 'tutorial style, unbundled',
};

const folderOf = (name: string) => join(benchFolder, 'variants', name);

/** The usual recipe for an ES module that holds CommonJS dependencies. */
const plainEsm: BuildOptions = {
  absWorkingDir: join(import.meta.dirname, '..', '..'),
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  banner: {
    js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
  },
};

const builders: Record<VariantName, (folder: string) => Promise<unknown>> = {
  empty: (folder) => bundleBaseline('empty', folder),
  ours: (folder) => bundleFunction('create-session', folder),
  remembering: (folder) => bundleFunction('create-session', folder),
  'hand-written': (folder) => bundleBaseline('hand-written', folder),
  plain: (folder) =>
    build({
      ...plainEsm,
      entryPoints: ['functions/create-session/handler.ts'],
      outfile: join(folder, 'index.mjs'),
    }),
  powertools: (folder) => bundleBaseline('powertools', folder),
  async tutorial(folder) {
    for (const [from, to] of [
      ['tutorial', 'index'],
      ['session-call', 'session-call'],
    ]) {
      cpSync(join(benchFolder, `${from}.mjs`), join(folder, `${to}.mjs`));
    }
  },
};

/** Builds every variant into `.bench/variants/`. */
export async function buildVariants(): Promise<Variant[]> {
  const names = Object.keys(builders) as VariantName[];
  return await Promise.all(
    names.map(async (name) => {
      const folder = folderOf(name);
      mkdirSync(folder, { recursive: true });
      await builders[name](folder);
      const bytes = statSync(join(folder, 'index.mjs')).size;
      return {
        name,
        description: descriptions[name],
        folder,
        ...(name !== 'tutorial' && { bytes }),
        ...(name === 'remembering' && { remembers: true }),
      };
    }),
  );
}

/** How a warm invocation ended, and how long it took inside the handler. */
export type WarmAnswer = { statusCode: number; durationMs: number };

const warmWrapper = (module: string) => `import { handler as handle } from ${JSON.stringify(module)};
export const handler = async (event, context) => {
  const startedAt = performance.now();
  const { statusCode } = await handle(event, context);
  return { statusCode, durationMs: performance.now() - startedAt };
};
`;

/** What is measured warm: this service in both kinds of stage, and the minimal calls for the same work. */
export type WarmName = 'ours' | 'bare' | 'remembering' | 'three-bare' | 'sdk-writes';

/** Builds the functions whose warm time is compared. */
export async function buildWarmVariants(): Promise<Record<WarmName, string>> {
  for (const name of ['bare-post', 'three-posts', 'sdk-writes']) await bundleBaseline(name, folderOf(name));
  return {
    ours: wrap('ours'),
    bare: wrap('bare-post'),
    remembering: wrap('remembering'),
    'three-bare': wrap('three-posts'),
    'sdk-writes': wrap('sdk-writes'),
  };
}

function wrap(name: string): string {
  const folder = folderOf(`warm-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.mjs'), warmWrapper(join('..', name, 'index.mjs')));
  return folder;
}

function bundleBaseline(baseline: string, folder: string): Promise<unknown> {
  const entryPoints = [join(benchFolder, `${baseline}.mjs`)];
  return build({ ...plainEsm, entryPoints, outfile: join(folder, 'index.mjs') });
}
