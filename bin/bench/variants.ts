import { cpSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleFunction } from '../../lib/lambda/bundle.ts';
import { wrapFunction } from '../load/measured-function.ts';
import type { RequestKind } from '../load/testbed.ts';

/** A function, ready to start. */
export type Variant = {
  name: VariantName;
  description: string;
  /** Holds `index.mjs`. */
  folder: string;
  /** Holds the same function, wrapped so that it can be probed. */
  wrappedFolder: string;
  /** Size of the bundle; undefined if there is none. */
  bytes: number | undefined;
  /** Whether it has the table of sessions. */
  remembers: boolean;
  /** What it answers: `result` has no call to Begini, so it is not measured at a distance. */
  answers: RequestKind;
};

type Builder = {
  description: string;
  answers?: RequestKind;
  /** By default, bundles the baseline of that name. */
  build?: (from: string, to: string) => Promise<unknown>;
};

const ours = (_from: string, to: string) => bundleFunction('create-session', to);

const builders = {
  empty: { description: 'empty handler' },
  ours: { description: '**this service**, `resume: false`', build: ours },
  remembering: { description: '**this service**, `resume: true`', build: ours },
  'hand-written': { description: 'hand-written, no SDK, no middy' },
  'hand-written-early': { description: 'hand-written, connects during init' },
  powertools: { description: 'Powertools style, bundled' },
  tutorial: {
    description: 'tutorial style, unbundled',
    async build(from, to) {
      cpSync(join(from, 'tutorial.mjs'), join(to, 'index.mjs'));
      cpSync(join(from, 'session-call.mjs'), join(to, 'session-call.mjs'));
    },
  },
  receiving: {
    description: '**this service**, results',
    answers: 'result',
    build: (_from, to) => bundleFunction('receive-result', to),
  },
  'bare-post': { description: 'bare POST of a result', answers: 'result' },
  'sdk-send': { description: 'result sent by the SDK alone', answers: 'result' },
} as const satisfies Record<string, Builder>;

/** The ways to write the function that are compared. */
export type VariantName = keyof typeof builders;

/** Every variant. */
export const variantNames = Object.keys(builders) as VariantName[];

/** Builds a variant into `folder`; `baselines` has the baselines' source, and the packages that they need beside it. */
export async function buildVariant(name: VariantName, baselines: string, folder: string): Promise<Variant> {
  const { description, answers = 'session', build = bundleBaseline(name) }: Builder = builders[name];
  const paths = { folder: join(folder, name), wrappedFolder: join(folder, `${name}-wrapped`) };
  mkdirSync(paths.folder, { recursive: true });
  await build(baselines, paths.folder);
  wrapFunction(paths.folder, paths.wrappedFolder);
  const bytes = name === 'tutorial' ? undefined : statSync(join(paths.folder, 'index.mjs')).size;
  return { name, description, ...paths, bytes, remembers: name === 'remembering', answers };
}

/** The usual recipe for an ES module that holds CommonJS dependencies. */
function bundleBaseline(name: string) {
  return (from: string, to: string) =>
    build({
      entryPoints: [join(from, `${name}.mjs`)],
      outfile: join(to, 'index.mjs'),
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
    });
}
