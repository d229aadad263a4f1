/** The hand-written function, which reads the secret and connects to the vendor at the same time, during init. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import { readCredentials } from './hand-written.mjs';
import { agent, apiOrigin, createSession, readUid } from './session-call.mjs';

const { hostname: host, port: portText } = new URL(apiOrigin);
const port = Number(portText);
let connection = connect({ host, port, servername: '' });
const [credentials] = await Promise.all([readCredentials(), once(connection, 'secureConnect')]);

const createConnection = agent.createConnection.bind(agent);
agent.createConnection = (options, ...more) => {
  if (connection === undefined || options.port !== port) return createConnection(options, ...more);
  const opened = connection;
  connection = undefined;
  return opened;
};

export const handler = async (event) => await createSession(readUid(event.body), credentials);
