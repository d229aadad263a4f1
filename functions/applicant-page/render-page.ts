import type { Brand, PageLanguage } from './applicant-page.ts';
import { templatePolicy } from './content-security-policy.ts';
import type { PageContent } from './page-content.ts';
import { backScript, pageStyle, tapScript } from './page-style.ts';

/** What a page is rendered from. */
export type Page = { language: PageLanguage; brand: Brand; content: PageContent };

/**
 * The page as HTML; send it with its `contentSecurityPolicy`. The form has no action: it is sent to the page's own URL.
 */
export function renderPage(page: Page): string {
  const { language, brand, content } = page;
  return render(page, {
    head: '',
    name: brand.logo
      ? `<img src="${brand.logo}" alt="${escapeHtml(language.lenderName)}">`
      : isolate(language.lenderName),
    reference: content.reference && `<bdi>${escapeHtml(content.reference)}</bdi>`,
    others: [],
    script: [content.form && tapScript, content.afterBack && backScript]
      .map((script) => (script ? `<script>${script}</script>\n` : ''))
      .join(''),
  });
}

/**
 * The same for API Gateway's own answers: a template with the policy inside, without logo and the script of the button.
 * API Gateway replaces `$context.requestId` with the request's id, whose first eight characters are shown, as on every
 * other page. A template cannot choose a language, so the same page in the `others` follows below.
 */
export function renderTemplate(page: Page, others: readonly Omit<Page, 'brand'>[]): string {
  return render(page, {
    head: `<meta http-equiv="Content-Security-Policy" content="${templatePolicy(page.brand)}">\n`,
    name: isolate(page.language.lenderName),
    reference: '<code dir="ltr">$context.requestId</code>',
    others: others.map(renderSection),
    script: `<script>${backScript}</script>\n`,
  });
}

function renderSection({ language, content: { title, text, form } }: Omit<Page, 'brand'>): string {
  return `<section lang="${escapeHtml(language.language)}" dir="${language.direction}">
<h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(text)}</p>
${form ? `<form><button>${escapeHtml(form.button)}</button></form>\n` : ''}${renderSupport(language) ?? ''}
</section>`;
}

/** What differs between the two, as HTML. */
type Parts = { head: string; name: string; reference: string | undefined; others: string[]; script: string };

function render(
  { language, brand, content }: Page,
  { head, name, reference, others, script }: Parts,
): string {
  const { title, text, facts, form, afterBack, link } = content;
  const { privacyUrl } = language;
  const support = renderSupport(language);
  const privacy =
    privacyUrl && `<p><a href="${escapeHtml(privacyUrl)}">${escapeHtml(language.privacy)}</a></p>`;
  // An error page has the help in its main part, any other page at its end.
  const help = reference && [support, `<p>${escapeHtml(language.reference)} ${reference}</p>`];
  const main = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(text)}</p>`,
    facts && renderFacts(facts),
    form && renderForm(form),
    afterBack && `<p id="after-back">${escapeHtml(afterBack)}</p>`,
    link && renderLink(link),
    help && renderElement('aside', help),
    ...others,
  ];
  return `<!doctype html>
<html lang="${escapeHtml(language.language)}" dir="${language.direction}">
<head>
<meta charset="utf-8">
${head}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} – ${isolateInTitle(language.lenderName)}</title>
<style>${pageStyle(brand)}</style>
</head>
<body>
<div>
<header>${name}</header>
${renderElement('main', main)}
${renderElement('footer', [!help && support, privacy])}
</div>
${script}</body>
</html>
`;
}

/** An element with one line per part; empty if there are no parts. */
function renderElement(name: string, parts: readonly (string | false | undefined)[]): string {
  const lines = parts.filter(Boolean);
  return lines.length > 0 ? `<${name}>\n${lines.join('\n')}\n</${name}>` : '';
}

/** A clock, and an arrow out of a box. */
const icons = {
  duration: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 3"/>',
  handover: '<path d="M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9"/>',
};

function renderFacts(facts: NonNullable<PageContent['facts']>): string {
  const items = (['duration', 'handover'] as const).map((name) => {
    const icon = `<svg viewBox="0 0 24 24" aria-hidden="true">${icons[name]}</svg>`;
    return `<li>${icon}<span>${isolateAddress(escapeHtml(facts[name]))}</span></li>`;
  });
  // Safari does not announce a list without bullets as a list, unless it has the role.
  return `<ul role="list">\n${items.join('\n')}\n</ul>`;
}

function renderForm({ method, button, opening }: NonNullable<PageContent['form']>): string {
  // Without scripts the button's name is the body of the POST: WebKit's history keeps the method only with a body.
  const name = method === 'post' ? ' name="start" value="1"' : '';
  return `<form method="${method}">
<button type="submit"${name} data-opening="${escapeHtml(opening)}">${escapeHtml(button)}</button>
<p role="status"></p>
</form>`;
}

function renderLink({ url, label }: NonNullable<PageContent['link']>): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`;
}

/** Makes the address of the assessment, as applicants will see it in their browser, an element that is never broken. */
function isolateAddress(html: string): string {
  return html.replace(/(?<![\w.-])psychometric\.me(?![\w-])/g, '<bdi>$&</bdi>');
}

function renderSupport({ supportLine }: PageLanguage): string | undefined {
  return supportLine && `<p dir="auto">${linkPhoneNumbers(escapeHtml(supportLine))}</p>`;
}

/** Seven digits or more, with the usual separators. */
const phoneNumber = /(?<![\w#])\+?\(?\d(?:[\s()/.-]{0,2}\d){6,}/g;

/**
 * Turns phone numbers into links. Each is written from left to right, because its groups of digits would change places
 * in a right-to-left text, and stays on one line.
 */
function linkPhoneNumbers(html: string): string {
  return html.replace(phoneNumber, (number) => {
    const url = `tel:${number.replace(/[^+\d]/g, '')}`;
    return `<a href="${url}" dir="ltr">${number.replace(/\s/g, '&#160;')}</a>`;
  });
}

/** Isolates the direction of a text from that of the text around it. */
function isolate(text: string): string {
  return `<bdi>${escapeHtml(text)}</bdi>`;
}

/** The same where elements are not allowed: U+2068 and U+2069. */
function isolateInTitle(text: string): string {
  return `&#8296;${escapeHtml(text)}&#8297;`;
}

/** Escapes the dollar sign too: API Gateway replaces variables anywhere in a template. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"'$]/g, (character) => `&#${character.charCodeAt(0)};`);
}
