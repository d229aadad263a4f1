import type { ApplicantPage } from '../../functions/launch/page.ts';
import { longestLifeSeconds } from '../../functions/launch-links/launch-link-life.ts';
import { readApplicantPage } from './applicant-page.ts';
import { type Check, positiveInteger, type SettingsReader, text, yesOrNo } from './settings-reader.ts';
import { readThrottle, type Throttle } from './throttle.ts';

/** The part of a stage's row that concerns launch links. */
export interface LaunchSettings {
  /** Whether the stage has launch links at all. */
  launchLinks: boolean;
  applicantPage: ApplicantPage;
  /** The host of the API and of the links; absent, API Gateway's own. */
  domain?: CustomDomain | undefined;
  /** Requests per second to each method of `/launch/{token}`, and how many may come at once. */
  launchThrottle: Throttle;
  /** How often the launch key is renewed. */
  launchKeyRotationDays: number;
}

/** A host name of the lender's, with its certificate in the stack's own region. */
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
 * A token is good as long as its key is the current or the previous one: one renewal later, but not two. Two days more
 * than the longest life of a link, because Secrets Manager picks the hour: two renewals may lie a day closer.
 */
const shortestRotationDays = longestLifeSeconds / 86_400 + 2;
/** Secrets Manager's own limit. */
const longestRotationDays = 1_000;

const rotationDays: Check<number> = {
  accepts: (value): value is number =>
    positiveInteger.accepts(value) && value >= shortestRotationDays && value <= longestRotationDays,
  allowed: `a whole number from ${shortestRotationDays}, two more than the longest life of a link, to ${longestRotationDays}`,
};
const hostName = text(
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  'a host name in lower case such as "start.lender.example"',
);
const certificateArn = text(
  /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
  'the ARN of a certificate in AWS Certificate Manager',
);

/** Reads the settings for launch links of a row. */
export function readLaunchSettings(
  settings: SettingsReader,
  environment: 'test' | 'production',
  region: string | undefined,
): LaunchSettings {
  return {
    launchLinks: settings.optional('launchLinks', yesOrNo) ?? true,
    applicantPage: readApplicantPage(settings),
    domain: readDomain(settings, region),
    launchThrottle: readThrottle(settings, 'launchThrottle', throttleDefaults[environment]),
    launchKeyRotationDays: settings.optional('launchKeyRotationDays', rotationDays) ?? defaultRotationDays,
  };
}

function readDomain(settings: SettingsReader, region: string | undefined): CustomDomain | undefined {
  return settings.optionalNested('domain', (domain) => {
    const name = domain.required('name', hostName) ?? '';
    const arn = domain.required('certificateArn', certificateArn) ?? '';
    if (arn && region && arn.split(':')[3] !== region) {
      domain.refuse('certificateArn', arn, `a certificate in the stage's own region, ${region}`);
    }
    return { name, certificateArn: arn };
  });
}
