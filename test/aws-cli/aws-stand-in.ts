import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readBody, startLoopbackServer } from '../../bin/stand-ins/loopback.ts';

/** A call of any service: `cloudformation:DescribeStacks`, or `lambda:GET /2015-03-31/functions/a/aliases/live`. */
export type AwsCall = { name: string; input: Readonly<Record<string, unknown>> };

/** What the stand-in answers a call with: JSON, XML for services that speak it, or a `statusCode` with a `body`. */
type Answer = Record<string, unknown> | string;
type Give = (input: AwsCall['input']) => Answer;

/** Every service of AWS, which records what is called, and answers as little as the AWS CLI accepts. */
export type AwsStandIn = Awaited<ReturnType<typeof startAwsStandIn>>;

/** Starts the stand-in on a free port of 127.0.0.1. */
export async function startAwsStandIn() {
  const calls: AwsCall[] = [];
  const answers = new Map<string, Answer | Give>();
  const { origin, close } = await startLoopbackServer({
    async listener(request, response) {
      const body = String(await readBody(request, 1_000_000));
      const [, service = ''] =
        /\/([a-z0-9-]+)\/aws4_request/.exec(String(request.headers.authorization)) ?? [];
      const target = String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1);
      const form = new URLSearchParams(body);
      const operation = target || form.get('Action') || `${request.method} ${request.url}`;
      const call: AwsCall = {
        name: `${service}:${operation}`,
        input: body.startsWith('{') ? JSON.parse(body) : Object.fromEntries(form),
      };
      calls.push(call);
      const isXml = !target && form.has('Action');
      const give = answers.get(call.name) ?? (isXml ? '' : {});
      const answer = typeof give === 'function' ? give(call.input) : give;
      if (typeof answer === 'object' && 'statusCode' in answer) {
        response.writeHead(Number(answer.statusCode)).end(String(answer.body));
      } else if (typeof answer === 'string') {
        response.end(
          `<${operation}Response><${operation}Result>${answer}</${operation}Result></${operation}Response>`,
        );
      } else {
        response.end(JSON.stringify(answer));
      }
    },
  });
  return {
    origin,
    calls,
    /** Answers calls of that name, from now on. */
    answer: (name: string, give: Answer | Give) => void answers.set(name, give),
    /** Forgets calls and answers. */
    reset() {
      calls.length = 0;
      answers.clear();
    },
    close,
  };
}

/** What is in the folder where a script runs, by name: JSON. */
export type Files = Record<string, object>;

/** Named by the deployer's guide. */
const documentedFiles = { 'pair.json': { apiKey: 'example', integrationId: 'example' }, 'trust.json': {} };

/** Where each service is; `aws` is all others. */
export type Endpoints = { aws?: string; secretsmanager?: string; dynamodb?: string; sqs?: string };

const root = join(import.meta.dirname, '../..');
const cdk = join(root, 'node_modules/aws-cdk/bin/cdk');
const prelude = `set -euo pipefail
npm() { :; }; git() { :; }; less() { cat; }
npx() { [ ! -e cdk.json ] || node "$OWN_CDK" "\${@:2}"; }
aws() { local own="ENDPOINT_$1"; command aws --endpoint-url "\${!own:-$ENDPOINT_aws}" "$@"; }
`;

/**
 * Runs a script of a document in bash, word for word, with the AWS CLI of this machine. `npm` and `git` do nothing, and
 * `less` prints. `npx cdk` is the CDK CLI if there is a `cdk.json`, and does nothing otherwise.
 * @param endpoints where AWS is, or one service of it: version 1 of the AWS CLI ignores `AWS_ENDPOINT_URL` for SQS
 */
export async function runScript(script: string, endpoints: Endpoints, files: Files = {}) {
  const cwd = mkdtempSync(join(tmpdir(), 'begini-session-aws-cli-'));
  try {
    for (const [name, content] of Object.entries({ ...documentedFiles, ...files })) {
      writeFileSync(join(cwd, name), JSON.stringify(content));
    }
    symlinkSync(join(root, '.github'), join(cwd, '.github'));
    const child = spawn('bash', ['-c', prelude + script], {
      cwd,
      // Credentials that mean nothing, and no settings of this machine.
      env: {
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: cwd,
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
        // Version 1 of the AWS CLI reads the second only.
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_PAGER: '',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        CI: 'true',
        AWS_MAX_ATTEMPTS: '1',
        AWS_EC2_METADATA_DISABLED: 'true',
        ...Object.fromEntries(Object.entries(endpoints).map(([name, url]) => [`ENDPOINT_${name}`, url])),
        AWS_ENDPOINT_URL: endpoints.aws ?? '',
        // No name that begins with CDK: the CDK CLI would take it for an option.
        OWN_CDK: cdk,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = [text(child.stdout), text(child.stderr)] as const;
    const [stdout, stderr, [exitCode]] = await Promise.all([...printed, once(child, 'close')]);
    return { exitCode, stdout, stderr };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
