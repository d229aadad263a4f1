import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { contentSecurityPolicy, renderPage } from '../../../functions/launch/page.ts';
import { startContent } from '../../../functions/launch/page-content.ts';
import { defaultTexts } from '../../../lib/stages/applicant-page.ts';

const html = renderPage(defaultTexts, startContent(defaultTexts));

test('is small, has one heading, one real button and its language, and no script', () => {
  expect(Buffer.byteLength(html)).toBeLessThan(5_000);
  expect(html.match(/<h1>/g)).toHaveLength(1);
  expect(html.match(/<button type="submit">/g)).toHaveLength(1);
  expect(html).toContain('<html lang="en">');
  expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  expect(html).not.toMatch(/<script|javascript:|\son\w+=|http:|@import|url\(/);
});

test('sends its form to its own address, whatever stands before it in the path', () => {
  expect(html).toContain('<form method="post"><button');
});

test('shows texts as text, whatever they hold', () => {
  const evil = `"'><script>alert(1)</script>&amp;`;
  const texts = { ...defaultTexts, language: evil, lenderName: evil, title: evil, text: evil, button: evil };
  const page = renderPage(texts, { ...startContent(texts), link: { url: evil, label: evil } });
  expect(page).not.toMatch(/<script|&amp;|"'>/);
  expect(page.match(/&#34;&#39;&#62;&#60;script&#62;alert\(1\)&#60;\/script&#62;&#38;amp;/g)).toHaveLength(9);
});

test('allows its own style and nothing else', () => {
  const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(contentSecurityPolicy('https://app.psychometric.me')).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'`,
  );
});

test('may lead on to a simulator without TLS where the service has been told of one', () => {
  expect(contentSecurityPolicy('http://127.0.0.1:3001')).toContain(
    "form-action 'self' https: http://127.0.0.1:3001;",
  );
});
