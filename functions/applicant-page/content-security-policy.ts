import { createHash } from 'node:crypto';
import type { Brand } from './applicant-page.ts';
import { backScript, pageStyle, tapScript } from './page-style.ts';

/**
 * The `Content-Security-Policy` of the pages that the function shows. Chromium applies `form-action` to every redirect
 * after the form is sent, and Begini does not document its redirects after the first, so any https origin is allowed.
 * @param assessmentOrigin target of the first redirect; listed only if it has no TLS, on the developer's machine
 */
export function contentSecurityPolicy(brand: Brand, assessmentOrigin: string): string {
  const formTargets = [
    "'self'",
    'https:',
    ...(assessmentOrigin.startsWith('https:') ? [] : [assessmentOrigin]),
  ];
  return [
    "default-src 'none'",
    `style-src ${hashOf(pageStyle(brand))}`,
    `script-src ${hashOf(tapScript)} ${hashOf(backScript)}`,
    ...(brand.logo ? ['img-src data:'] : []),
    `form-action ${formTargets.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/**
 * The same for a page without logo and the script of the button, for use in `<meta http-equiv>`, where
 * `frame-ancestors` has no effect. API Gateway's own pages need it, because their headers cannot contain the quotes.
 */
export function templatePolicy(brand: Brand): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(pageStyle(brand))}`,
    `script-src ${hashOf(backScript)}`,
    "form-action 'self'",
    "base-uri 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
