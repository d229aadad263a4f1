import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { gatewayPage } from '../../../lib/api/gateway-page.ts';
import { gatewayResponses } from '../../../lib/api/gateway-responses.ts';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { shippedTexts } from '../../../lib/stages/page-texts/shipped-texts.ts';

/** The largest page that the settings allow, with variables of API Gateway in every text. */
const trap = '$context.error.message $stageVariables.x #set($a=1)';
const largest = applicantPageOf(
  {
    lenderName: `Préstamos ${trap}`,
    supportLine: `Llámenos ${trap}`.padEnd(300, 'é'),
    privacyUrl: 'https://www.lender.example/'.padEnd(480, 'x'),
    languages: { es: { laterText: 'é'.repeat(300), invalidText: 'é'.repeat(300) }, en: {} },
    logo: 'bin/local/demo-logo.svg',
  },
  'https://www.lender.example/$context.stage/'.padEnd(480, 'x'),
);

/** As API Gateway does: every variable anywhere in a template is replaced. */
const resolve = (template: string) =>
  template.replaceAll('$context.requestId', '0a1b2c3d-request-id').replace(/\$[\w.{}]+/g, '(resolved)');

test.each(gatewayResponses)(
  '$type is a page of the lender, its first language first, under 8 kB',
  (response) => {
    const template = gatewayPage(response, largest);
    expect(Buffer.byteLength(template)).toBeLessThan(8_000);
    const html = resolve(template);
    expect(html).not.toContain('(resolved)');
    expect(html.match(/0a1b2c3d-request-id/g)).toHaveLength(1);
    expect(html).toContain('<html lang="es" dir="ltr">');
    expect(html).toContain('<header><bdi>Préstamos &#36;context.error.message');
    expect(html).toContain('href="https://www.lender.example/&#36;context.stage/');
    expect(html).toContain(`${shippedTexts.es?.reference} <code dir="ltr">0a1b2c3d-request-id</code>`);
    expect(html).not.toMatch(/<img|data:|begini|psychometric/i);
  },
);

test.each(gatewayResponses)(
  '$type allows its own style and script, in a tag because a header cannot contain them',
  (response) => {
    const html = gatewayPage(response, largest);
    const hashOf = (tag: string) => {
      const text = new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(html)?.[1] ?? '';
      return createHash('sha256').update(text).digest('base64');
    };
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${hashOf('style')}'; script-src 'sha256-${hashOf('script')}'; form-action 'self'; base-uri 'none'"`,
    );
  },
);

test.each(['THROTTLED', 'MISSING_AUTHENTICATION_TOKEN'])(
  '%s is in every shipped language, each with its direction, in the order of the stage',
  (type) => {
    const tags = ['ar', 'pt-BR', 'en', 'fr', 'es'];
    const supportLine = 'Questions? Call us: 0800 555 0142, Monday to Friday, 8 am to 6 pm.';
    const languages = Object.fromEntries(tags.map((tag) => [tag, { supportLine }]));
    const response = gatewayResponses.find((row) => row.type === type) ?? { code: '' };
    const html = gatewayPage(response, applicantPageOf({ languages }, 'https://www.lender.example/'));
    expect(
      [...html.matchAll(/<(?:html|section) lang="([^"]+)" dir="(...)">/g)].map(([, ...found]) => found),
    ).toEqual(tags.map((tag) => [tag, tag === 'ar' ? 'rtl' : 'ltr']));
    const title = type === 'THROTTLED' ? 'laterTitle' : 'invalidTitle';
    for (const tag of tags) expect(html).toContain(`>${shippedTexts[tag]?.[title]}</h`);
    expect(html.match(/<button/g) ?? []).toHaveLength(type === 'THROTTLED' ? 5 : 0);
  },
);

test('languages for which a template has no room are left out, and the later ones are still tried', () => {
  const long = Object.fromEntries(
    ['laterTitle', 'laterText', 'tryAgain'].map((name) => [name, 'é'.repeat(250)]),
  );
  const languages = { en: {}, es: long, fr: long, 'pt-BR': long, ar: {} };
  const html = gatewayPage({ code: 'too_many_requests' }, applicantPageOf({ languages }));
  expect(Buffer.byteLength(html)).toBeLessThan(8_000);
  expect([...html.matchAll(/<section lang="([^"]+)"/g)].map(([, tag]) => tag)).toEqual(['es', 'fr', 'ar']);
});

test.each([
  ['THROTTLED', 'laterTitle'],
  ['QUOTA_EXCEEDED', 'laterTitle'],
  ['DEFAULT_5XX', 'laterTitle'],
  ['INTEGRATION_FAILURE', 'laterTitle'],
  ['INTEGRATION_TIMEOUT', 'laterTitle'],
  ['API_CONFIGURATION_ERROR', 'laterTitle'],
  ['DEFAULT_4XX', 'invalidTitle'],
  ['MISSING_AUTHENTICATION_TOKEN', 'invalidTitle'],
  ['WAF_FILTERED', 'invalidTitle'],
] as const)('%s says %s, with a button only where trying again can help', (type, title) => {
  const response = gatewayResponses.find((row) => row.type === type) ?? { code: '' };
  const html = gatewayPage(response, applicantPageOf({}));
  expect(html).toContain(`<h1>${shippedTexts.en?.[title]}</h1>`);
  // The address of the page is a launch link, which a GET opens again.
  expect(html.includes('<form method="get">')).toBe(title === 'laterTitle');
});

test('texts that each are allowed, but too long together for a template, stop the synthesis and name the language', () => {
  const long = 'é'.repeat(300);
  const texts = {
    lenderName: long,
    laterTitle: long,
    laterText: long,
    opening: long,
    tryAgain: long,
    back: long,
  };
  const page = applicantPageOf(
    {
      language: 'fr',
      ...texts,
      supportLine: long,
      privacyUrl: 'https://www.lender.example/'.padEnd(480, 'x'),
    },
    'https://www.lender.example/'.padEnd(480, 'x'),
  );
  expect(() => gatewayPage({ code: 'too_many_requests' }, page)).toThrow(
    /applicantPage: in "fr", .* would have \d+ bytes, .* Shorten its texts/,
  );
});
