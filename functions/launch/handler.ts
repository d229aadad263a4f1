import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ApplicantPage } from '../applicant-page/applicant-page.ts';
import { createVendorClient } from '../begini/client.ts';
import { createLaunchKeys, warmUpLaunchKeys } from '../launch-links/launch-keys.ts';
import { secretsManagerDefaults } from '../secrets/client-defaults.ts';
import { SessionService } from '../session/session-service.ts';
import { createLaunchHandler } from './launch-handler.ts';
import { readLaunchSettings } from './settings.ts';

/** Inserted by the bundler, because it is too large for an environment variable. */
declare const APPLICANT_PAGE: ApplicantPage;

const settings = readLaunchSettings(process.env);
const vendor = createVendorClient({ origin: settings.origins.api });
await vendor.startWarmUp();
const client = new SecretsManagerClient(secretsManagerDefaults);
const launchKeys = createLaunchKeys({ client, secretArn: settings.launchKeySecretArn });
const sessions = SessionService.of(settings, vendor, client);
await Promise.all([warmUpLaunchKeys(launchKeys), sessions.warmUp()]);

/** The entry that Lambda calls for `/launch/{token}` and `/return/{ending}`. */
export const handler = createLaunchHandler({
  settings,
  applicantPage: APPLICANT_PAGE,
  sessions,
  launchKeys,
});
