import { randomUUID } from 'node:crypto';
import type { Authenticate } from './authenticate.ts';
import { type Answer, callStage } from './call-stage.ts';
import { type Check, ok, type Result, toDo, wrong } from './check.ts';
import type { Edge } from './edge-checks.ts';
import { codeOf, expectAnswers, faultOf } from './expect-answer.ts';

/** The stage, as a loan app meets it. */
export type Contract = Edge & {
  authenticate: Authenticate;
  /** AWS WAF refuses bodies of more than 8 KiB before the function sees them. */
  firewall: boolean;
  resume: boolean;
  /** What the caller must be allowed to do; absent on this machine. */
  action?: string;
};

const refusedAsCaller =
  'Run the doctor from an address in allowedSourceIps; else look at API Gateway → API keys and Usage plans.';

/** What the stage answers a loan app. None of these calls reaches Begini. */
export function contractChecks(contract: Contract): Check[] {
  const bodies: [name: string, body: string, status: number | number[], codes: string[]][] = [
    ['a bad uid is refused', '{"uid":"?"}', 422, ['invalid_uid']],
    ['a body of 5 KiB is refused', ofBytes(5120), 413, ['body_too_large']],
    contract.firewall
      ? ['a body of 9 KiB is refused', ofBytes(9216), [413, 403], ['body_too_large', 'forbidden']]
      : ['a body of 9 KiB is refused', ofBytes(9216), 413, ['body_too_large']],
  ];
  return [
    ...bodies.map(([name, body, status, codes]) =>
      checkOf(contract, name, () =>
        expectAnswers((accept) => contract.authenticate(post(contract, '/sessions', body, accept)), {
          status,
          codes,
          page: true,
        }),
      ),
    ),
    ...(contract.launchLinks
      ? [checkOf(contract, 'a launch link opens its page', () => openLink(contract))]
      : []),
  ];
}

/** Creates one session at Begini, under a uid that no applicant has. */
export function handOffCheck(contract: Contract): Check {
  return checkOf(contract, 'an applicant is handed over', () => handOver(contract));
}

async function openLink(contract: Contract): Promise<Result> {
  const made = await ask(contract, '/launch-links', { uid: probeUid(), expires_in: 60 });
  if (made.status !== 201) return explainRefusal(made);
  const link = propertyOf(made, 'url');
  if (typeof link !== 'string' || !URL.canParse(link)) return wrong('the answer has no link', deployAgain);
  const page = await callStage({ method: 'GET', url: link, headers: { accept: 'text/html' } });
  const fault = faultOf(page, { status: 200 });
  return fault ? wrong(fault, deployAgain) : ok('the link of a loan app shows the page with its button');
}

async function handOver(contract: Contract): Promise<Result> {
  const uid = probeUid();
  const first = await ask(contract, '/sessions', { uid });
  if (first.status !== 201) return explainRefusal(first);
  const url = propertyOf(first, 'url');
  if (typeof url !== 'string' || !URL.canParse(url)) return wrong('the answer has no URL', deployAgain);
  if (!contract.resume) return ok('Begini created a session');
  const second = await ask(contract, '/sessions', { uid });
  if (second.status !== 201) return explainRefusal(second);
  if (propertyOf(second, 'url') === url && propertyOf(second, 'resumed') === true) {
    return ok('Begini created a session, and a second request got the same one');
  }
  return wrong(
    'a second request for the same uid got another session',
    'Look for store: "unavailable" in the log lines of CreateSession, and check the table below.',
  );
}

const deployAgain = 'Deploy the stage again, then read the log line of the request.';

function explainRefusal(answer: Answer): Result {
  const code = codeOf(answer);
  const found = `status ${answer.status} ${code ?? ''}`.trim();
  if (code === 'credentials_not_set')
    return toDo(found, 'Put the pair in: npm run rotate -- --stage <stage>');
  if (code === 'credentials_refused') {
    return wrong(found, 'Compare the pair with the Deployment Centre: npm run rotate -- --stage <stage>');
  }
  return wrong(found, 'functions/README.md explains the code; the log line of the request has the reason.');
}

function checkOf({ action }: Contract, name: string, run: () => Promise<Result>): Check {
  const check = { group: 'contract', name, ...(action && { action }) } as const;
  return {
    ...check,
    async run() {
      const result = await run();
      const isRefused = result.found.includes('status 403 forbidden');
      if (!isRefused) return result;
      // API Gateway does not say whether the caller's policy or its address is the reason.
      if (action === 'execute-api:Invoke')
        return { status: 'not checked', found: `${action}, or an allowed address` };
      return { ...result, next: refusedAsCaller };
    },
  };
}

async function ask(contract: Contract, path: string, body: object): Promise<Answer> {
  const request = post(contract, path, JSON.stringify(body), { accept: 'application/json' });
  return await callStage(await contract.authenticate(request));
}

function post({ baseUrl }: Edge, path: string, body: string, accept: Record<string, string>) {
  const headers = { 'content-type': 'application/json', ...accept };
  return { method: 'POST', url: `${baseUrl}${path}`, headers, body };
}

function propertyOf({ body }: Answer, name: string): unknown {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}

/** Begini's results for it can be told from applicants' by the prefix. */
const probeUid = () => `DOCTOR${randomUUID().replaceAll('-', '').slice(0, 20)}`;

const ofBytes = (size: number) => JSON.stringify({ uid: 'x'.repeat(size - '{"uid":""}'.length) });
