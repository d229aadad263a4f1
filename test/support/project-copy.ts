import { cp, symlink } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
/** In a clone inside an npm workspace, they are in a folder above. */
const packages = join(findPackageJSON('jest', import.meta.url) ?? '', '../..');

const leftOut = ['node_modules', '.git', '.bench', '.pages', 'cdk.out'].map((name) => join(root, name));

/** Copies the project into a folder, to be changed there; `node_modules` is a link to the original. */
export async function copyProject(folder: string): Promise<void> {
  await cp(root, folder, { recursive: true, filter: (source) => !leftOut.includes(source) });
  await symlink(packages, join(folder, 'node_modules'));
}
