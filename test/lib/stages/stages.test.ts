import { describe, expect, test } from '@jest/globals';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { applicantPageOf } from '../../../lib/stages/applicant-page.ts';
import { readStages, retentionDays } from '../../../lib/stages/stages.ts';
import { messageFor, refused } from './message-for.ts';

const row = { environment: 'test' };
const ownHost = {
  domain: {
    name: 'start.lender.example',
    certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/1-a',
  },
  defaultEndpoint: 'closed',
};

describe('the stages table', () => {
  test('gives a test stage safe and small defaults', () => {
    expect(readStages({ Test: row })).toEqual([
      {
        name: 'Test',
        path: 'test',
        environment: 'test',
        account: undefined,
        region: undefined,
        callerAuth: 'iam',
        loanApps: [],
        allowedSourceIps: [],
        hmac: true,
        resume: true,
        sessionHours: 24,
        throttle: { rateLimit: 5, burstLimit: 10 },
        launchLinks: true,
        applicantPage: applicantPageOf({}),
        domain: undefined,
        defaultEndpoint: undefined,
        launchThrottle: { rateLimit: 5, burstLimit: 10 },
        launchKeyRotationDays: 90,
        logRetentionDays: 14,
        rotationDays: 90,
        results: false,
        alarmEmail: undefined,
        alarmTopicArn: undefined,
        runbookUrl: undefined,
        customerManagedKey: false,
        firewall: false,
        deployment: 'all-at-once',
        reservedConcurrency: undefined,
        tracing: false,
      },
    ]);
  });

  test('gives a production stage room for traffic, a year of logs, its own key, a firewall and two steps', () => {
    expect(readStages({ Production: { environment: 'production' } })).toMatchObject([
      {
        throttle: { rateLimit: 100, burstLimit: 200 },
        logRetentionDays: 365,
        customerManagedKey: true,
        firewall: true,
        deployment: 'canary',
      },
    ]);
  });

  test('gives one loan app if callers have API keys and none is named', () => {
    expect(readStages({ Test: { ...row, callerAuth: 'api-key' } })[0]?.loanApps).toEqual(['loan-app']);
  });

  test('accepts every setting', () => {
    const settings = {
      environment: 'production',
      account: '123456789012',
      region: 'ap-southeast-1',
      callerAuth: 'api-key',
      loanApps: ['quick-cash', 'farm2market'],
      allowedSourceIps: ['203.0.113.7', '198.51.100.0/24', '2001:db8::/32', '2001:db8::1'],
      hmac: false,
      resume: false,
      sessionHours: 10_000,
      throttle: { rateLimit: 0.5, burstLimit: 3 },
      launchLinks: false,
      applicantPage: { lenderName: 'Kazi Loans' },
      returnUrl: 'https://www.lender.example/back',
      domain: {
        name: 'start.lender.example',
        certificateArn: 'arn:aws:acm:ap-southeast-1:123456789012:certificate/1-a',
      },
      defaultEndpoint: 'closed',
      launchThrottle: { rateLimit: 1, burstLimit: 2 },
      launchKeyRotationDays: 32,
      logRetentionDays: 1827,
      rotationDays: 1000,
      results: { previousKeyDays: 0 },
      alarmTopicArn: 'arn:aws:sns:ap-southeast-1:123456789012:on-call',
      runbookUrl: 'https://git.lender.example/begini-session/RUNBOOK.md',
      customerManagedKey: false,
      firewall: false,
      deployment: 'all-at-once',
      reservedConcurrency: 20,
      tracing: true,
    };
    const { returnUrl, ...others } = settings;
    expect(readStages({ 'Kenya-2': settings })).toEqual([
      {
        name: 'Kenya-2',
        path: 'kenya-2',
        ...others,
        applicantPage: applicantPageOf(settings.applicantPage, returnUrl),
      },
    ]);
  });

  test.each([true, {}])('accepts results from the previous key for 7 days by default: %j', (results) => {
    expect(readStages({ Test: { ...row, results } })[0]?.results).toEqual({ previousKeyDays: 7 });
  });

  test('keeps the default of the limit that a throttle does not name', () => {
    expect(readStages({ Test: { ...row, throttle: { burstLimit: 50 } } })[0]?.throttle).toEqual({
      rateLimit: 5,
      burstLimit: 50,
    });
  });

  test('accepts the table as JSON, as from the command line', () => {
    expect(readStages('{"Test": {"environment": "test"}}')).toEqual(readStages({ Test: row }));
  });

  test('refuses a limit in JSON that is too large for a number', () => {
    const table = '{"Test": {"environment": "test", "throttle": {"rateLimit": 1e999}}}';
    expect(messageFor(table)).toContain('stages.Test.throttle.rateLimit: ');
  });

  test('accepts limits of a million, and a loan app’s name of 40 letters', () => {
    const settings = {
      callerAuth: 'api-key',
      throttle: { rateLimit: 1_000_000, burstLimit: 1_000_000 },
      loanApps: ['a'.repeat(40)],
    };
    expect(readStages({ Test: { ...row, ...settings } })[0]).toMatchObject(settings);
  });

  test.each([
    ['no table', undefined, 'stages: missing; use an object with a row per stage'],
    ['an empty table', {}, 'stages: {} is not allowed; use an object with a row per stage'],
    ['a list', [row], 'stages: [{"environment":"test"}] is not allowed; use an object with a row per stage'],
    ['text that is not JSON', 'Test', 'stages: "Test" is not allowed; use an object with a row per stage'],
    [
      'a row that is no object',
      { Test: 'test' },
      'stages.Test: "test" is not allowed; use an object of settings',
    ],
    ['a row that is null', { Test: null }, 'stages.Test: null is not allowed; use an object of settings'],
    [
      'a name with an underscore',
      { my_stage: row },
      'stages.my_stage: not fit for a stack and a path; use 1 to 32',
    ],
    ['a name that starts with a digit', { '2nd': row }, 'stages.2nd: not fit for a stack and a path'],
    [
      'a name of 33 letters',
      { ['a'.repeat(33)]: row },
      `stages.${'a'.repeat(33)}: not fit for a stack and a path`,
    ],
    ['an empty name', { '': row }, 'stages.: not fit for a stack and a path'],
    [
      'the name of the stack of the account',
      { Account: row },
      'stages.Account: the stack of the account has this name; use another one',
    ],
    [
      'one host name in two rows',
      {
        Test: { ...row, ...ownHost },
        Peru: { ...row, ...ownHost },
      },
      'stages.Peru.domain.name: "start.lender.example" is not allowed; use another name: stages.Test has it',
    ],
    [
      'names that differ in case',
      { Test: row, TEST: row },
      'stages.TEST: same path as stages.Test; use names',
    ],
  ])('refuses %s', (_case, table, message) => {
    expect(messageFor(table)).toContain(`cdk.json, ${message}`);
  });

  const words = (text: string) => text.split(' ');
  const topic = 'arn:aws:sns:eu-central-1:123456789012:on-call';
  const govTopic = topic.replace('aws', 'aws-us-gov');
  const partition =
    'a region of AWS\'s standard partition or of the European Sovereign Cloud, such as "eu-central-1"';
  test.each<[object, string]>([
    ...refused('environment', '"test" or "production"', undefined, 'prod'),
    ...refused('account', 'a string of 12 digits', 123456789012, '12345678901'),
    ...refused('region', 'a region such as "eu-central-1"', 'Frankfurt'),
    ...refused(
      'region',
      partition,
      ...words('cn-north-1 us-gov-west-1 us-iso-east-1 us-isob-east-1 eu-isoe-west-1'),
    ),
    ...refused('callerAuth', '"iam" or "api-key"', 'api_key', null),
    ...refused('loanApps', 'it only with "callerAuth": "api-key"', ['a']),
    ...refused('loanApps', 'a list of at least one item', 'a', [], ['a', 'a']),
    ...refused('loanApps[0]', 'at most 40', 'My App', 'a'.repeat(41), 'app-2'),
    ...refused('allowedSourceIps', 'a list of at least one item', '10.0.0.0/8', []),
    ...refused(
      'allowedSourceIps[0]',
      'an IPv4 or IPv6 address or CIDR range, such as "203.0.113.0/24"',
      ...words('10.0.0.0/33 10.0.0.0/08 ::/129 10.0.0.256 10.0.0.0/ 10.0.0.0/8/8 fe80::1%eth0 bank.example'),
    ),
    ...refused(
      'allowedSourceIps[0]',
      'a public address: API Gateway sees the one',
      ...words('10.1.2.3 10.0.0.0/8 172.31.0.0/16 192.168.0.7 100.64.0.0/10 127.0.0.1 169.254.0.0/16'),
      ...words('fd00::/8 fe80::1 ::1'),
    ),
    [{ allowedSourceIps: ['203.0.113.7', '::1'] }, 'allowedSourceIps[1]: "::1" is not allowed; use a public'],
    ...refused('hmac', 'true or false', 'false'),
    ...refused('resume', 'true or false', 'yes'),
    ...refused('sessionHours', 'a whole number from 1 to 10000', 0, 10_001, 1.5, '24'),
    ...refused('throttle', 'an object of settings', 5, null),
    ...['throttle', 'launchThrottle'].flatMap((limits) => [
      ...refused(
        `${limits}.rateLimit`,
        'a number greater than 0, at most 1000000',
        0,
        -1,
        '5',
        1_000_001,
        1e300,
      ),
      ...refused(`${limits}.burstLimit`, 'a whole number greater than 0, at most 1000000', 0, 1.5, 1_000_001),
    ]),
    [{ throttle: { rate: 5 } }, 'throttle.rate: no such setting; use rateLimit, burstLimit'],
    [{ launchThrottle: { burst: 1 } }, 'launchThrottle.burst: no such setting; use rateLimit, burstLimit'],
    ...refused('logRetentionDays', '1 or 3 or 5 or 7 or 14 or 30', 15, 9999),
    ...refused('rotationDays', 'a whole number of days from 1 to 1000', 0, 1001, 0.5, '90'),
    ...refused('results.previousKeyDays', 'a whole number from 0 to 30', -1, 31, 1.5, '7'),
    [{ results: { days: 7 } }, 'results.days: no such setting; use previousKeyDays'],
    ...refused('results', 'true, false, or an object of settings: {', 'true', null, 7),
    // A setting of 1.0.0 to 1.2.0.
    ...refused('apiGatewayAccountRole', 'nothing: delete this line. A stage', 'create', 'existing'),
    ...refused(
      'alarmEmail',
      'one e-mail address, such as "on-call@bank.example"',
      ...['on-call', 'on-call@bank', 'a@b.example, c@d.example', 'Ann <ann@b.example>'],
    ),
    ...refused('alarmTopicArn', 'the ARN of a standard SNS topic', 'on-call', `${topic}.fifo`, govTopic),
    ...[
      { region: 'eu-west-1', use: "a topic in the row's region, eu-west-1" },
      { account: '999999999999', use: "a topic in the row's account, 999999999999: EventBridge needs" },
      { alarmEmail: 'on-call@bank.example', use: 'it or alarmEmail' },
    ].map(({ use, ...settings }): [object, string] => [
      { alarmTopicArn: topic, ...settings },
      `alarmTopicArn: "${topic}" is not allowed; use ${use}`,
    ]),
    ...refused('runbookUrl', 'an address such as "https://', 'http://git.lender.example/', 'RUNBOOK.md'),
    ...refused('runbookUrl', 'an address such as "https://', 'https://ann:secret@lender.example'),
    ...refused('customerManagedKey', 'true or false', 'yes'),
    ...refused('firewall', 'true or false', 1),
    ...refused('deployment', '"canary" or "all-at-once"', 'linear'),
    ...refused('reservedConcurrency', 'a whole number greater than 0', 0),
    ...refused('tracing', 'true or false', 'off'),
    [
      { callerauth: 'iam' },
      'callerauth: no such setting; use environment, account, region, callerAuth, loanApps',
    ],
  ])('refuses %j', (settings, message) => {
    expect(messageFor({ Demo: { ...row, ...settings } })).toContain(`cdk.json, stages.Demo.${message}`);
  });

  describe('the addresses that loan apps call from', () => {
    const openKeys = { environment: 'production', callerAuth: 'api-key' };
    const anywhere = '"allowedSourceIps": ["0.0.0.0/0", "::/0"]';

    test('are needed for API keys in production, and the message has the lines to paste', () => {
      const message = messageFor({ Production: openKeys });
      expect(message).toContain(
        'cdk.json, stages.Production.allowedSourceIps: missing; use "allowedSourceIps": [',
      );
      expect(message).toContain(anywhere);
      expect(message.split('\n')).toHaveLength(1);
    });

    test.each([
      { ...openKeys, ...JSON.parse(`{${anywhere}}`) },
      { ...openKeys, allowedSourceIps: ['203.0.113.0/24'] },
      { ...openKeys, environment: 'test' },
      { environment: 'production' },
    ])('are accepted in %j', (settings) => {
      expect(messageFor({ Demo: settings })).toBe('accepted');
    });

    test.each([
      [['0.0.0.0/0', '::/0'], []],
      [['203.0.113.7', '0.0.0.0/0', '::/0'], []],
      [['0.0.0.0/0'], ['0.0.0.0/0']],
    ])('%j: need a check of %j', (allowedSourceIps, checked) => {
      expect(readStages({ Demo: { ...openKeys, allowedSourceIps } })[0]?.allowedSourceIps).toEqual(checked);
    });

    test('are few enough for the resource policy that they are in', () => {
      const ranges = Array.from({ length: 340 }, (_, n) => `203.${n % 250}.${n >> 1}.0/32`);
      expect(messageFor({ Demo: { ...row, allowedSourceIps: ranges.slice(0, 290) } })).toBe('accepted');
      expect(messageFor({ Demo: { ...row, allowedSourceIps: ranges } })).toContain(
        'use at most 5500 characters of addresses, because AWS limits the policy that they are in; use wider ranges',
      );
    });
  });

  test('refuses a region of another partition that cdk deploys with, unless the row has its own', () => {
    expect(messageFor({ Test: row }, 'cn-north-1')).toContain(
      "cdk.json, stages.Test.region: missing, and cdk deploys to cn-north-1; use a region of AWS's standard partition",
    );
    expect(messageFor({ Test: { ...row, region: 'eu-central-1' } }, 'cn-north-1')).toBe('accepted');
    expect(messageFor({ Test: row }, 'us-east-1')).toBe('accepted');
  });

  test.each([
    [
      { environment: 'production', callerAuth: 'api-key', allowedSourceIps: ['10.0.0.1'] },
      'allowedSourceIps[0]',
    ],
    [{ ...row, ...ownHost, defaultEndpoint: true }, 'defaultEndpoint'],
    [{ ...row, ...ownHost, domain: true }, 'domain'],
  ])('says one thing only about a setting that is wrong by itself: %j', (settings, place) => {
    const [line = '', ...others] = messageFor({ Demo: settings }).split('\n');
    expect(line).toContain(`cdk.json, stages.Demo.${place}: `);
    expect(others).toEqual([]);
  });

  test('names a mistake between two settings together with a mistake in a third', () => {
    const message = messageFor({ Test: { ...row, loanApps: ['loan-app'], domain: {}, hmac: 1 } });
    expect(message.split('\n').map((line) => line.split(': ')[0])).toEqual([
      'cdk.json, stages.Test.hmac',
      'cdk.json, stages.Test.domain.name',
      'cdk.json, stages.Test.domain.certificateArn',
      'cdk.json, stages.Test.loanApps',
    ]);
  });

  test('names each unknown setting, and a value that breaks two rules once', () => {
    const message = messageFor({ Test: { ...row, hmca: true, trace: true, sessionHours: 0.5 } });
    expect(message.split('\n').map((line) => line.split(': ')[0])).toEqual([
      'cdk.json, stages.Test.sessionHours',
      'cdk.json, stages.Test.hmca',
      'cdk.json, stages.Test.trace',
    ]);
  });

  test('accepts each log retention that the CDK knows, except the infinite one', () => {
    const days = Object.values(RetentionDays).filter((value) => typeof value === 'number');
    expect(retentionDays).toEqual(days.filter((value) => value !== RetentionDays.INFINITE));
  });

  test('names every mistake of every row in one error', () => {
    const message = messageFor({ Test: { environment: 'x', hmac: 1 }, Production: { hmca: true } });
    expect(message.split('\n')).toEqual([
      expect.stringContaining('stages.Test.environment'),
      expect.stringContaining('stages.Test.hmac'),
      expect.stringContaining('stages.Production.environment'),
      expect.stringContaining('stages.Production.hmca'),
    ]);
  });
});
