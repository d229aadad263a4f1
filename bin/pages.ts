import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findStage } from './deployed/find-stage.ts';
import { refuseOptionsOfNpm } from './deployed/npm-options.ts';
import { demoPage } from './local/demo-page.ts';
import { takePictures, writePages } from './pages/write-pages.ts';

const usage = `Usage: npm run pages -- [--stage <stage>] [--pictures]

Writes every page that applicants can see, in every language and both colour schemes, as files with an index: those of
a row of cdk.json, or of the made-up lender of npm start. --pictures also renews the two pictures in the README.`;

const root = join(import.meta.dirname, '..');

/** The pictures in the README, of the made-up lender's pages. */
const readmePictures = {
  'en/start-light.html': join(root, '.github', 'page-en.png'),
  'ar/start-dark.html': join(root, '.github', 'page-ar.png'),
};

try {
  refuseOptionsOfNpm(['stage', 'pictures'], process.argv, process.env);
  const { stage, pictures } = parseArgs({
    options: { stage: { type: 'string' }, pictures: { type: 'boolean' } },
  }).values;
  if (pictures && stage) throw new Error(usage);
  const { path, applicantPage } = stage
    ? await findStage(stage)
    : { path: 'made-up-lender', applicantPage: demoPage };
  const folder = join(root, '.pages', path);
  console.log(`Open ${await writePages(folder, applicantPage)}`);
  if (pictures) await takePictures(folder, readmePictures);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
