import { createVendorClient } from '../begini/client.ts';
import { SessionService } from '../session/session-service.ts';
import { readSettings } from '../session/settings.ts';
import { createSessionHandler } from './create-session-handler.ts';

const settings = readSettings(process.env);
const vendor = createVendorClient({ origin: settings.origins.api });
await vendor.startWarmUp();
const sessions = SessionService.of(settings, vendor);
await sessions.warmUp();

/** The entry that Lambda calls for `POST /sessions`. */
export const handler = createSessionHandler({ stage: settings.stage, sessions });
