import * as v from 'valibot';
import type { ApplicantPage } from '../../functions/applicant-page/applicant-page.ts';
import { longestLifeSeconds } from '../../functions/launch-links/launch-link-life.ts';
import { applicantPageSettings } from './applicant-page.ts';
import { notAllowed, settings, text, wholeNumber, yesOrNo } from './settings.ts';
import { type Throttle, throttle } from './throttle.ts';

/** The part of a stage's row that concerns launch links. */
export interface LaunchLinkSettings {
  /** Whether the stage has launch links at all. */
  launchLinks: boolean;
  applicantPage: ApplicantPage;
  /** The host of the API and of the links; if absent, API Gateway's own. */
  domain?: CustomDomain | undefined;
  /** Requests per second to each method of `/launch/{token}`, and how many may come at once. */
  launchThrottle: Throttle;
  /** How often the launch key is renewed. */
  launchKeyRotationDays: number;
}

/** A host name of the lender, with its certificate in the stack's own region. */
export interface CustomDomain {
  name: string;
  certificateArn: string;
}

const throttleDefaults = {
  test: { rateLimit: 5, burstLimit: 10 },
  production: { rateLimit: 50, burstLimit: 100 },
} as const;
const defaultRotationDays = 90;

/**
 * A token is valid as long as its key is the current or the previous one: through one renewal, not through two. Two
 * days more than the longest life of a link, because Secrets Manager picks the hour: two renewals may be a day closer.
 */
const shortestRotationDays = longestLifeSeconds / 86_400 + 2;
/** Secrets Manager's own limit. */
const longestRotationDays = 1_000;

const rotationDays = wholeNumber(
  shortestRotationDays,
  longestRotationDays,
  `a whole number from ${shortestRotationDays}, two more than the longest life of a link, to ${longestRotationDays}`,
);
const hostName = text(
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  'a host name in lower case such as "start.lender.example", of at most 253 characters, 63 between two dots',
);
const certificateArn = text(
  /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
  'the ARN of a certificate in AWS Certificate Manager',
);

/** The settings of a row for launch links, with the defaults of the environment. */
export function launchLinkSettings(environment: 'test' | 'production') {
  return {
    launchLinks: v.optional(yesOrNo, true),
    ...applicantPageSettings,
    domain: v.optional(settings({ name: hostName, certificateArn })),
    launchThrottle: throttle(throttleDefaults[environment]),
    launchKeyRotationDays: v.optional(rotationDays, defaultRotationDays),
  };
}

/** Refuses a certificate in another region than the row's; `path` is the row's. */
export function refuseForeignCertificate(
  path: string,
  { domain, region }: { domain?: CustomDomain | undefined; region?: string | undefined },
): string[] {
  if (!domain || !region || domain.certificateArn.split(':')[3] === region) return [];
  return [
    notAllowed(
      `${path}.domain.certificateArn`,
      domain.certificateArn,
      `a certificate in the stage's own region, ${region}`,
    ),
  ];
}
