import { createHash } from 'node:crypto';

/** What applicants read; all of it plain text. */
export type ApplicantPage = {
  /** Of the texts, as in `lang`: `en`, `pt-BR`. */
  language: string;
  lenderName: string;
  title: string;
  text: string;
  button: string;
  /** On the button once it was tapped. */
  opening: string;
  /** For a link that is not one of ours, or not whole. */
  invalidTitle: string;
  invalidText: string;
  expiredTitle: string;
  expiredText: string;
  /** For an applicant whom the vendor refuses, perhaps because the assessment was taken. */
  rejectedTitle: string;
  rejectedText: string;
  /** For whatever may be mended by the next try. */
  laterTitle: string;
  laterText: string;
  tryAgain: string;
  /** Of the link to `returnUrl`. */
  back: string;
  /** `https://…`: the way back to the lender that pages without a session offer. */
  returnUrl?: string | undefined;
};

/** One page: a heading, a text, and what the applicant can do. */
export type PageContent = {
  title: string;
  text: string;
  /** A form without fields, sent to the page's own address. */
  form?: { method: 'get' | 'post'; button: string; opening: string } | undefined;
  link?: { url: string; label: string } | undefined;
};

/** Black on white, and a button of 7.5:1 or better; wide enough for a thumb, and no wider than reads well. */
const style = `
*{box-sizing:border-box}
body{margin:0;background:#f3f4f6;color:#16181d;font:1.125rem/1.55 system-ui,sans-serif;overflow-wrap:break-word}
div{max-width:34rem;min-height:100vh;margin:auto;padding:2rem 1.25rem;background:#fff}
header{margin:0 0 2.5rem;color:#454b57;font-weight:600}
h1{margin:0 0 .75rem;font-size:1.75rem;line-height:1.2}
p{margin:0 0 2rem}
button{width:100%;min-height:3.25rem;padding:.75rem 1.5rem;border:0;border-radius:.5rem;background:#0b4a8f;color:#fff;font:inherit;font-weight:600;cursor:pointer}
button:hover{background:#083a70}
button:disabled{opacity:.75;cursor:progress}
[role=status]{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)}
a{display:block;margin-top:1.5rem;padding:.5rem;color:#0b4a8f;text-align:center}
:focus-visible{outline:3px solid #16181d;outline-offset:3px}
@media(min-width:40rem){div{min-height:0;margin-top:12vh;padding:3rem;border-radius:.75rem}}
`;

/**
 * Disables the button on the tap and says what happens, also to a screen reader. Back, forward and a restored page fire
 * `pageshow`; a cancelled navigation fires nothing, hence the timer. A second tap is harmless, so neither need be exact.
 */
const script = `
{
const button=document.querySelector('button'),status=document.querySelector('[role=status]'),label=button.textContent
let timer
const ready=()=>{clearTimeout(timer);button.disabled=false;button.textContent=label;status.textContent=''}
button.form.addEventListener('submit',()=>{
button.disabled=true
button.textContent=status.textContent=button.dataset.opening
timer=setTimeout(ready,10000)
})
addEventListener('pageshow',ready)
}
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const styleHash = hashOf(style);
const scriptHash = hashOf(script);

/**
 * The page's `Content-Security-Policy`. Chromium holds `form-action` against every hop of the redirect that answers
 * the form, and where the vendor leads the browser after the first is not documented: hence any https origin.
 * @param assessmentOrigin where the first hop leads; named only where it has no TLS, on the developer's machine
 */
export function contentSecurityPolicy(assessmentOrigin: string): string {
  const formTargets = [
    "'self'",
    'https:',
    ...(assessmentOrigin.startsWith('https:') ? [] : [assessmentOrigin]),
  ];
  return [
    "default-src 'none'",
    `style-src ${styleHash}`,
    `script-src ${scriptHash}`,
    `form-action ${formTargets.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** The page as HTML, under 5 kB for texts of usual length. The form has no action, so it goes to where the page is. */
export function renderPage(
  { language, lenderName }: Pick<ApplicantPage, 'language' | 'lenderName'>,
  { title, text, form, link }: PageContent,
): string {
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} – ${escapeHtml(lenderName)}</title>
<style>${style}</style>
</head>
<body dir="auto">
<div>
<header>${escapeHtml(lenderName)}</header>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
${form ? renderForm(form) : ''}
${link ? `<a href="${escapeHtml(link.url)}">${escapeHtml(link.label)}</a>` : ''}
</main>
</div>${form ? `\n<script>${script}</script>` : ''}
</body>
</html>
`;
}

function renderForm({ method, button, opening }: NonNullable<PageContent['form']>): string {
  return `<form method="${method}">
<button type="submit" data-opening="${escapeHtml(opening)}">${escapeHtml(button)}</button>
<p role="status"></p>
</form>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
