import { bundleFunction } from '../lib/lambda/bundle.ts';
import { faultsOf, formatResults, mostHeapGrowth } from './load/judge.ts';
import { runLoad } from './load/run-load.ts';

const limitMinutes = 20;
const load = { soakRequests: 50_000, events: 10_000, troubleRequests: 2_000, functions: 32 };

console.error(
  `${load.soakRequests} requests to one function, ${load.events} events of Begini to another, then 4 × ${load.troubleRequests} requests to ${load.functions}; at most ${limitMinutes} minutes.`,
);
const ending = new AbortController();
const { signal } = ending;
setTimeout(() => ending.abort(), limitMinutes * 60_000).unref();
// A frozen function would outlive this process.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => ending.abort());

const results = await runLoad({
  ...load,
  bundleFolders: {
    'create-session': await bundleFunction('create-session'),
    'receive-result': await bundleFunction('receive-result'),
  },
  signal,
  onSample: ({ name, requests }, sent) => console.error(`${name}: ${sent} of ${requests}`),
});
const faults = [...results.flatMap(faultsOf), ...(signal.aborted ? ['The load ended early.'] : [])];
console.log(`${formatResults(results)}\n`);
console.log(
  faults.length === 0
    ? `PASS: at most ${mostHeapGrowth} MiB of heap per 10,000 requests.`
    : faults.join('\n'),
);
process.exitCode = faults.length === 0 ? 0 : 1;
