import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { writePages } from '../../../bin/pages/write-pages.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';

const names = [
  ...['start', 'later', 'expired', 'invalid', 'rejected'],
  ...['return-complete', 'return-cancelled', 'return-expired'],
];
const gatewayNames = ['gateway-refused', 'gateway-busy'];
const filesOf = (pages: string[]) =>
  pages.flatMap((name) => ['dark', 'light'].map((scheme) => `${name}-${scheme}.html`)).sort();

let folder: string;
let index: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'begini-session-pages-'));
  await writeFile(join(folder, 'left-over.html'), '');
  const applicantPage = applicantPageOf({ lenderName: 'Kazi Loans', languages: { es: {}, ar: {} } });
  index = await readFile(await writePages(folder, applicantPage), 'utf8');
});

test('writes every page in every language and both schemes, and API Gateway’s in the first language', async () => {
  expect((await readdir(folder)).sort()).toEqual(['ar', 'es', 'index.html']);
  expect((await readdir(join(folder, 'es'))).sort()).toEqual(filesOf([...names, ...gatewayNames]));
  expect((await readdir(join(folder, 'ar'))).sort()).toEqual(filesOf(names));
});

test('shows each of them in the index', async () => {
  for (const language of ['es', 'ar']) {
    for (const file of await readdir(join(folder, language))) {
      expect(index).toContain(`<a href="${language}/${file}">`);
      expect(index).toContain(`<iframe src="${language}/${file}"`);
    }
  }
});

test.each(['start', 'gateway-busy'])(
  'shows %s in its scheme, regardless of the reader’s settings',
  async (name) => {
    const [dark = '', light = ''] = await Promise.all(
      ['dark', 'light'].map((scheme) => readFile(join(folder, 'es', `${name}-${scheme}.html`), 'utf8')),
    );
    expect(dark).toMatch(/:root\{color-scheme:dark;.*\n@media all\{:root/);
    expect(light).toMatch(/:root\{color-scheme:light;.*\n@media not all\{:root/);
    for (const html of [dark, light]) {
      expect(html).toContain('Kazi Loans');
      expect(html).not.toMatch(/prefers-color-scheme|Content-Security-Policy|\$context/);
    }
  },
);
