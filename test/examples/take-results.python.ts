import { describeConsumer } from '../support/results-consumer.ts';

describeConsumer('python3', 'take_results.py');
