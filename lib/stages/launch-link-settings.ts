import * as v from 'valibot';
import { longestLifeSeconds } from '../../functions/launch-links/launch-link-life.ts';
import { applicantPageSettings } from './applicant-page.ts';
import {
  type EnvironmentName,
  isLeftOut,
  longestRotationDays,
  notAllowed,
  oneOf,
  type SettingsOf,
  settings,
  text,
  wholeNumber,
  yesOrNo,
} from './settings.ts';
import { throttle } from './throttle.ts';

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
  /^arn:aws(?:-eusc)?:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
  'the ARN of a certificate in AWS Certificate Manager, "arn:aws:acm:…"',
);

/** The settings of a row for launch links, with the defaults of the environment. */
export function launchLinkSettings(environment: EnvironmentName) {
  return {
    /** Whether the stage has launch links at all. */
    launchLinks: v.optional(yesOrNo, true),
    ...applicantPageSettings,
    /** The host of the API and of the links, with its certificate in the stack's own region; if absent, API Gateway's. */
    domain: v.optional(settings({ name: hostName, certificateArn })),
    /** With `domain`, whether API Gateway's own host still answers. */
    defaultEndpoint: v.optional(oneOf('closed', 'open')),
    /** The limits of each method of `/launch/{token}` and `/return/{ending}`. */
    launchThrottle: throttle(throttleDefaults[environment]),
    /** How often the launch key is renewed. */
    launchKeyRotationDays: v.optional(rotationDays, defaultRotationDays),
  };
}

type LaunchLinkSettings = SettingsOf<ReturnType<typeof launchLinkSettings>>;

type DomainSettings = Partial<Pick<LaunchLinkSettings, 'domain' | 'defaultEndpoint'>>;

/**
 * Refuses a certificate in another region than the row's, and a domain without a word on API Gateway's own host; `path`
 * is the row's.
 */
export function refuseDomain(path: string, row: DomainSettings & { region?: string | undefined }): string[] {
  const { domain, defaultEndpoint, region } = row;
  const refuse = (name: string, value: unknown, allowed: string) =>
    notAllowed(`${path}.${name}`, value, allowed);
  if (isLeftOut(row, 'domain') && defaultEndpoint)
    return [refuse('defaultEndpoint', defaultEndpoint, 'it only with domain')];
  if (!domain) return [];
  const { certificateArn } = domain;
  const isElsewhere = region && certificateArn.split(':')[3] !== region;
  const ownRegion = `a certificate in the stage's own region, ${region}`;
  return [
    ...(isElsewhere ? [refuse('domain.certificateArn', certificateArn, ownRegion)] : []),
    ...(isLeftOut(row, 'defaultEndpoint') ? [refuse('defaultEndpoint', undefined, openOrClosed)] : []),
  ];
}

const openOrClosed =
  '"open" to keep API Gateway\'s own host as it was, or "closed" once no link, loan app, return address or webhook ' +
  'uses it';

/** Refuses a host name that two rows have: DNS can lead to one of them only. */
export function refuseSharedDomain(rows: readonly { name: string; valid: DomainSettings }[]): string[] {
  return rows.flatMap(({ name, valid: { domain } }, index) => {
    const twin = domain && rows.slice(0, index).find(({ valid }) => valid.domain?.name === domain.name);
    return twin
      ? [notAllowed(`stages.${name}.domain.name`, domain.name, `another name: stages.${twin.name} has it`)]
      : [];
  });
}
