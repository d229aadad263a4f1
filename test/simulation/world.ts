import { randomUUID } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, SecretsManagerRotationEvent } from 'aws-lambda';
import { startFunction } from '../../bin/local/start-function.ts';
import { rotatePair } from '../../bin/rotate/rotate-pair.ts';
import { distort, type Fault as VendorFault } from '../../bin/stand-ins/begini/begini-faults.ts';
import { makeAccessToken } from '../../bin/stand-ins/begini/begini-token.ts';
import { BeginiVendor, type SecondCall } from '../../bin/stand-ins/begini/begini-vendor.ts';
import { TableEngine } from '../../bin/stand-ins/dynamodb/table-engine.ts';
import { lambdaContext } from '../../bin/stand-ins/gateway/gateway-event.ts';
import { SecretRotations } from '../../bin/stand-ins/secrets-manager/secret-rotation.ts';
import {
  putVersion,
  type Secret,
  SecretStore,
  SecretsManagerError,
} from '../../bin/stand-ins/secrets-manager/secret-store.ts';
import { perform } from '../../bin/stand-ins/secrets-manager/secrets-operations.ts';
import { beginiOrigins } from '../../functions/begini/origins.ts';
import {
  answerReserveMs,
  functionTimeoutMs,
  requestTimeoutMs,
  resultTimeoutMs,
  vendorTimeoutMs,
} from '../../functions/deadlines.ts';
import { secretVersions } from '../../functions/secrets/secret-versions.ts';
import type { FunctionName } from '../../lib/lambda/bundle.ts';
import { applicantPageOf } from '../../lib/stages/applicant-page.ts';
import { inRealTime, Process, pass, restart, schedule, trueTime } from '../support/virtual-time.ts';
import { Deliveries, type Delivery } from './deliveries.ts';
import { type Call, type Host as HostName, Invariants, type Pair } from './invariants.ts';
import {
  type ConnectFault,
  type Host,
  type HostAnswer,
  type HostRequest,
  httpAnswer,
  resetNetwork,
} from './network.ts';
import { seededRandom } from './seeded-random.ts';

/** Who makes a call: a function that answers requests, one that rotates, or an operator's command. */
export type Caller = 'function' | 'rotation' | 'operator';

/** What goes wrong with a call or a connection to a host, once `after` others went well, so many times. */
export type Fault = {
  host: HostName;
  by: Caller;
  how: ConnectFault | CallFault | VendorFault | 'foreign-token' | 'unsafe-token' | 'opaque-token';
  after: number;
  times: number;
};

/**
 * `lost`: the call takes effect and its answer is lost, after `delayMs`. `late`: the caller never gets an answer, and
 * the call takes effect after `delayMs`. `death`: the caller ends there, before the call or
 * after its effect. `interrupt`: the operator presses Ctrl-C at this moment.
 */
type CallFault =
  | { call: 'reset' | 'silence' | keyof typeof awsErrors | 'death' | 'death-after' | 'interrupt' }
  | { call: 'slow' | 'lost' | 'cut' | 'late'; delayMs: number };

const connectFaults = ['refused', 'unresolved', 'untrusted', 'silence'];
const awsErrors = {
  throttle: { status: 400, type: 'ThrottlingException' },
  deny: { status: 400, type: 'AccessDeniedException' },
  'internal-error': { status: 500, type: 'InternalServerError' },
};

const region = 'eu-west-1';
/** The SDK's own defaults, which it would look for in files; and no signature, as nobody verifies one: half of a run. */
const aws = {
  region,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  retryMode: 'standard',
  defaultsMode: 'standard' as const,
  accountIdEndpointMode: 'disabled' as const,
  userAgentAppId: 'simulation',
  signer: { sign: async <Request>(request: Request) => request },
};
const vendorName = new URL(beginiOrigins.api).host;
const queuesName = `sqs.${region}.amazonaws.com`;
const queueUrl = (name: string) => `https://${queuesName}/000000000000/${name}`;
const tableName = 'sessions';
const stage = 'simulated';
const applicantPage = applicantPageOf({});
const credentialsName = 'credentials';
const launchKeyName = 'launch-key';

// The SDK reads its configuration files once, in real time.
await new SecretsManagerClient(aws).config.maxAttempts();
// One for all runs: each has rows of its own, by its own key.
const table = new TableEngine();
await Promise.all([table.createTable(tableName, 'pk'), pass(1_000)]);

/** The n-th pair of the Deployment Centre: no other text holds a planted value. */
export const pairNumber = (n: number): Pair => ({
  apiKey: `planted-key-${n}-7f3a9c`,
  integrationId: `integration-${n % 5 === 4 ? 2 : 1}`,
});

/** What all runs of this process have played. */
export const played = { events: 0, requests: 0, vendorCalls: 0, faults: 0 };

/** The function of each route of loan apps and applicants. */
const functionOf = {
  session: 'create-session',
  link: 'create-launch-link',
  page: 'launch',
  tap: 'launch',
} as const;

/** What answers events of API Gateway, or rotates. */
type Handler = (
  event: unknown,
  context: ReturnType<typeof lambdaContext>,
) => Promise<APIGatewayProxyResult | undefined>;
/** A request as its caller makes it. */
export type Asked = Pick<Call, 'uid' | 'link' | 'wantsJson' | 'expiresIn'> & {
  route: keyof typeof functionOf;
};

/** One execution environment of a function: it answers one request at a time, and is frozen between two. */
export class Environment extends Process {
  readonly name: FunctionName;
  readonly #died = Promise.withResolvers<undefined>();
  isBusy = false;
  /** The request in work. */
  call: Call | undefined;
  readonly #start: () => Promise<Handler>;
  #handler: Handler | undefined;

  constructor(name: FunctionName, skewMs: number, start: () => Promise<Handler>) {
    super(skewMs);
    this.name = name;
    this.#start = start;
  }

  /** Undefined where it died over the event. */
  async invoke(event: unknown, call?: Call): Promise<APIGatewayProxyResult | undefined> {
    this.isBusy = true;
    this.call = call;
    this.#handler ??= await Promise.race([this.run(this.#start), this.#died.promise]);
    this.thaw();
    const deadline = trueTime() + functionTimeoutMs;
    if (this.call)
      this.call.deadline = Math.min(
        deadline - answerReserveMs,
        this.call.receivedAt +
          (this.call.route === 'event' ? resultTimeoutMs : requestTimeoutMs) +
          Math.max(0, -this.skewMs),
      );
    const context = lambdaContext(randomUUID(), deadline + this.skewMs);
    const handle = async () => await this.#handler?.(event, context);
    try {
      return await Promise.race([this.run(handle), this.#died.promise]);
    } finally {
      this.call = undefined;
      this.isFrozen = true;
      this.isBusy = false;
    }
  }

  die(): void {
    this.hasEnded = true;
    if (this.call) this.call.hasDied = true;
    this.#died.resolve(undefined);
  }
}

/** One run of the operator's command. */
export class Operator extends Process {
  readonly pair: Pair;
  readonly startedAt = trueTime();
  hasPassed = false;
  readonly interruption = new AbortController();
  readonly killed = Promise.withResolvers<'killed'>();

  constructor(pair: Pair) {
    super();
    this.pair = pair;
  }

  /** Ctrl-C: the command may take two seconds to withdraw its pair. */
  interrupt(): void {
    this.interruption.abort();
    schedule(2_000, () => this.kill(), this);
  }

  kill(): void {
    this.hasEnded = true;
    this.killed.resolve('killed');
  }
}

/** The whole: stand-ins for AWS and Begini, several environments of each function, and operators. */
export class World {
  readonly random: () => number;
  readonly watch: Invariants;
  readonly deliveries: Deliveries;
  readonly faults: Fault[] = [];
  readonly operators: Operator[] = [];
  readonly steps: { name: FunctionName; event: SecretsManagerRotationEvent }[] = [];
  readonly environments: Environment[] = [];
  secondCall: SecondCall = 'new-session';
  /** How many pairs the Deployment Centre has shown. */
  pairs = 1;
  readonly hosts: Record<HostName, Host>;
  readonly credentials: Secret;
  readonly launchKey: Secret;
  readonly rotations = { [credentialsName]: new SecretRotations(), [launchKeyName]: new SecretRotations() };
  readonly #vendor: BeginiVendor;
  readonly #store: SecretStore;
  readonly #uidRefKey = `planted-uid-ref-key-${randomUUID()}`;
  readonly #running = new Set<Promise<void>>();

  constructor(seed: number) {
    restart();
    this.random = seededRandom(seed);
    Math.random = this.random;
    this.#vendor = new BeginiVendor(pairNumber(0), 'required', this.#oneOf([600, 7_200, 86_400]));
    this.#store = new SecretStore(region, { pendingStays: this.random() < 0.5 });
    this.credentials = this.#createSecret(
      credentialsName,
      'rotate-credentials',
      JSON.stringify(pairNumber(0)),
    );
    this.launchKey = this.#createSecret(launchKeyName, 'rotate-launch-key', 'ab'.repeat(32));
    this.watch = new Invariants({
      uidRefKey: this.#uidRefKey,
      credentials: this.credentials,
      launchKey: this.launchKey,
    });
    this.deliveries = new Deliveries(this.watch, this.#oneOf([0, 1, 7]));
    this.hosts = {
      vendor: this.#host('vendor', (request, how) => this.#answerSessionCall(request, how)),
      secrets: this.#host('secrets', async (request) => this.#answerSecretsCall(request)),
      table: this.#host('table', (request) => this.#answerTableCall(request)),
      queues: this.#host('queues', async (request) => this.#answerQueueCall(request)),
    };
    const names = {
      [vendorName]: this.hosts.vendor,
      [`secretsmanager.${region}.amazonaws.com`]: this.hosts.secrets,
      [`dynamodb.${region}.amazonaws.com`]: this.hosts.table,
      [queuesName]: this.hosts.queues,
    };
    resetNetwork(names, () => 1 + 9 * this.random());
  }

  /** A request to the stage. `choice` names the environment: one that waits, else a new one. */
  request(call: Asked, choice: number): Promise<void> {
    played.requests += 1;
    const begun = { ...call, ...this.watch.begin(call.uid) };
    return this.#follow(async () => {
      const environment = this.#environment(functionOf[call.route], choice);
      this.watch.answered(begun, await environment.invoke(requestOf(begun), begun));
    });
  }

  /** Begini delivers an event, and repeats it until it gets 200 or gives up. */
  deliver(delivery: Delivery, choice: number): Promise<void> {
    return this.#follow(async () => {
      for (let left = delivery.repeats; left >= 0; left -= 1) {
        played.events += 1;
        const call: Call = { route: 'event', uid: delivery.id, ...this.watch.begin(delivery.id) };
        const environment = this.#environment('receive-result', choice);
        const event = eventOf('/webhooks/begini', { 'X-Signature': delivery.signature }, delivery.body);
        const answer = await environment.invoke(event, call);
        if (!call.hasDied && trueTime() > call.deadline)
          this.watch.violated('an event was answered too late');
        if (answer) this.watch.written(JSON.stringify([answer.headers, answer.body]));
        if (!this.deliveries.answered(call, delivery, answer)) return;
        await new Promise<void>((resolve) => schedule(5_000, resolve));
      }
    });
  }

  /** An operator's command with this pair, in the background. */
  operate(pair: Pair, isCompromised = false): Operator {
    const operator = new Operator(pair);
    this.operators.push(operator);
    const client = new SecretsManagerClient(aws);
    const verdict = operator.run(() =>
      rotatePair(pair, {
        client,
        versions: secretVersions(client, this.credentials.arn),
        say: (sentence) => this.watch.written(sentence),
        isCompromised,
        signal: operator.interruption.signal,
      }).catch((error: unknown) => {
        this.watch.written(String((error as Error).name));
        return 'failed' as const;
      }),
    );
    void this.#follow(async () => {
      const ended = await Promise.race([verdict, operator.killed.promise]);
      const isAlone = this.operators.filter(({ pair: other }) => other.apiKey === pair.apiKey).length === 1;
      this.watch.operated({ pair, startedAt: operator.startedAt, isAlone, ended });
      operator.hasPassed = ended === undefined;
      operator.kill();
    });
    return operator;
  }

  /** The key is renewed in the Deployment Centre. */
  renewPair(overlapMs: number): Pair {
    const pair = pairNumber(this.pairs);
    this.pairs += 1;
    this.#vendor.changeCredentials(pair, overlapMs);
    this.watch.vendorChanged(pair, overlapMs);
    return pair;
  }

  /** RotateSecret as Secrets Manager's own schedule calls it. */
  rotateBySchedule(name: 'credentials' | 'launch-key'): void {
    const secret = name === 'credentials' ? this.credentials : this.launchKey;
    try {
      this.rotations[name].start(secret, randomUUID(), { immediately: true });
    } catch (error) {
      if (!(error instanceof SecretsManagerError)) throw error;
    }
  }

  /** Invokes a step of a rotation that was invoked before. */
  async repeatStep(index: number): Promise<void> {
    const step = this.steps.at(-1 - index);
    if (step) await this.#follow(() => this.#rotate(step.name, step.event).catch(() => undefined));
  }

  /** Copies the row of one applicant to another. */
  async copyRow(from: string, to: string): Promise<void> {
    const { Item } = await inRealTime(
      table.run('GetItem', { TableName: tableName, Key: { pk: { S: from } } }),
    );
    if (Item)
      await inRealTime(table.run('PutItem', { TableName: tableName, Item: { ...Item, pk: { S: to } } }));
  }

  /** Resolves once nothing is in work, which must not take ten minutes. */
  async end(): Promise<void> {
    await pass(600_000, () => this.#running.size === 0);
    if (this.#running.size > 0) this.watch.violated('something never ended');
  }

  #follow(work: () => Promise<void>): Promise<void> {
    const running = work().catch((error: unknown) => this.watch.violated(String((error as Error).stack)));
    const followed = running.finally(() => this.#running.delete(followed));
    this.#running.add(followed);
    return followed;
  }

  #environment(name: FunctionName, choice: number): Environment {
    const waiting = this.environments.filter((each) => each.name === name && !each.isBusy && !each.hasEnded);
    const found = waiting[choice];
    if (found) return found;
    const skewMs = Math.round(2_000 * this.random() - 1_000);
    const environment = new Environment(name, skewMs, () => this.#start(name));
    this.environments.push(environment);
    return environment;
  }

  async #start(name: FunctionName): Promise<Handler> {
    const started = startFunction[name]({
      settings: {
        stage,
        credentialsSecretArn: this.credentials.arn,
        launchKeySecretArn: this.launchKey.arn,
        hmac: true,
        uidRefKey: this.#uidRefKey,
        origins: beginiOrigins,
        launchBaseUrl: undefined,
        resultsQueueUrl: queueUrl('results'),
        setAsideQueueUrl: queueUrl('set-aside'),
        previousKeyDays: this.deliveries.previousKeyDays,
        resume: { tableName, sessionHours: 24 },
      },
      secretsManager: aws,
      dynamoDb: aws,
      sqs: aws,
      applicantPage,
      writeLine: (line) => this.watch.written(line),
    });
    await started.warmUp();
    return started.handler as Handler;
  }

  #createSecret(name: 'credentials' | 'launch-key', rotator: FunctionName, value: string): Secret {
    const secret = this.#store.create(name);
    putVersion(secret, value);
    secret.rotate = async (event) => {
      const rotation = event as SecretsManagerRotationEvent;
      this.steps.push({ name: rotator, event: rotation });
      await this.#rotate(rotator, rotation);
    };
    return secret;
  }

  async #rotate(name: FunctionName, event: SecretsManagerRotationEvent): Promise<void> {
    await new Promise<void>((resolve) => schedule(20 + 300 * this.random(), resolve));
    const environment = this.#environment(name, 0);
    await environment.invoke(event);
    if (environment.hasEnded) throw new Error('The rotation function died.');
  }

  #host(
    name: HostName,
    answer: (request: HostRequest, how: Fault['how'] | undefined) => Promise<HostAnswer>,
  ): Host {
    return {
      connect: (owner) => this.#play(name, owner, true) as ConnectFault | undefined,
      lost: (owner, idleMs) => {
        // The service does not use one that was idle for longer.
        if (idleMs <= 60_000) this.watch.failed(name, (owner as Environment).call);
      },
      answer: async (request) => {
        const how = this.#play(name, request.owner, false);
        const fault = typeof how === 'object' && 'call' in how ? how : undefined;
        if (fault?.call === 'interrupt') (request.owner as Operator).interrupt();
        if (fault?.call === 'death') this.#end(request.owner);
        if (fault?.call === 'silence' || fault?.call === 'death') return undefined;
        if (fault?.call === 'reset') return { bytes: '', delayMs: 0, after: 'reset' };
        if (fault && fault.call in awsErrors) {
          const { status, type } = awsErrors[fault.call as keyof typeof awsErrors];
          const body = name === 'vendor' ? '{}' : JSON.stringify({ __type: type, message: 'Simulated.' });
          return httpAnswer(10, status, { 'x-amzn-errortype': type }, body);
        }
        if (fault?.call === 'late') {
          schedule(fault.delayMs, () => {
            this.watch.failed(name, undefined);
            void answer(request, how);
          });
          return undefined;
        }
        const honest = await answer(request, how);
        if (fault?.call === 'death-after') this.#end(request.owner);
        if (!fault || !('delayMs' in fault)) return honest;
        const delayMs = honest.delayMs + fault.delayMs;
        if (fault.call === 'slow') return { ...honest, delayMs };
        const { call } = request.owner as Environment;
        if (call && name === 'vendor' && fault.call === 'lost' && delayMs < 1_000) call.mayRepeat = true;
        const bytes = fault.call === 'cut' ? honest.bytes.slice(0, honest.bytes.length / 2) : '';
        return { bytes, delayMs, after: 'reset' };
      },
    };
  }

  #end(owner: Process | undefined): void {
    if (owner instanceof Operator) owner.kill();
    else (owner as Environment).die();
  }

  /** The fault that this call or connection meets. */
  #play(host: HostName, owner: Process | undefined, isConnection: boolean): Fault['how'] | undefined {
    const by = callerOf(owner);
    const index = this.faults.findIndex(
      (fault) =>
        fault.host === host &&
        fault.by === by &&
        isConnection === connectFaults.includes(fault.how as string),
    );
    const fault = this.faults[index];
    if (!fault) return undefined;
    if (fault.after > 0) {
      fault.after -= 1;
      return undefined;
    }
    fault.times -= 1;
    if (fault.times === 0) this.faults.splice(index, 1);
    this.watch.failed(host, (owner as Environment).call);
    played.faults += 1;
    return fault.how;
  }

  async #answerSessionCall(
    { headers, body, owner }: HostRequest,
    how: Fault['how'] | undefined,
  ): Promise<HostAnswer> {
    played.vendorCalls += 1;
    const fault: VendorFault = typeof how === 'object' && 'fault' in how ? how : { fault: 'none' };
    const { uid, integration_id: integrationId } = JSON.parse(body.toString()) as {
      uid: string;
      integration_id: string;
    };
    const pair = { apiKey: headers['api-key'] ?? '', integrationId };
    const { accepted, ...honest } = this.#vendor.answer(headers, body, this.secondCall);
    const tokens = {
      'foreign-token': makeAccessToken({ uid: 'planted-uid-of-a-stranger', integration_id: integrationId }),
      'unsafe-token': '../..//evil.example',
      'opaque-token': makeAccessToken({ jti: randomUUID() }),
    };
    const token = typeof how === 'string' && how in tokens ? tokens[how as keyof typeof tokens] : undefined;
    const sent =
      token && accepted
        ? { status: 200, body: JSON.stringify({ access_token: token }) }
        : distort(honest, fault);
    this.watch.sessionCall({
      pair,
      uid,
      accepted,
      call: (owner as Environment).call,
      isClean: how === undefined || how === 'opaque-token' || isSlow(how),
      sent,
    });
    const delayMs = (fault.fault === 'slow' ? fault.delayMs : 0) + 20 + 700 * this.random() ** 3;
    if (fault.fault === 'not-http') return { bytes: 'This is not HTTP\r\n\r\n', delayMs, after: 'close' };
    const headersSent = { 'Content-Type': 'application/json', ...sent.headers };
    return httpAnswer(delayMs, sent.status, headersSent, sent.body);
  }

  #answerSecretsCall({ headers, body, owner }: HostRequest): HostAnswer {
    const operation = headers['x-amz-target']?.split('.')[1] ?? '';
    const { SecretId, ClientRequestToken: token = '' } = JSON.parse(body.toString()) as Record<
      string,
      string
    >;
    const rotations = this.rotations[SecretId === this.launchKey.arn ? launchKeyName : credentialsName];
    if (operation === 'RotateSecret') this.watch.rotationStarted(token, (owner as Operator).pair);
    const send = (status: number, value: object, type = '') =>
      httpAnswer(2 + 30 * this.random(), status, { 'x-amzn-errortype': type }, JSON.stringify(value));
    try {
      return send(200, perform({ store: this.#store, rotations }, operation, body.toString()));
    } catch (error) {
      if (!(error instanceof SecretsManagerError)) throw error;
      return send(error.statusCode, { __type: error.name, Message: error.message }, error.name);
    } finally {
      this.watch.labelsMayHaveMoved();
      this.deliveries.labelsMayHaveMoved(this.credentials.versionIdsByLabel.get('BEGINI_COMPROMISED'));
    }
  }

  async #answerTableCall({ headers, body }: HostRequest): Promise<HostAnswer> {
    const operation = headers['x-amz-target']?.split('.')[1] ?? '';
    this.watch.stored(body.toString());
    const answer = await inRealTime(table.answer(operation, body.toString()));
    return httpAnswer(1 + 12 * this.random(), answer.status, answer.headers, answer.body);
  }

  #answerQueueCall({ body }: HostRequest): HostAnswer {
    const { QueueUrl, MessageBody, MessageAttributes } = JSON.parse(body.toString());
    const name = QueueUrl === queueUrl('results') ? 'results' : 'setAside';
    const sent = this.deliveries.stored(name, { body: MessageBody, attributes: MessageAttributes });
    return httpAnswer(2 + 30 * this.random(), 200, {}, JSON.stringify(sent));
  }

  #oneOf<T>(values: T[]): T {
    return values[Math.floor(this.random() * values.length)] as T;
  }
}

/** What API Gateway hands to a function. */
function eventOf(resource: string, headers: object, body: string | null, changes = {}): APIGatewayProxyEvent {
  const requestContext = { requestId: randomUUID(), domainName: 'stage.example', stage };
  return {
    httpMethod: 'POST',
    resource,
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
    isBase64Encoded: false,
    requestContext: { ...requestContext, requestTimeEpoch: trueTime() },
    ...changes,
  } as unknown as APIGatewayProxyEvent;
}

function requestOf({ route, uid, link, wantsJson, expiresIn }: Call): APIGatewayProxyEvent {
  const headers = { Accept: wantsJson ? 'application/json' : 'text/html' };
  const launch = { httpMethod: route === 'page' ? 'GET' : 'POST', pathParameters: { token: link?.token } };
  if (link) return eventOf('/launch/{token}', headers, null, launch);
  const body = JSON.stringify({ uid, expires_in: expiresIn });
  return eventOf(route === 'link' ? '/launch-links' : '/sessions', headers, body);
}

/** Whether a good answer comes, and in time. */
const isSlow = (how: Fault['how']): boolean =>
  typeof how === 'object' && 'call' in how && how.call === 'slow' && how.delayMs < vendorTimeoutMs;

function callerOf(owner: Process | undefined): Caller {
  if (owner instanceof Operator) return 'operator';
  return (owner as Environment).name.startsWith('rotate') ? 'rotation' : 'function';
}
