/** As tutorials have it, with its packages beside it instead of in a bundle: middy, its secrets manager, axios. */
import middy from '@middy/core';
import secretsManager from '@middy/secrets-manager';
import axios from 'axios';
import { readUid, redirect, signedRequest } from './session-call.mjs';

export const handler = middy(async (event, context) => {
  const { url, headers, body } = signedRequest(readUid(event.body), context.credentials);
  const { data } = await axios.post(url, body, { headers });
  return redirect(data.access_token);
}).use(
  secretsManager({ fetchData: { credentials: process.env.CREDENTIALS_SECRET_ARN }, setToContext: true }),
);
