import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type ApiHandler, apiHandler } from '../http/api-handler.ts';
import { isoTime } from '../http/iso-time.ts';
import { jsonBody } from '../http/json-body.ts';
import { created } from '../http/responses.ts';
import type { LaunchKeys } from '../launch-links/launch-keys.ts';
import { sealLaunchToken } from '../launch-links/launch-token.ts';
import { uidReference } from '../uid.ts';
import { parseBody } from './parse-body.ts';
import type { LaunchLinkSettings } from './settings.ts';

/** What the handler works with; `writeLine` receives the log lines; by default they go to standard output. */
export type LaunchLinkHandlerOptions = {
  settings: LaunchLinkSettings;
  launchKeys: LaunchKeys;
  writeLine?: (line: string) => void;
  /** Epoch milliseconds. */
  now?: () => number;
  /** The scheme of a link to the called host: `http:` only for the service on one machine. */
  protocol?: 'https:' | 'http:';
};

/** `POST /launch-links` with `{"uid": "…", "language": "pt-BR"}`: `201` `{"url", "expires_at"}`. The vendor is not called. */
export function createLaunchLinkHandler(options: LaunchLinkHandlerOptions): ApiHandler {
  const { settings, launchKeys, writeLine, now = Date.now, protocol = 'https:' } = options;
  return apiHandler({ stage: settings.stage, writeLine }, jsonBody(), async (event, { scope, requestId }) => {
    const { uid, expiresInSeconds, language } = parseBody(event.body);
    scope.trace.uidRef = uidReference(uid, settings.uidRefKey);

    const key = await launchKeys.current(scope);
    const expiresAt = Math.floor(now() / 1000) + expiresInSeconds;
    const token = sealLaunchToken({ uid, expiresAt, language }, key);
    scope.trace.outcome = 'link_created';

    const baseUrl = settings.launchBaseUrl ?? `${protocol}//${baseUrlOf(event)}`;
    const link = { url: `${baseUrl}/launch/${token}`, expires_at: isoTime(expiresAt) };
    return created(link, requestId);
  });
}

/** Host and stage from API Gateway, regardless of the request's own headers. */
function baseUrlOf({ requestContext: { domainName, stage } }: APIGatewayProxyEvent): string {
  return `${domainName}/${stage}`;
}
