import { beforeAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Fault } from '../../../bin/stand-ins/begini/begini-faults.ts';
import { proxyEvent } from '../../../bin/stand-ins/gateway/proxy-event.ts';
import { matchesPattern } from '../../support/filter-pattern.ts';
import { startLambda } from '../../support/lambda.ts';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

const uid = 'ABCDE-12345';
/** Created at the call: the event has the time of its request. */
const good = () => proxyEvent({ uid });
const status = (code: number): Fault => ({ fault: 'status', status: code });

/** What happens to one request, under the code or the outcome that its line has. */
const happenings: [name: string, fault: Fault, event: () => APIGatewayProxyEvent][] = [
  ['session_created', { fault: 'none' }, good],
  ['invalid_uid', { fault: 'none' }, () => proxyEvent({ uid: 'a' })],
  ['unsupported_media_type', { fault: 'none' }, () => proxyEvent({ uid }, { headers: {} })],
  ['rejected_by_vendor', status(422), good],
  ['vendor_busy', status(429), good],
  ['vendor_error', status(500), good],
  ['vendor_response_invalid', { fault: 'invalid-json' }, good],
  ['vendor_connection_lost', { fault: 'close-mid-body' }, good],
  ['internal_error', { fault: 'none' }, () => JSON.parse(JSON.stringify({ ...good(), body: 5 }))],
  ['credentials_refused', status(401), good],
];

/** Log lines as the bundled function wrote them, by what happened. */
const lines = new Map<string, string>();

beforeAll(async () => {
  const lambda = await startLambda('create-session');
  for (const [, fault, event] of happenings) {
    lambda.vendor.setFault(fault);
    await lambda.environment.invoke(event());
  }
  const { stdout } = await lambda.stop();
  for (const [index, line] of stdout.trimEnd().split('\n').entries()) {
    lines.set(String(happenings[index]?.[0]), line);
  }

  const unset = await startLambda('create-session', {
    credentials: { apiKey: 'UNSET', integrationId: 'UNSET' },
  });
  await unset.environment.invoke(good());
  lines.set('credentials_not_set', (await unset.stop()).stdout.trimEnd());
});

/** What happened, except for the given names. */
const except = (...names: string[]) => [...lines.keys()].filter((name) => !names.includes(name));

describe('the functions of launch links', () => {
  const template = templateOf({ environment: 'production' });

  /** The metrics that a line of a function counts for. */
  function metricsOf(line: string, logGroupPart: string): string[] {
    const logGroup = { Ref: resourceOf(template, 'AWS::Logs::LogGroup', logGroupPart).logicalId };
    return Object.values(template.findResources('AWS::Logs::MetricFilter'))
      .map(({ Properties }) => Properties)
      .filter(({ LogGroupName }) => LogGroupName.Ref === logGroup.Ref)
      .filter(({ FilterPattern }) => matchesPattern(FilterPattern, line))
      .map(({ MetricTransformations: [{ MetricName }] }) => MetricName)
      .sort();
  }

  test('count their lines as for the other function', async () => {
    const opener = await startLambda('launch');
    const maker = await startLambda('create-launch-link', {
      variables: {
        AWS_ENDPOINT_URL_SECRETS_MANAGER: opener.secretsManager.url,
        LAUNCH_KEY_SECRET_ARN: opener.secretsManager.arnOf('launch-key'),
      },
    });
    const requestContext = { requestId: 'r', domainName: 'api.example', stage: 'test' };
    const made = await maker.environment.invoke(
      proxyEvent({ uid }, { requestContext: requestContext as APIGatewayProxyEvent['requestContext'] }),
    );
    const token = String(
      JSON.parse((made as { body: string }).body)
        .url.split('/')
        .at(-1),
    );
    const tap = (httpMethod: string, pathToken: string) =>
      opener.environment.invoke(
        proxyEvent('', {
          httpMethod,
          resource: '/launch/{token}',
          pathParameters: { token: pathToken },
          headers: { Accept: 'text/html' },
        }),
      );
    await tap('GET', token);
    await tap('POST', token);
    await tap('POST', 'not-ours');
    opener.vendor.setFault(status(401));
    await tap('POST', token);
    const [shown, handedOver, foreign, refused] = (await opener.stop()).stdout.trimEnd().split('\n');
    const madeLine = (await maker.stop()).stdout.trimEnd();

    const launch = 'LaunchLinksLaunch';
    expect(metricsOf(madeLine, 'CreateLaunchLink')).toEqual(['ColdStarts', 'Requests']);
    expect(metricsOf(String(shown), launch)).toEqual(['ColdStarts', 'LinksOpened', 'Requests']);
    expect(metricsOf(String(handedOver), launch)).toEqual(['Requests', 'SessionsCreated', 'VendorLatency']);
    expect(metricsOf(String(foreign), launch)).toEqual(['CallerErrors', 'LinksInvalid', 'Requests']);
    expect(metricsOf(String(refused), launch)).toEqual([
      'CredentialsRefused',
      'OperatorErrors',
      'Requests',
      'SecretRefreshes',
      'VendorLatency',
    ]);
  });
});

describe.each(environments)('the metrics of a %s stage', (environment) => {
  const template = templateOf({ environment, launchLinks: false });

  const filter = (metricName: string) =>
    Object.values(template.findResources('AWS::Logs::MetricFilter'))
      .map(({ Properties }) => Properties)
      .filter(({ MetricTransformations: [{ MetricName }] }) => MetricName === metricName);

  function counted(metricName: string): string[] {
    const [{ FilterPattern }, ...others] = filter(metricName) as [{ FilterPattern: string }];
    expect(others).toEqual([]);
    return [...lines].filter(([, line]) => matchesPattern(FilterPattern, line)).map(([name]) => name);
  }

  test('are read from a line for each event', () => {
    expect([...lines.keys()].sort()).toEqual(
      [...happenings.map(([name]) => name), 'credentials_not_set'].sort(),
    );
    for (const [name, line] of lines) expect(line).toContain(`"${name}"`);
  });

  test.each([
    ['CredentialsRefused', ['credentials_refused']],
    ['CredentialsNotSet', ['credentials_not_set']],
    ['InternalErrors', ['internal_error']],
    ['RejectedByVendor', ['rejected_by_vendor']],
    ['SessionsCreated', ['session_created']],
    ['CallerErrors', ['invalid_uid', 'unsupported_media_type']],
    ['OperatorErrors', ['internal_error', 'credentials_refused', 'credentials_not_set']],
    [
      'VendorErrors',
      [
        'rejected_by_vendor',
        'vendor_busy',
        'vendor_error',
        'vendor_response_invalid',
        'vendor_connection_lost',
      ],
    ],
    ['ColdStarts', ['session_created', 'credentials_not_set']],
    ['StaleServes', []],
  ])('%s counts the lines of %j and no other', (metricName, names) => {
    expect(counted(metricName)).toEqual(names);
  });

  test('Requests counts every line', () => {
    expect(counted('Requests')).toEqual(except());
  });

  test('VendorLatency is read from the lines of requests that reached the vendor', () => {
    expect(counted('VendorLatency')).toEqual(
      except('invalid_uid', 'unsupported_media_type', 'internal_error', 'credentials_not_set'),
    );
    const [{ MetricTransformations }] = filter('VendorLatency') as [{ MetricTransformations: unknown }];
    expect(MetricTransformations).toMatchObject([{ MetricValue: '$.vendorMs', Unit: 'Milliseconds' }]);
  });

  test('SecretRefreshes is read from the lines of requests that read the secret', () => {
    const read = [...lines].filter(([, line]) => JSON.parse(line).secretReads > 0).map(([name]) => name);
    expect(counted('SecretRefreshes')).toEqual(read);
    expect(read).toContain('credentials_refused');
    expect(read).not.toContain('session_created');
  });

  test.each([
    ['what Lambda writes itself', '{"time":"2026-11-22T10:00:00Z","type":"platform.report","record":{}}'],
    ['a line that is not JSON', 'Error: internal_error credentials_refused credentials_not_set'],
  ])('none counts %s', (_what, line) => {
    for (const { Properties } of Object.values(template.findResources('AWS::Logs::MetricFilter'))) {
      expect(matchesPattern(Properties.FilterPattern, line)).toBe(false);
    }
  });

  test('the filters of one log group are made one after the other', () => {
    const filters = template.findResources('AWS::Logs::MetricFilter');
    const byLogGroup = Map.groupBy(
      Object.entries(filters),
      ([, { Properties }]) => Properties.LogGroupName.Ref,
    );
    for (const group of byLogGroup.values()) {
      const [first, ...others] = group.map(([id, { DependsOn }]) => ({ id, after: [DependsOn].flat() }));
      expect(first).toMatchObject({ after: [undefined] });
      for (const [index, { after }] of others.entries()) expect(after).toContain(group[index]?.[0]);
    }
  });

  /** The statuses of calls that a metric of API Gateway's access log counts. */
  function statusesOf(metricName: string, httpMethod: string, resourcePath: string): string[] {
    const withLinks = templateOf({ environment });
    const { AccessLogSetting } = resourceOf(withLinks, 'AWS::ApiGateway::Stage').Properties;
    const { Properties } = resourceOf(withLinks, 'AWS::Logs::MetricFilter', metricName);
    const accessLog = resourceOf(withLinks, 'AWS::Logs::LogGroup', 'AccessLog').logicalId;
    expect(Properties.LogGroupName).toEqual({ Ref: accessLog });
    const statuses = ['200', '201', '302', '400', '403', '413', '422', '429', '500', '502', '503', '504'];
    return statuses.filter((status) => {
      const values: Record<string, string> = { httpMethod, resourcePath, status };
      const line = String(Object(AccessLogSetting).Format).replaceAll(
        /\$context\.([\w.]+)/g,
        (_whole, field: string) => values[field] ?? '-',
      );
      return matchesPattern(String(Properties.FilterPattern), line);
    });
  }

  const calls = [
    ['POST', '/sessions'],
    ['POST', '/launch-links'],
    ['POST', '/launch/{token}'],
    ['GET', '/sessions'],
    ['POST', '-'],
  ] as const;
  test.each([
    ['CallersRefused', ['403'], []],
    ['CallersAnswered', ['201', '302'], []],
    ['RequestsThrottled', ['429'], ['429']],
  ])(
    '%s counts calls of loan apps that end with %j, and others with %j',
    (metricName, ofLoanApps, ofOthers) => {
      expect(calls.map(([method, path]) => statusesOf(metricName, method, path))).toEqual([
        ...[ofLoanApps, ofLoanApps],
        ...[ofOthers, ofOthers, ofOthers],
      ]);
    },
  );

  test('have no dimensions, so that nothing from a line can become a name', () => {
    const filters = Object.values(template.findResources('AWS::Logs::MetricFilter'));
    expect(filters.length).toBeGreaterThan(0);
    for (const { Properties } of filters) {
      expect(Properties.MetricTransformations).toEqual([
        expect.objectContaining({ MetricNamespace: 'BeginiSession/Demo' }),
      ]);
      expect(Properties.MetricTransformations[0]).not.toHaveProperty('Dimensions');
    }
  });
});
