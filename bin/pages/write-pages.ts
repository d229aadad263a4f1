import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { htmlPage } from '../stand-ins/html-page.ts';
import { startBrowser } from './browser.ts';
import { type GalleryPage, inScheme, listPages, schemes } from './page-gallery.ts';

/** A small phone, in CSS pixels. */
const phone = { width: 360, height: 740 };

/** One page in one scheme, and the file it is in. */
type PageFile = GalleryPage & { scheme: (typeof schemes)[number]; file: string };

/**
 * Writes every page in every language and both colour schemes as an HTML file, and an `index.html` that shows them.
 * Earlier contents of the folder are deleted.
 * @returns the path of the index
 */
export async function writePages(folder: string, applicantPage: ApplicantPage): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  const files = listFiles(applicantPage);
  for (const { language, file, html, scheme } of files) {
    await mkdir(join(folder, language), { recursive: true });
    await writeFile(join(folder, file), inScheme(html, scheme));
  }
  const index = join(folder, 'index.html');
  await writeFile(index, renderIndex(files));
  return index;
}

/**
 * Takes a screenshot of each of these pages at phone size, as PNG.
 * @param pictures the path of the picture by the path of the page, which is relative to `folder`: `en/start-light.html`
 * @throws Error if there is no Chromium
 */
export async function takePictures(folder: string, pictures: Record<string, string>): Promise<void> {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: phone, deviceScaleFactor: 2 });
    for (const [file, path] of Object.entries(pictures)) {
      await page.goto(`file://${join(folder, file)}`);
      await page.screenshot({ path });
    }
  } finally {
    await browser.close();
  }
}

function listFiles(applicantPage: ApplicantPage): PageFile[] {
  return listPages(applicantPage).flatMap((page) =>
    schemes.map((scheme) => ({ ...page, scheme, file: `${page.language}/${page.name}-${scheme}.html` })),
  );
}

function renderIndex(files: readonly PageFile[]): string {
  const byLanguage = Map.groupBy(files, ({ language }) => language);
  const sections = [...byLanguage].map(
    ([language, pages]) =>
      `<h2>${language}</h2>\n<section>\n${pages.map(renderFigure).join('\n')}\n</section>`,
  );
  const style = `
body{margin:2rem;background:#e3e6ea;color:#16181d;font:1rem/1.5 system-ui,sans-serif}
section{display:flex;flex-wrap:wrap;gap:2rem}
figure{width:${phone.width}px;margin:0}
iframe{width:${phone.width}px;height:${phone.height}px;border:0;border-radius:.75rem;background:#fff}
`;
  const title = 'What applicants see';
  return htmlPage(
    title,
    style,
    `<h1>${title}</h1>
<p>Each page in light and dark, on a phone of ${phone.width} × ${phone.height}. Its name opens it by itself.</p>
${sections.join('\n')}`,
  );
}

function renderFigure({ file, when, scheme }: PageFile): string {
  return `<figure>
<figcaption>${when}: <a href="${file}">${file}</a></figcaption>
<iframe src="${file}" title="${when}, ${scheme}" loading="lazy"></iframe>
</figure>`;
}
