import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { contentSecurityPolicy, renderPage } from '../../../functions/launch/page.ts';
import { startContent } from '../../../functions/launch/page-content.ts';
import { defaultTexts } from '../../../lib/stages/applicant-page.ts';

const html = renderPage(defaultTexts, startContent(defaultTexts));

test('is small, has one heading, one real button and its language, and reaches for nothing', () => {
  expect(Buffer.byteLength(html)).toBeLessThan(5_000);
  expect(html.match(/<h1>/g)).toHaveLength(1);
  expect(html.match(/<button type="submit"/g)).toHaveLength(1);
  expect(html).toContain('<html lang="en">');
  expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  expect(html).not.toMatch(/<script \w|javascript:|\son\w+=|http:|@import|url\(/);
});

test('sends its form to its own address, whatever stands before it in the path', () => {
  expect(html).toContain('<form method="post">\n<button');
});

test('shows texts as text, whatever they hold', () => {
  const evil = `"'><script>alert(1)</script>&amp;`;
  const names = ['language', 'lenderName', 'title', 'text', 'button', 'opening'];
  const texts = { ...defaultTexts, ...Object.fromEntries(names.map((name) => [name, evil])) };
  const page = renderPage(texts, { ...startContent(texts), link: { url: evil, label: evil } });
  expect(page.match(/<script>/g)).toHaveLength(1);
  expect(page).not.toMatch(/<script>alert|&amp;|"'>/);
  expect(page.match(/&#34;&#39;&#62;&#60;script&#62;alert\(1\)&#60;\/script&#62;&#38;amp;/g)).toHaveLength(
    10,
  );
});

test('carries a script only where there is a button', () => {
  const withoutButton = renderPage(defaultTexts, { title: 'This link has expired', text: 'Ask us.' });
  expect(withoutButton).not.toContain('<script');
  expect(withoutButton).not.toContain('<button');
});

test('allows its own style and script and nothing else', () => {
  const hashOf = (tag: string) => {
    const text = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '';
    return createHash('sha256').update(text).digest('base64');
  };
  expect(contentSecurityPolicy('https://app.psychometric.me')).toBe(
    `default-src 'none'; style-src 'sha256-${hashOf('style')}'; script-src 'sha256-${hashOf('script')}'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'`,
  );
});

test('may lead on to a simulator without TLS where the service has been told of one', () => {
  expect(contentSecurityPolicy('http://127.0.0.1:3001')).toContain(
    "form-action 'self' https: http://127.0.0.1:3001;",
  );
});
