import { createSessionService, prepare } from '../shared/session-service.ts';
import { readSettings } from '../shared/settings.ts';
import { createSessionHandler } from './create-session-handler.ts';

const settings = readSettings(process.env);
const service = createSessionService(settings);
await prepare(service);

/** The entry that Lambda calls for `POST /sessions`. */
export const handler = createSessionHandler({ settings, ...service });
