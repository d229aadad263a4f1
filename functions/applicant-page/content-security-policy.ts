import { createHash } from 'node:crypto';
import type { Brand } from './applicant-page.ts';
import { pageScript, pageStyle } from './page-style.ts';

/**
 * The `Content-Security-Policy` of the pages that the function shows. Chromium holds `form-action` against every hop of
 * the redirect that answers the form, and where Begini leads the browser after the first is not documented: so any
 * https origin is allowed.
 * @param assessmentOrigin where the first hop leads; named only where it has no TLS, on the developer's machine
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
    `script-src ${hashOf(pageScript)}`,
    ...(brand.logo ? ['img-src data:'] : []),
    `form-action ${formTargets.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/**
 * The same for a page without script and logo, fit for `<meta http-equiv>`, where `frame-ancestors` has no effect: for
 * API Gateway's own pages, whose headers cannot hold the quotes.
 */
export function templatePolicy(brand: Brand): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(pageStyle(brand))}`,
    "form-action 'self'",
    "base-uri 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
