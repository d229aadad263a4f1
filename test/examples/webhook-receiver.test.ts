import { describeReceiver } from '../support/webhook-receiver.ts';

describeReceiver(process.execPath, 'webhook-receiver.mjs');
