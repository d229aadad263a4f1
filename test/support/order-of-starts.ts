/**
 * Run by Node.js before a bundled function: writes a line to stderr when it sends the SYN of a connection, and when it
 * makes an HTTP request, both with the port.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { Socket } from 'node:net';

const write = (event: string, port: unknown) => process.stderr.write(`${event} ${port}\n`);
const { connect } = Socket.prototype;

Socket.prototype.connect = function (this: Socket, ...given: never[]) {
  this.once('connectionAttempt', (_address, port) => write('SYN', port));
  return Reflect.apply(connect, this, given);
};
subscribe('http.client.request.created', (message) => {
  const { request } = message as { request: ClientRequest };
  write('request', String(request.getHeader('host')).split(':').at(-1));
});
