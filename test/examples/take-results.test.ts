import { describeConsumer } from '../support/results-consumer.ts';

describeConsumer(process.execPath, 'take-results.mjs');
