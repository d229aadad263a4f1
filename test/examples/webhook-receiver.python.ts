import { describeReceiver } from '../support/webhook-receiver.ts';

describeReceiver('python3', 'webhook_receiver.py');
