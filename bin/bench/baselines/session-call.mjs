/** What the baselines share: the check of the uid, the vendor's call as `https.request` sends it, and the answer. */
import { createHmac } from 'node:crypto';
import https from 'node:https';

export const [apiOrigin, assessmentOrigin] = process.env.BEGINI_LOCAL_ORIGINS.split(',');
export const agent = new https.Agent({ keepAlive: true });

export const path = '/v1/sessions-management/tokens';

export function readUid(body) {
  const { uid } = typeof body === 'string' ? JSON.parse(body) : body;
  if (typeof uid !== 'string' || !/^[A-Za-z0-9-]{5,60}$/.test(uid)) throw new Error('invalid uid');
  return uid;
}

export function signedRequest(uid, { apiKey, integrationId }) {
  const body = JSON.stringify({ uid, integration_id: integrationId });
  const headers = {
    'api-key': apiKey,
    'Content-Type': 'application/json',
    'X-Signature': createHmac('sha512', apiKey).update(body).digest('hex'),
  };
  return { url: `${apiOrigin}${path}`, headers, body };
}

export function send(url, options, body) {
  return new Promise((resolve, reject) => {
    const call = https.request(url, { method: 'POST', agent, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ statusCode: response.statusCode, text }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

export async function createSession(uid, credentials) {
  const { url, headers, body } = signedRequest(uid, credentials);
  const { statusCode, text } = await send(url, { headers }, body);
  if (statusCode !== 200) throw new Error(`The vendor answered ${statusCode}`);
  return redirect(JSON.parse(text).access_token);
}

export function redirect(accessToken) {
  return { statusCode: 302, headers: { Location: `${assessmentOrigin}/${accessToken}` }, body: '' };
}
