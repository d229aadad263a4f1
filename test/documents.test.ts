import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { problems } from '../functions/errors.ts';
import { rotationFailures } from '../functions/rotate-credentials/rotation-error.ts';
import { gatewayResponses } from '../lib/api/gateway-responses.ts';
import { runbookArticles, runbookFile } from '../lib/monitoring/runbook.ts';
import { readStages } from '../lib/stages/stages.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const documents = ['.', '.github', 'bin', 'functions', 'lib'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** A document without its code blocks. */
const proseOf = (file: string) => read(file).replaceAll(/^```.*?^```$/gms, '');

/** The anchor of a heading, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

/** The anchors of a document's headings. */
const anchorsOf = (file: string) =>
  [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** The cells of every table row of a text that has at least `columns`. */
const rowsOf = (text: string, columns: number) =>
  [...text.matchAll(/^\| (.+) \|$/gm)]
    .map(([, row = '']) => row.split(' | ').map((cell) => cell.trim()))
    .filter((cells) => cells.length >= columns);

/** The section of a document with this heading, or with its anchor. */
const sectionOf = (file: string, heading: string) =>
  read(file)
    .split(/^## /m)
    .find((section) => anchorOf(section.split('\n')[0] ?? '') === anchorOf(heading)) ?? '';

/** What a loan app can copy. */
const examples = readdirSync(join(root, 'test/examples')).filter((name) => /\.(mjs|py|sh)$/.test(name));

/** All source of a folder. */
const sourceOf = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.c?[jt]s$/.test(name))
    .map((name) => read(join(folder, name)))
    .join('\n');

test('there is a document for each reader', () => {
  expect(documents).toEqual(
    expect.arrayContaining([
      'README.md',
      'functions/README.md',
      'lib/README.md',
      'bin/README.md',
      '.github/RUNBOOK.md',
      '.github/ARCHITECTURE.md',
      '.github/SECURITY.md',
    ]),
  );
});

test.each([
  ['README.md', 12_000],
  ['functions/README.md', 30_000],
  ['bin/README.md', 16_000],
  ['.github/PROOF.md', 15_000],
])('%s has at most %i bytes', (file, bytes) => {
  expect(Buffer.byteLength(read(file))).toBeLessThanOrEqual(bytes);
});

describe.each(documents)('%s', (file) => {
  test('has no dead link', () => {
    const links = [...proseOf(file).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)]
      .map(([, link, source]) => link ?? source ?? '')
      .filter((link) => !/^https?:/.test(link));
    for (const link of links) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : relative(root, join(root, dirname(file), path));
      expect(existsSync(join(root, target)) ? link : `${link} leads nowhere`).toBe(link);
      if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
    }
  });

  test('mentions no path that does not exist', () => {
    const paths = proseOf(file).matchAll(/`((?:bin|functions|lib|test|\.github|\.ci)\/[\w./-]*)`/g);
    for (const [, path = ''] of paths) expect(existsSync(join(root, path)) ? path : `no ${path}`).toBe(path);
  });

  test('mentions no name in a file that the file does not have', () => {
    const mentions = proseOf(file).matchAll(/`(\w+)` in `((?:bin|functions|lib)\/[\w./-]+\.ts)`/g);
    for (const [, name = '', path = ''] of mentions) expect(read(path)).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test('names no npm script that does not exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = read(file).matchAll(/npm run (?:-s )?([\w:]+)/g);
    for (const [, script = ''] of named) expect(Object.keys(scripts)).toContain(script);
  });

  test('breaks its lines at 120 characters, except for tables, links and code', () => {
    const long = proseOf(file)
      .split('\n')
      .filter((line) => line.length > 120 && !/^[|<]/.test(line) && !/\]\([^)]*\)/.test(line));
    expect(long).toEqual([]);
  });
});

test('README.md quotes messages as the code has them, so that a search finds them', () => {
  const [, section = ''] = read('README.md').split(/^\| if you see, or have \|.*$/m);
  const quotes = rowsOf(section.split(/^## /m)[0] ?? '', 2).flatMap(
    ([cell = '']) => /^`(.+)`$/.exec(cell)?.[1] ?? [],
  );
  const source = sourceOf('bin');
  expect(quotes.length).toBeGreaterThan(0);
  for (const quote of quotes)
    expect(source.includes(quote) ? quote : `${quote}: not in the code`).toBe(quote);
});

describe('.github/OWNER.md', () => {
  const owner = '.github/OWNER.md';

  test('answers each of twelve questions, and leads to more', () => {
    const rows = rowsOf(sectionOf(owner, 'Twelve questions'), 3).filter(([question]) =>
      question?.endsWith('?'),
    );
    expect(rows).toHaveLength(12);
    for (const [question, answer, more] of rows)
      expect([question, answer, more]).toEqual([
        question,
        expect.stringMatching(/\w/),
        expect.stringMatching(/\]\(/),
      ]);
  });

  test("computes a month's cost from the figures of lib/README.md", () => {
    const cost = sectionOf('lib/README.md', 'Cost');
    const figure = (row: string, column: number) => {
      const cells = rowsOf(cost, 3).filter(([name = '']) => name.startsWith(row));
      return Number(/[\d.]+/.exec(cells.at(-1)?.[column] ?? '')?.[0]);
    };
    const perMillion = [
      'API Gateway',
      'Lambda, time',
      'Lambda, requests',
      'WAF (',
      'logs',
      'DynamoDB, with',
      'Secrets Manager,',
    ]
      .map((row) => figure(row, 2))
      .reduce((sum, price) => sum + price);
    const requests = Number(/by launch link \((\d) requests/.exec(cost)?.[1]);
    for (const row of ['API Gateway', 'Lambda, requests', 'WAF (', 'logs'])
      expect([row, figure(row, 2).toFixed(2)]).toEqual([row, (requests * figure(row, 1)).toFixed(2)]);
    const [, logsKept] = /([\d.]+) per GB and month kept/.exec(cost) ?? [];
    const [, metrics] = /adds \d+ metrics \(([\d.]+)\)/.exec(cost) ?? [];
    const [, metric] = /metric ([\d.]+), alarm/.exec(cost) ?? [];
    const detailed = 5 * 5 * Number(metric);
    const [test, production] = [figure('**together**', 1), figure('**together**', 2)];
    const column = (links: number) => {
      const parts = [
        production,
        Number(metrics),
        detailed,
        (links * perMillion) / 1e6,
        (links * requests * 1.7 * 12 * Number(logsKept)) / 1e6,
        test + Number(metrics) + detailed,
      ].map((part) => Number(part.toFixed(2)));
      return [...parts, parts.reduce((sum, part) => sum + part)].map((part) => part.toFixed(2));
    };
    const shown = rowsOf(sectionOf(owner, "A month's cost"), 3)
      .map((cells) => cells.map((cell) => cell.replaceAll('*', '')))
      .filter(([, cell = '']) => /^[\d.]+$/.test(cell));
    expect(shown.map(([, few]) => few)).toEqual(column(10_000));
    expect(shown.map(([, , many]) => many)).toEqual(column(100_000));
  });
});

describe('.github/workflows/deliver.yml', () => {
  const workflow = read('.github/workflows/deliver.yml');
  const [, ...parts] = workflow.split(/^jobs:$/m)[1]?.split(/^ {2}(\w+):$/m) ?? [];
  const jobs = parts.flatMap((name, index) =>
    index % 2 === 0 ? [{ name, text: parts[index + 1] ?? '' }] : [],
  );
  const settingOf = (text: string, key: string) => new RegExp(`^ +${key}: (\\S+)$`, 'm').exec(text)?.[1];

  test('goes from the checks to Test, and by an approval to Production', () => {
    expect(
      jobs.map(({ name, text }) => [name, settingOf(text, 'needs'), settingOf(text, 'environment')]),
    ).toEqual([
      ['checks', undefined, undefined],
      ['test', 'checks', 'test'],
      ['production', 'test', 'production'],
    ]);
    const commands = jobs.map(({ text }) =>
      [...text.matchAll(/^ +- run: (.+)$/gm)].map(([, command]) => command),
    );
    expect(commands).toEqual([
      [expect.stringContaining('.ci/run')],
      [
        'npm ci',
        'npx cdk deploy BeginiSession-Test --require-approval never',
        'npm run doctor -- --stage test --hand-off',
      ],
      [
        'npm ci',
        'npx cdk deploy BeginiSession-Production --require-approval never',
        'npm run doctor -- --stage production',
      ],
    ]);
  });

  test('uses every action by its commit, with the version behind it', () => {
    const uses = [...workflow.matchAll(/uses: (.*)$/gm)].map(([, use]) => use);
    expect(uses.length).toBeGreaterThan(0);
    for (const use of uses) expect(use).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('has no key, and only the rights that each job needs', () => {
    expect(workflow).not.toContain('secrets.');
    expect(workflow).toMatch(/^permissions: \{\}$/m);
    const rightsOf = (text: string) =>
      /^ {4}permissions:\n((?: {6}.*\n)+)/m
        .exec(text)?.[1]
        ?.trim()
        .split(/\s*\n\s*/);
    expect(jobs.map(({ text }) => rightsOf(text))).toEqual([
      ['contents: read'],
      ['contents: read', 'id-token: write'],
      ['contents: read', 'id-token: write'],
    ]);
  });

  test('has an account whose CloudFormation has the policy made for it, not the boundary of the roles', () => {
    const way = sectionOf('lib/README.md', 'A way to production');
    expect(way.match(/^npx cdk bootstrap .*$/gm)).toEqual([
      'npx cdk bootstrap aws://<account>/<region> --cloudformation-execution-policies <ExecutionPolicyArn>',
    ]);
  });

  test('ends by itself, one delivery at a time, and runs no text that somebody else can write', () => {
    for (const { text } of jobs) expect(Number(settingOf(text, 'timeout-minutes'))).toBeLessThanOrEqual(90);
    expect(workflow).toMatch(/^concurrency:\n {2}group: deliver\n {2}cancel-in-progress: false$/m);
    expect([...workflow.matchAll(/run:.*\$\{\{/g)]).toEqual([]);
  });
});

describe('functions/README.md', () => {
  test.each(examples)('links the example %s', (name) => {
    expect(read('functions/README.md')).toContain(`](../test/examples/${name})`);
  });

  test('quotes examples word for word: the file is named behind the language of the block', () => {
    const quotes = [...read('functions/README.md').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)];
    expect(quotes.map(([, file]) => file)).toEqual(
      expect.arrayContaining(['test/examples/hand-over.mjs', 'test/examples/take-results.mjs']),
    );
    for (const [, file = '', quote = ''] of quotes) expect(read(file)).toContain(`\n${quote}`);
  });
});

test('code that calls the service asks for JSON; only the first curl of README shows the 302', () => {
  const curls = documents.flatMap((file) =>
    [...read(file).matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
      block
        .replaceAll('\\\n', '')
        .split('\n')
        .filter((line) => /^curl.*(\/sessions|\/launch-links|\$SESSIONS_URL)/.test(line)),
    ),
  );
  const [first = ''] = read('README.md').match(/^curl -i .*\/sessions.*/m) ?? [];
  expect(curls.length).toBeGreaterThan(5);
  expect(curls.filter((line) => !line.includes('Accept: application/json'))).toEqual([first]);

  const handOvers = examples.filter((name) => /^hand.over/.test(name));
  expect(handOvers).toHaveLength(3);
  const programs = [...handOvers.map((name) => `test/examples/${name}`), 'bin/local/demo-loan-app.ts'];
  expect(programs.filter((name) => !/accept["']?: ["']?application\/json/i.test(read(name)))).toEqual([]);
});

describe('the errors in functions/README.md', () => {
  const section = sectionOf('functions/README.md', 'Errors');
  const [own = '', gateway = ''] = section.split('API Gateway answers these itself');
  const errorRows = (text: string) => rowsOf(text, 5).filter(([status = '']) => /^\d{3}$/.test(status));
  const documented = (text: string) =>
    errorRows(text)
      .map(([status, code]) => `${status} ${code}`)
      .sort();

  test("are the code's", () => {
    const codes = Object.entries(problems).map(([code, { statusCode }]) => `${statusCode} \`${code}\``);
    expect(documented(own)).toEqual(codes.sort());
  });

  test("are API Gateway's own, each status with its code once", () => {
    const forced = gatewayResponses.filter(({ statusCode }) => statusCode !== undefined);
    const pairs = new Set(forced.map(({ statusCode, code }) => `${statusCode} \`${code}\``));
    expect(documented(gateway)).toEqual([...pairs].sort());
  });

  test("have the code's Retry-After", () => {
    const secondsOf = (errors: readonly { code: string; retryAfterSeconds?: number }[], code: string) =>
      errors.flatMap((error) => (`\`${error.code}\`` === code ? (error.retryAfterSeconds ?? []) : []));
    const ownErrors = Object.entries(problems).map(([code, problem]) => ({ code, ...problem }));
    for (const [text, errors] of [[own, ownErrors] as const, [gateway, gatewayResponses] as const]) {
      for (const [, code = '', , , retryAfter = ''] of errorRows(text)) {
        const seconds = (retryAfter.match(/\d+/g) ?? []).map(Number);
        expect([code, new Set(seconds)]).toEqual([code, new Set(secondsOf(errors, code))]);
      }
    }
  });
});

test('the table of settings names every setting of a stage', () => {
  const [stage] = readStages({ Demo: { environment: 'production', domain: undefined } });
  // The fields of a stage that are not settings of its row.
  const { name: _name, path: _path, ...settings } = stage ?? {};
  const documented = rowsOf(sectionOf('lib/README.md', 'All settings'), 3)
    .flatMap(([names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, setting]) => setting))
    .filter((setting) => setting !== 'setting');
  expect(documented).toEqual(expect.arrayContaining(Object.keys(settings)));
});

describe('the runbook', () => {
  const articles = read(runbookFile)
    .split(/^## /m)
    .slice(1)
    .map((article) => article.split('\n\n'));
  const headings = Object.values(runbookArticles).map(({ heading }) => heading);

  test('has an article for every alarm', () => {
    expect(articles.map(([heading = '']) => heading.trim())).toEqual(expect.arrayContaining(headings));
  });

  test('says in the first line of any other article what links to it', () => {
    const others = articles.filter(([heading = '']) => !headings.some((known) => known === heading.trim()));
    expect(others.length).toBeGreaterThan(0);
    for (const [, firstLine] of others) expect(firstLine).toMatch(/^\*\*Sent here by\*\* /);
  });

  test('leads from every code and every reason of ours to a section that explains it', () => {
    const [intro = ''] = read(runbookFile).split(/^## /m);
    const rows = rowsOf(intro, 2);
    const explained = rows.flatMap(([names = '', target = '']) => {
      const [, path, anchor = ''] = /\]\(([^#)]+)?#([^)]+)\)/.exec(target) ?? [];
      const section = sectionOf(path ? join(dirname(runbookFile), path) : runbookFile, anchor);
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) =>
        section.includes(`\`${name}\``) ? name : '',
      );
    });
    const source = sourceOf('functions');
    const found = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, name = '']) => name);
    const codes = [
      ...Object.keys(problems),
      ...gatewayResponses.map(({ code }) => code),
      ...Object.keys(rotationFailures),
      ...found(/new RotationFailure\(\s*'(\w+)'/g),
      // Classes of errors that are no answer themselves: the cause of one, so its reason.
      ...found(/^class (\w+) extends Error/gm).filter((name) => name !== 'UnreadableEncoding'),
      ...found(/^export class (DeadlinePassed|NotStarted) extends Error/gm),
      'encoding_…',
    ];
    expect(explained).toEqual(expect.arrayContaining(codes));
    expect(explained).not.toContain('');
  });

  test('has a query or a command to paste in each article that says where to look', () => {
    for (const [heading = '', ...parts] of articles) {
      const text = parts.join('\n\n');
      if (text.includes('**Look first.**'))
        expect(text.includes('```') ? heading : `${heading}: nothing to paste`).toBe(heading);
    }
  });
});
