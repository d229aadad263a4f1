import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// `npm sbom --omit dev` leaves out every package that a dev dependency needs too, such as @smithy/core. So
// npm is given the project without its dev dependencies, in a folder of the project's name, which npm uses as
// the component's name.
const root = join(import.meta.dirname, '..');
const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const { devDependencies: _, ...manifest } = readJson('package.json');
const lock = readJson('package-lock.json');

type LockedPackage = { dev?: boolean; devOptional?: boolean; resolved?: string };
const shipped = Object.entries<LockedPackage>(lock.packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
  .map(([path, { resolved: _address, ...locked }]) => [path, locked]);
const packages = { '': manifest, ...Object.fromEntries(shipped) };

const temporary = mkdtempSync(join(tmpdir(), 'sbom-'));
try {
  const folder = join(temporary, manifest.name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  const format = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const { status } = spawnSync('npm', ['sbom', ...format], { cwd: folder, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(temporary, { recursive: true });
}
