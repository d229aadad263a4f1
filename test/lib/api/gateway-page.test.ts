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

test.each(gatewayResponses)('$type is a page of the lender in its first language, under 8 kB', (response) => {
  const template = gatewayPage(response, largest);
  expect(Buffer.byteLength(template)).toBeLessThan(8_000);
  const html = resolve(template);
  expect(html).not.toContain('(resolved)');
  expect(html.match(/0a1b2c3d-request-id/g)).toHaveLength(1);
  expect(html).toContain('<html lang="es" dir="ltr">');
  expect(html).toContain('<header><bdi>Préstamos &#36;context.error.message');
  expect(html).toContain('href="https://www.lender.example/&#36;context.stage/');
  expect(html).toContain(`${shippedTexts.es?.reference} <bdi>0a1b2c3d-request-id</bdi>`);
  expect(html).not.toMatch(/<script|<img|data:|begini|psychometric/i);
});

test.each(gatewayResponses)(
  '$type allows its own style, in a tag because a header cannot contain it',
  (response) => {
    const html = gatewayPage(response, largest);
    const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'"`,
    );
  },
);

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
