import fc from 'fast-check';
import { pass, schedule } from '../support/virtual-time.ts';
import type { EventKind } from './deliveries.ts';
import type { Death } from './network.ts';
import { endIdleConnections } from './network.ts';
import { type Asked, type Fault, pairNumber, type World } from './world.ts';

/** One event in the world: fast-check makes lists of them. */
type Command = fc.AsyncCommand<object, World, boolean>;

const uidOf = (applicant: number) => `planted-uid-${applicant}`;

/** A command whose parameters show in the counterexample. */
function command<T>(
  name: string,
  given: fc.Arbitrary<T>,
  run: (world: World, given: T) => void | Promise<void>,
) {
  return given.map(
    (values): Command => ({
      check: () => true,
      async run(_model, world) {
        await run(world, values);
        await pass(0);
        const [rule] = world.watch.violations;
        if (rule) throw new Error(rule);
      },
      toString: () => (values === undefined ? name : `${name} ${JSON.stringify(values)}`),
    }),
  );
}

/** Starts requests one after the other, without waiting for their answers. */
async function ask(world: World, asked: Asked, choices: number[], gapMs: number): Promise<void> {
  for (const choice of choices) {
    void world.request(asked, choice);
    await pass(gapMs);
  }
}

/** Three come again and again. */
const known = fc.nat(2);
/** Any other is new as a rule: nothing in the table stands between this one and Begini. */
const applicant = fc.oneof(known, fc.integer({ min: 3, max: 10_000 }));
const choice = fc.nat(2);
const gapMs = fc.constantFrom(0, 3, 80, 400, 2_500);
const choices = fc.array(choice, { minLength: 1, maxLength: 3 });

const handOff = command(
  'hand-off',
  fc.record({ applicant, choices, gapMs, wantsJson: fc.boolean() }),
  (world, given) =>
    ask(
      world,
      { route: 'session', uid: uidOf(given.applicant), wantsJson: given.wantsJson },
      given.choices,
      given.gapMs,
    ),
);

const makeLink = command(
  'link made',
  fc.record({ applicant, choice, expiresIn: fc.constantFrom(60, 3_600, 200_000) }),
  (world, given) =>
    ask(
      world,
      { route: 'link', uid: uidOf(given.applicant), wantsJson: true, expiresIn: given.expiresIn },
      [given.choice],
      50,
    ),
);

const useLink = command(
  'link used',
  fc.record({
    last: fc.nat(2),
    route: fc.constantFrom('page', 'tap', 'tap'),
    choices,
    gapMs,
    wantsJson: fc.boolean(),
  }),
  async (world, { last, choices, gapMs, ...given }) => {
    const link = world.watch.links.at(-1 - last);
    if (link) await ask(world, { ...given, uid: link.uid, link } as Asked, choices, gapMs);
  },
);

const wait = command(
  'wait',
  fc.oneof(
    fc.integer({ min: 1, max: 4_000 }),
    fc.integer({ min: 4_000, max: 40_000 }),
    fc.integer({ min: 40_000, max: 900_000 }),
    fc.integer({ min: 900_000, max: 90_000_000 }),
  ),
  (_world, ms) => pass(ms),
);

const delayMs = fc.constantFrom(50, 900, 1_500, 2_700, 6_000, 12_000);
const after = fc.nat(6);
const times = fc.constantFrom(1, 1, 2, 4, 30);
const networkCall = fc.oneof(
  fc.record({ call: fc.constantFrom('reset', 'silence') }),
  fc.record({ call: fc.constantFrom('slow', 'cut'), delayMs }),
  fc.record({ call: fc.constant('lost'), delayMs }),
);
const connect = fc.constantFrom('refused', 'unresolved', 'untrusted', 'silence');
const awsError = fc.record({
  call: fc.constantFrom('throttle', 'deny', 'internal-error'),
});
const vendorAnswer: fc.Arbitrary<Fault['how']> = fc.oneof(
  fc.constantFrom('foreign-token', 'unsafe-token', 'opaque-token'),
  fc.record({ fault: fc.constantFrom('not-http', 'invalid-json', 'oversized') }),
  fc.record({
    fault: fc.constant('status'),
    status: fc.constantFrom(401, 403, 422, 429, 500, 503),
    retryAfter: fc.constantFrom('7', 'soon'),
  }),
  fc.record({ fault: fc.constant('redirect'), location: fc.constant('https://evil.example/') }),
);
const by = fc.constantFrom('function', 'function', 'rotation');
const once = fc.constant(1);

const deliver = command(
  'event',
  fc.record({
    kind: fc.constantFrom<EventKind>('result', 'result', 'result', 'unreadable', 'foreign', 'own-test'),
    signer: fc.constantFrom('newest', 'newest', 'newest', 'one before', 'first', 'UNSET', 'nobody'),
    repeats: fc.constantFrom(0, 3),
    copies: fc.integer({ min: 1, max: 2 }),
    choice,
  }),
  async (world, { kind, signer, repeats, copies, choice }) => {
    const signers = {
      newest: pairNumber(world.pairs - 1),
      'one before': pairNumber(Math.max(0, world.pairs - 2)),
      first: pairNumber(0),
      UNSET: 'UNSET',
      nobody: 'nobody',
    } as const;
    const delivery = world.deliveries.make(kind, signers[signer as keyof typeof signers], repeats);
    for (let sent = 0; sent < copies; sent += 1) void world.deliver(delivery, choice);
    await pass(50);
  },
);
const consume = command(
  'consumer takes',
  fc.constantFrom('lives', 'lives', 'dies-before-commit', 'dies-after-commit'),
  (world, fate) => world.deliveries.consume(fate),
);

/** A fault that waits for its call. */
const fails = (
  name: string,
  host: fc.Arbitrary<Fault['host']>,
  from: fc.Arbitrary<Fault['by']>,
  how: fc.Arbitrary<Fault['how']>,
  limits = { after, times },
) =>
  command(name, fc.record({ host, by: from, how, ...limits }), (world, fault) => {
    world.faults.push({ ...fault });
  });

const vendorFails = fails(
  'vendor fails',
  fc.constant('vendor'),
  by,
  fc.oneof(networkCall, connect, vendorAnswer),
  // A request asks Begini once or twice, a rotation once.
  { after: fc.nat(2), times },
);
const secretsFail = fails(
  'Secrets Manager fails',
  fc.constant('secrets'),
  fc.constantFrom('function', 'rotation', 'operator'),
  fc.oneof(networkCall, connect, awsError),
);
const tableFails = fails(
  'table fails',
  fc.constant('table'),
  fc.constant('function'),
  fc.oneof(networkCall, fc.record({ call: fc.constant('late'), delayMs }), connect, awsError),
);
const claimIsLate = command(
  'a claim takes effect late, while the applicant taps again',
  fc.record({
    applicant,
    choices: fc.array(choice, { minLength: 2, maxLength: 5 }),
    gapMs: fc.constantFrom(400, 2_500),
    lateMs: fc.integer({ min: 500, max: 12_000 }),
    vendorMs: delayMs,
  }),
  async (world, given) => {
    const table = { call: 'late', delayMs: given.lateMs } as const;
    world.faults.push({ host: 'table', by: 'function', how: table, after: 0, times: 2 });
    const vendor = { call: 'slow', delayMs: given.vendorMs } as const;
    world.faults.push({ host: 'vendor', by: 'function', how: vendor, after: 1, times: 1 });
    const asked = { route: 'session', uid: uidOf(given.applicant) } as const;
    await ask(world, asked, given.choices, given.gapMs);
  },
);
const queuesFail = fails(
  'queues fail',
  fc.constant('queues'),
  fc.constant('function'),
  fc.oneof(networkCall, connect, awsError),
  { after: fc.nat(2), times },
);
const functionDies = fails(
  'function dies',
  fc.constantFrom('vendor', 'secrets', 'table', 'queues'),
  by,
  fc.record({ call: fc.constantFrom('death', 'death-after') }),
  { after, times: once },
);
const operatorStops = fails(
  'operator stops',
  fc.constant('secrets'),
  fc.constant('operator'),
  fc.record({ call: fc.constantFrom('interrupt', 'interrupt', 'death', 'death-after') }),
  { after: fc.nat(12), times: once },
);
const faultsEnd = command('faults end', fc.constant(undefined), (world) => void world.faults.splice(0));

const death = fc.constantFrom<Death>('fin', 'reset', 'reset-at-write', 'silence');
const connectionDies = command(
  'connection dies',
  fc.record({ host: fc.constantFrom('vendor', 'table', 'queues'), death }),
  (world, given) => {
    for (const environment of world.environments) {
      if (given.death === 'silence' && environment.call) continue;
      endIdleConnections(environment, world.hosts[given.host], given.death);
    }
  },
);
const environmentEnds = command('environment ends', choice, (world, index) => {
  const environment = world.environments.filter(({ isBusy }) => !isBusy)[index];
  if (environment) environment.hasEnded = true;
});

const overlapMs = fc.constantFrom(0, 0, 30_000, 3_600_000);
const keyChanges = command("vendor's key changes", overlapMs, (world, ms) => void world.renewPair(ms));
const operate = command(
  'operator rotates',
  fc.record({
    pair: fc.constantFrom('new', 'new', 'newest', 'first', 'wrong'),
    overlapMs,
    isCompromised: fc.boolean(),
    interruptMs: fc.option(fc.integer({ max: 2_500, min: 0 }), { nil: undefined }),
    waitMs: fc.constantFrom(0, 700, 5_000, 30_000),
  }),
  async (world, given) => {
    const pairs = {
      new: () => world.renewPair(given.overlapMs),
      newest: () => pairNumber(world.pairs - 1),
      first: () => pairNumber(0),
      wrong: () => ({ ...pairNumber(world.pairs - 1), apiKey: 'planted-wrong-key' }),
    };
    const operator = world.operate(pairs[given.pair as keyof typeof pairs](), given.isCompromised);
    if (given.interruptMs !== undefined) schedule(given.interruptMs, () => operator.interrupt(), operator);
    await pass(given.waitMs);
  },
);
const interrupt = command('operator interrupts', choice, (world, last) =>
  world.operators
    .filter(({ hasEnded }) => !hasEnded)
    .at(-1 - last)
    ?.interrupt(),
);
const deadline = command(
  "the deadline's rotation",
  fc.constantFrom('credentials', 'launch-key'),
  (world, name) => world.rotateBySchedule(name),
);
const renewLaunchKey = command(
  'launch key renewed',
  fc.record({ renewals: fc.integer({ min: 1, max: 2 }), waitMs: fc.constantFrom(0, 370_000) }),
  async (world, { renewals, waitMs }) => {
    for (let done = 0; done < renewals; done += 1) {
      world.rotateBySchedule('launch-key');
      await pass(3_000);
    }
    await pass(waitMs);
  },
);
const repeatStep = command('a step is repeated', fc.nat(8), (world, last) => void world.repeatStep(last));
const repeatRotation = command(
  'a rotation is repeated',
  fc.constantFrom('credentials', 'launch-key'),
  (world, name) => void world.rotations[name].repeat(),
);
const secondCall = command(
  "vendor's second call",
  fc.constantFrom('new-session', 'refuse-second', 'same-token'),
  (world, mode) => {
    world.secondCall = mode;
  },
);
const copyRow = command(
  'a row is copied',
  fc.record({ from: known, to: known }),
  async (world, { from, to }) => {
    if (from === to) return;
    world.watch.overwritten(uidOf(to));
    await world.copyRow(world.watch.rowOf(uidOf(from)), world.watch.rowOf(uidOf(to)));
  },
);

const often = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ arbitrary, weight });

/** Lists of events, the frequent ones with a weight. An array and not `fc.commands`: a path alone repeats it. */
export const events = fc.array(
  fc.oneof(
    often(12, handOff),
    often(4, wait),
    often(3, makeLink),
    often(3, useLink),
    often(3, operate),
    often(3, vendorFails),
    often(6, deliver),
    often(2, consume),
    queuesFail,
    secretsFail,
    tableFails,
    claimIsLate,
    functionDies,
    operatorStops,
    faultsEnd,
    connectionDies,
    environmentEnds,
    keyChanges,
    interrupt,
    deadline,
    renewLaunchKey,
    repeatStep,
    repeatRotation,
    secondCall,
    copyRow,
  ),
  { maxLength: 60, size: 'max' },
);

/** After everything: once nothing fails, a good pair is staged and promoted, and applicants are led to sessions. */
export async function endWell(world: World): Promise<void> {
  world.faults.splice(0);
  world.secondCall = 'new-session';
  await pass(600_000);
  for (const operator of world.operators) if (!operator.hasEnded) operator.interrupt();
  await world.end();
  const operator = world.operate(world.renewPair(0));
  await world.end();
  if (!operator.hasPassed) world.watch.violated('a good pair could not be staged and promoted');
  await pass(1_000);
  const waiting = world.environments.filter(({ name, hasEnded }) => name === 'create-session' && !hasEnded);
  for (const index of new Set([Math.floor(world.random() * waiting.length), waiting.length]))
    await mustSucceed(world, { route: 'session', uid: `planted-uid-late-${index}` }, index);
  await mustSucceed(world, { route: 'link', uid: 'planted-uid-late', wantsJson: true }, 0);
  const link = world.watch.links.at(-1);
  await mustSucceed(world, { route: 'tap', uid: 'planted-uid-late', link }, 0);
  for (const signer of [0, 1])
    void world.deliver(world.deliveries.make('result', pairNumber(world.pairs - 1), 0), signer);
  await world.end();
  world.deliveries.ended();
  const [rule] = world.watch.violations;
  if (rule) throw new Error(rule);
}

async function mustSucceed(world: World, asked: Asked, choice: number): Promise<void> {
  const before = world.watch.successes;
  void world.request(asked, choice);
  await world.end();
  if (world.watch.successes === before)
    world.watch.violated(`after all faults a ${asked.route} did not succeed`);
}
