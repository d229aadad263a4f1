/** The least that does the job: no SDK, no middy; the request to Secrets Manager is signed by hand. */
import { createHash, createHmac } from 'node:crypto';
import { createSession, readUid, send } from './session-call.mjs';

const {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
  CREDENTIALS_SECRET_ARN: secretArn,
} = process.env;

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** Signature Version 4. */
function sign(url, headers, body) {
  const date = new Date().toISOString().replace(/[:-]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/${region}/secretsmanager/aws4_request`;
  const signed = { ...headers, host: url.host, 'x-amz-date': date };
  const names = Object.keys(signed).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${signed[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const key = ['secretsmanager', 'aws4_request'].reduce(
    hmac,
    hmac(hmac(`AWS4${secretAccessKey}`, date.slice(0, 8)), region),
  );
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString(
    'hex',
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...signed, authorization };
}

export async function readCredentials() {
  const url = new URL(endpoint);
  const body = JSON.stringify({ SecretId: secretArn });
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'secretsmanager.GetSecretValue',
  };
  const { statusCode, text } = await send(url, { headers: sign(url, headers, body) }, body);
  if (statusCode !== 200) throw new Error(`Secrets Manager answered ${statusCode}`);
  return JSON.parse(JSON.parse(text).SecretString);
}

let credentials;

export const handler = async (event) => {
  const uid = readUid(event.body);
  credentials ??= readCredentials();
  return await createSession(uid, await credentials);
};
