import { createSessionService, prepare } from '../session/session-service.ts';
import { readSettings } from '../session/settings.ts';
import { createSessionHandler } from './create-session-handler.ts';

const settings = readSettings(process.env);
const service = createSessionService(settings);
await prepare(service);

/** The entry that Lambda calls for `POST /sessions`. */
export const handler = createSessionHandler({ settings, ...service });
