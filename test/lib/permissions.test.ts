import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { simulatedCredentials } from '../../bin/stand-ins/begini/begini-simulator.ts';
import { clientConfig } from '../../bin/stand-ins/client-config.ts';
import { proxyEvent } from '../../bin/stand-ins/gateway/proxy-event.ts';
import { sign } from '../../functions/begini/request.ts';
import { secretVersions } from '../../functions/secrets/secret-versions.ts';
import { loanAppRole, mayAssumeLoanAppRole } from '../support/loan-app-role.ts';
import {
  type AccessRequest,
  accountId,
  Policies,
  type Principal,
  type Statement,
} from '../support/policies.ts';
import { stackOf } from '../support/synthesize.ts';
import { environments, fullRow, templateOf } from '../support/templates.ts';
import { installVirtualTime } from '../support/virtual-time.ts';
import { unusedRights } from './unused-rights.ts';

const time = installVirtualTime();
// What is imported from here on is on virtual time: a busy machine loses no call.
const { rotatePair } = await import('../../bin/rotate/rotate-pair.ts');
const { startSecretsManager } = await import('../../bin/stand-ins/secrets-manager/secrets-manager.ts');
const { rotateLaunchKey } = await import('../../functions/rotate-launch-key/rotate-launch-key.ts');
const { newPair, startRotations } = await import('../support/rotation.ts');
const { startService } = await import('../support/service.ts');
afterAll(() => time.restore());

/** A call of Secrets Manager or DynamoDB that the code made: the operation, and the input that policies check. */
type RecordedCall = { operation: string; input: Record<string, unknown> };

/** What each part of the code calls, recorded while it works against the stand-ins. */
const recorded = {
  createSession: [] as RecordedCall[],
  createLaunchLink: [] as RecordedCall[],
  launch: [] as RecordedCall[],
  receiveResult: [] as RecordedCall[],
  table: [] as RecordedCall[],
  rotateCredentials: [] as RecordedCall[],
  rotateLaunchKey: [] as RecordedCall[],
  operator: [] as RecordedCall[],
};

/** Adds what a client sends to `calls`. */
function record(client: SecretsManagerClient, calls: RecordedCall[]): SecretsManagerClient {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const input: Record<string, unknown> = { ...args.input };
        calls.push({ operation: String(commandName).replace(/Command$/, ''), input });
        return next(args);
      },
    { step: 'initialize' },
  );
  return client;
}

async function recordRequests(): Promise<void> {
  const service = await startService();
  /** The calls to Secrets Manager that a request caused. */
  const during = async (calls: RecordedCall[], request: () => Promise<unknown>) => {
    const before = service.secretsManager.requests.length;
    await request();
    for (const { operation } of service.secretsManager.requests.slice(before)) {
      calls.push({ operation, input: {} });
    }
  };
  await during(recorded.createSession, () => service.post({ uid: 'ABCDE-12345' }));
  let link = '';
  await during(recorded.createLaunchLink, async () => {
    link = await service.makeLink('ABCDE-67890');
  });
  await during(recorded.launch, () => fetch(link, { method: 'POST', redirect: 'manual' }));
  await during(recorded.receiveResult, () =>
    service.invoke(
      'receive-result',
      proxyEvent('{}', { headers: { 'X-Signature': sign('{}', simulatedCredentials.apiKey) } }),
    ),
  );
  // The second of two requests for a uid reads the state of the first.
  service.vendor.setFault({ fault: 'slow', delayMs: 300 });
  await Promise.all([service.post({ uid: 'ABCDE-13579' }), service.post({ uid: 'ABCDE-13579' })]);
  service.vendor.setFault({ fault: 'status', status: 422 });
  await during(recorded.createSession, () => service.post({ uid: 'ABCDE-24680' }));
  recorded.table.push(...service.dynamoDb.calls);
  await service.close();
}

async function recordRotation(): Promise<void> {
  const rotations = await startRotations();
  record(rotations.client, recorded.rotateCredentials);
  const client = record(
    new SecretsManagerClient(clientConfig(rotations.secretsManager.url)),
    recorded.operator,
  );
  const versions = secretVersions(client, rotations.versions.secretId);
  const run = (pair: typeof newPair, isCompromised = false) =>
    rotatePair(pair, { client, versions, say: () => undefined, pollMs: 1, isCompromised });
  await run({ ...newPair, apiKey: 'wrong' }, true);
  await run(newPair);
  await rotations.secretsManager.rotationEnded();
  client.destroy();
  await rotations.close();
}

async function recordLaunchKeyRotation(): Promise<void> {
  const secretsManager = await startSecretsManager({ secrets: { key: 'a1'.repeat(32) } });
  const client = record(new SecretsManagerClient(clientConfig(secretsManager.url)), recorded.rotateLaunchKey);
  const versions = secretVersions(client, secretsManager.arnOf('key'));
  const rotate = rotateLaunchKey({ stage: 'test', versions, writeLine: () => undefined });
  for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
    await rotate(
      { SecretId: versions.secretId, ClientRequestToken: 'a'.repeat(32), Step },
      { awsRequestId: 'lambda-request-id' },
    );
  }
  client.destroy();
  await secretsManager.close();
}

beforeAll(async () => {
  await Promise.all([recordRequests(), recordRotation(), recordLaunchKeyRotation()]);
});

const operationsIn = (calls: readonly RecordedCall[]) =>
  [...new Set(calls.map(({ operation }) => operation))].sort();

test('the calls of the code are recorded', () => {
  expect(operationsIn(recorded.createSession)).toEqual(['GetSecretValue']);
  expect(operationsIn(recorded.createLaunchLink)).toEqual(['GetSecretValue']);
  expect(operationsIn(recorded.launch)).toEqual(['GetSecretValue']);
  expect(operationsIn(recorded.receiveResult)).toEqual(['GetSecretValue']);
  expect(operationsIn(recorded.table)).toEqual(['DeleteItem', 'GetItem', 'PutItem']);
  const rotation = ['DescribeSecret', 'PutSecretValue', 'UpdateSecretVersionStage'];
  expect(operationsIn(recorded.rotateLaunchKey)).toEqual(rotation);
  expect(operationsIn(recorded.rotateCredentials)).toEqual(
    expect.arrayContaining(['GetSecretValue', ...rotation]),
  );
  expect(operationsIn(recorded.operator)).toEqual(expect.arrayContaining(['RotateSecret', ...rotation]));
  // The policy of the secret denies it to the operator.
  expect(operationsIn(recorded.operator)).not.toContain('GetSecretValue');
});

describe.each(environments)('in a %s stage with its own KMS key,', (environment) => {
  const template = templateOf(fullRow(environment));
  const policies = new Policies(template);
  const secretType = 'AWS::SecretsManager::Secret';
  const pair = policies.arnOf(secretType, 'CredentialsSecret');
  const uidRefKey = policies.arnOf(secretType, 'UidRefKey');
  const launchKey = policies.arnOf(secretType, 'LaunchLinksKey');
  const foreignSecret = `arn:aws:secretsmanager:eu-central-1:${accountId}:secret:another-AbCdEf`;
  const key = policies.arnOf('AWS::KMS::Key');
  const table = policies.arnOf('AWS::DynamoDB::Table');
  const queue = (name: string) => policies.arnOf('AWS::SQS::Queue', `ResultsQueues${name}`);
  const functionArn = (idPart: string) => policies.arnOf('AWS::Lambda::Function', idPart);
  const roles = {
    createSession: policies.role('CreateSessionRole'),
    createLaunchLink: policies.role('CreateLaunchLinkRole'),
    launch: policies.role('LaunchLinksLaunchRole'),
    receiveResult: policies.role('ReceiveResultRole'),
    rotateCredentials: policies.role('RotateCredentialsRole'),
    rotateLaunchKey: policies.role('LaunchLinksKeyRotateRole'),
    operator: policies.holderOf('Operator'),
    loanApp: policies.holderOf('ApiCallersPolicy'),
    consumer: policies.holderOf('ResultsConsumerPolicy'),
  };
  type Role = keyof typeof roles;

  const ask = (role: Role, action: string, resource: string, context: Record<string, string> = {}) => ({
    principal: roles[role],
    action,
    resource,
    context,
  });

  /** What Secrets Manager does with a secret's key on behalf of its caller. */
  const useOfKey = (role: Role, action: string, secret: string) =>
    ask(role, `kms:${action}`, key, {
      'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com',
      'kms:EncryptionContext:SecretARN': secret,
    });

  /** What Amazon SQS does with the key of its queues on behalf of its caller. */
  const useOfQueueKey = (role: Role, action: string) =>
    ask(role, `kms:${action}`, key, { 'kms:ViaService': 'sqs.eu-central-1.amazonaws.com' });
  const ofQueue = (role: Role, name: string, ...actions: string[]) =>
    actions.map((action) => ask(role, `sqs:${action}`, queue(name)));

  /** The decisions for one call of Secrets Manager. */
  function requestsOf(role: Role, { operation, input }: RecordedCall, secret: string): AccessRequest[] {
    const context = {
      ...(typeof input.VersionStage === 'string' && { 'secretsmanager:VersionStage': input.VersionStage }),
      ...(typeof input.RotationLambdaARN === 'string' && {
        'secretsmanager:RotationLambdaARN': input.RotationLambdaARN,
      }),
      ...(operation === 'RotateSecret' && {
        'secretsmanager:ModifyRotationRules': String(input.RotationRules !== undefined),
      }),
    };
    const itself = ask(role, `secretsmanager:${operation}`, secret, context);
    if (operation === 'GetSecretValue') return [itself, useOfKey(role, 'Decrypt', secret)];
    if (operation === 'PutSecretValue') {
      return [itself, useOfKey(role, 'GenerateDataKey', secret), useOfKey(role, 'Decrypt', secret)];
    }
    return [itself];
  }

  const refusedOf = (requests: readonly AccessRequest[]) =>
    requests
      .filter((request) => !policies.allows(request))
      .map(({ action, resource, context }) => ({ action, resource, context }));

  /** What the code calls while it works, as requests to IAM. */
  const callsOf = (role: Role & keyof typeof recorded, ...secrets: string[]) => {
    expect(recorded[role].length).toBeGreaterThan(0);
    return secrets.flatMap((secret) => recorded[role].flatMap((call) => requestsOf(role, call, secret)));
  };
  const logOf = (role: Role, idPart: string) =>
    ['CreateLogStream', 'PutLogEvents'].map((action) =>
      ask(role, `logs:${action}`, policies.arnOf('AWS::Logs::LogGroup', idPart)),
    );
  const itemsOf = (role: Role) =>
    recorded.table.map(({ operation }) => ask(role, `dynamodb:${operation}`, table));
  // "Permissions for rotation" has it (Secrets Manager user guide); no call of the code shows it.
  const descriptionOfKey = (role: Role) =>
    ask(role, 'kms:DescribeKey', key, { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' });
  const stack = `arn:aws:cloudformation:eu-central-1:${accountId}:stack/BeginiSession-Demo/1a2b`;
  const [apiId] = Object.keys(template.findResources('AWS::ApiGateway::RestApi'));
  const api = `arn:aws:execute-api:eu-central-1:${accountId}:${apiId}`;
  const pending = { 'secretsmanager:VersionStage': 'AWSPENDING' };

  /** All that each of them does. */
  const used: Record<Role, () => AccessRequest[]> = {
    createSession: () => [
      ...callsOf('createSession', pair),
      ...itemsOf('createSession'),
      ...logOf('createSession', 'CreateSession'),
    ],
    createLaunchLink: () => [
      ...callsOf('createLaunchLink', launchKey),
      ...logOf('createLaunchLink', 'CreateLaunchLink'),
    ],
    launch: () => [
      ...callsOf('launch', launchKey, pair),
      ...itemsOf('launch'),
      ...logOf('launch', 'LaunchLinksLaunch'),
    ],
    receiveResult: () => [
      ...callsOf('receiveResult', pair),
      ...ofQueue('receiveResult', 'Results', 'SendMessage'),
      ...ofQueue('receiveResult', 'SetAside', 'SendMessage'),
      useOfQueueKey('receiveResult', 'GenerateDataKey'),
      useOfQueueKey('receiveResult', 'Decrypt'),
      ...logOf('receiveResult', 'ReceiveResult'),
    ],
    rotateCredentials: () => [
      ...callsOf('rotateCredentials', pair),
      descriptionOfKey('rotateCredentials'),
      ...logOf('rotateCredentials', 'RotateCredentials'),
    ],
    rotateLaunchKey: () => [
      ...callsOf('rotateLaunchKey', launchKey),
      descriptionOfKey('rotateLaunchKey'),
      ...logOf('rotateLaunchKey', 'LaunchLinksKeyRotate'),
    ],
    operator: () => [
      ...callsOf('operator', pair),
      ask('operator', 'lambda:InvokeFunction', functionArn('RotateCredentials')),
      ask('operator', 'lambda:InvokeFunction', functionArn('LaunchLinksKeyRotate')),
      ask('operator', 'secretsmanager:RotateSecret', launchKey),
      ask('operator', 'secretsmanager:DescribeSecret', launchKey),
      // After a renewal that did not end.
      ask('operator', 'secretsmanager:UpdateSecretVersionStage', launchKey, pending),
      ...requestsOf('operator', { operation: 'GetSecretValue', input: {} }, uidRefKey),
      ask('operator', 'cloudformation:DescribeStacks', stack),
      ask('operator', 'dynamodb:DeleteItem', table),
      ...['StartMessageMoveTask', 'CancelMessageMoveTask', 'ListMessageMoveTasks'].flatMap((action) =>
        ofQueue('operator', 'Dead', action),
      ),
      ...ofQueue('operator', 'Dead', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'),
      ...ofQueue('operator', 'Results', 'SendMessage', 'GetQueueAttributes'),
      useOfQueueKey('operator', 'Decrypt'),
      useOfQueueKey('operator', 'GenerateDataKey'),
    ],
    consumer: () => [
      ...ofQueue('consumer', 'Results', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'),
      ...ofQueue('consumer', 'Results', 'GetQueueAttributes'),
      useOfQueueKey('consumer', 'Decrypt'),
    ],
    loanApp: () =>
      ['sessions', 'launch-links'].map((path) =>
        ask('loanApp', 'execute-api:Invoke', `${api}/demo/POST/${path}`),
      ),
  };
  const everyRole = Object.keys(used) as Role[];

  test.each(everyRole)('%s may do all that it does', (role) => {
    expect(refusedOf(used[role]())).toEqual([]);
  });

  test.each(everyRole)('%s may do nothing else: each right of its policies is used', (role) => {
    expect(unusedRights(policies, roles[role], used[role]())).toEqual([]);
  });

  test('each function has a role to itself, for Lambda alone, with no other policies', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const roleIds = functions.map(({ Properties }) => String(Properties.Role['Fn::GetAtt'][0]));
    const roles = template.findResources('AWS::IAM::Role');
    expect(new Set(roleIds).size).toBe(6);
    for (const roleId of roleIds) {
      const { AssumeRolePolicyDocument, ...others } = Object(roles[roleId]).Properties;
      expect(AssumeRolePolicyDocument.Statement).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ]);
      expect(Object.keys(others).filter((name) => name !== 'Tags')).toEqual([]);
    }
  });

  test('AWS services have their permissions only for this stack', () => {
    const rotate = (idPart: string, secret: string, account = accountId, service = 'secretsmanager') => ({
      principal: { service: `${service}.amazonaws.com` },
      action: 'lambda:InvokeFunction',
      resource: functionArn(idPart),
      context: { 'aws:SourceArn': secret, 'aws:SourceAccount': account },
    });
    for (const [rotation, secret] of [
      ['RotateCredentials', pair],
      ['LaunchLinksKeyRotate', launchKey],
    ] as const) {
      expect(policies.allows(rotate(rotation, secret))).toBe(true);
      expect(policies.allows(rotate(rotation, foreignSecret))).toBe(false);
      expect(policies.allows(rotate(rotation, secret, '999999999999'))).toBe(false);
      expect(policies.allows(rotate(rotation, secret, accountId, 'events'))).toBe(false);
    }
    const topic = policies.arnOf('AWS::SNS::Topic');
    const publish = (service: string, context: Record<string, string>) => ({
      principal: { service },
      action: 'sns:Publish',
      resource: topic,
      context,
    });
    const ours = { 'aws:SourceAccount': accountId };
    expect(policies.allows(publish('cloudwatch.amazonaws.com', ours))).toBe(true);
    expect(policies.allows(publish('events.amazonaws.com', {}))).toBe(true);
    expect(policies.allows(publish('lambda.amazonaws.com', ours))).toBe(false);
    expect(policies.allows(publish('cloudwatch.amazonaws.com', {}))).toBe(false);
    const plainHttp = { ...ours, 'aws:SecureTransport': 'false' };
    for (const service of ['cloudwatch.amazonaws.com', 'events.amazonaws.com'])
      expect(policies.allows(publish(service, plainHttp))).toBe(false);
  });

  const label = (versionStage: string) => ({ 'secretsmanager:VersionStage': versionStage });
  const otherFunction = { 'secretsmanager:RotationLambdaARN': functionArn('CreateSessionFunction') };
  test.each<[string, AccessRequest]>([
    ['the operator read the pair', ask('operator', 'secretsmanager:GetSecretValue', pair)],
    ['the operator read the launch key', ask('operator', 'secretsmanager:GetSecretValue', launchKey)],
    [
      'the operator move AWSCURRENT',
      ask('operator', 'secretsmanager:UpdateSecretVersionStage', pair, label('AWSCURRENT')),
    ],
    [
      'the operator move AWSPREVIOUS',
      ask('operator', 'secretsmanager:UpdateSecretVersionStage', pair, label('AWSPREVIOUS')),
    ],
    [
      'the operator move AWSCURRENT of the launch key',
      ask('operator', 'secretsmanager:UpdateSecretVersionStage', launchKey, label('AWSCURRENT')),
    ],
    [
      'the operator give the launch key’s rotation another function',
      ask('operator', 'secretsmanager:RotateSecret', launchKey, otherFunction),
    ],
    [
      'the operator move a label without naming it',
      ask('operator', 'secretsmanager:UpdateSecretVersionStage', pair),
    ],
    ['the operator rotate another secret', ask('operator', 'secretsmanager:RotateSecret', foreignSecret)],
    ['the operator delete the secret', ask('operator', 'secretsmanager:DeleteSecret', pair)],
    [
      'the operator give the rotation another function',
      ask('operator', 'secretsmanager:RotateSecret', pair, otherFunction),
    ],
    [
      'the operator move the deadline',
      ask('operator', 'secretsmanager:RotateSecret', pair, { 'secretsmanager:ModifyRotationRules': 'true' }),
    ],
    [
      'the operator invoke another function',
      ask('operator', 'lambda:InvokeFunction', functionArn('CreateSessionFunction')),
    ],
    ['the operator use the key directly', ask('operator', 'kms:Decrypt', key)],
    ['the operator decrypt the launch key', useOfKey('operator', 'Decrypt', launchKey)],
    ['the links’ maker read the pair', ask('createLaunchLink', 'secretsmanager:GetSecretValue', pair)],
    ['the links’ maker decrypt the pair', useOfKey('createLaunchLink', 'Decrypt', pair)],
    ['the links’ maker read the table', ask('createLaunchLink', 'dynamodb:GetItem', table)],
    ['createSession read the launch key', ask('createSession', 'secretsmanager:GetSecretValue', launchKey)],
    ['createSession use the key directly', ask('createSession', 'kms:Decrypt', key)],
    ['createSession change the pair', ask('createSession', 'secretsmanager:PutSecretValue', pair)],
    ['the operator read the table', ask('operator', 'dynamodb:GetItem', table)],
    ['the operator write into the table', ask('operator', 'dynamodb:PutItem', table)],
    ['the operator delete the table', ask('operator', 'dynamodb:DeleteTable', table)],
    ['createSession scan the table', ask('createSession', 'dynamodb:Scan', table)],
    ['the launch function change its key', ask('launch', 'secretsmanager:PutSecretValue', launchKey)],
    [
      'the pair’s rotation read the launch key',
      ask('rotateCredentials', 'secretsmanager:GetSecretValue', launchKey),
    ],
    ['the pair’s rotation decrypt the launch key', useOfKey('rotateCredentials', 'Decrypt', launchKey)],
    ['the launch key’s rotation decrypt the pair', useOfKey('rotateLaunchKey', 'Decrypt', pair)],
    ['createSession decrypt the launch key', useOfKey('createSession', 'Decrypt', launchKey)],
    [
      'the launch key’s rotation read a value',
      ask('rotateLaunchKey', 'secretsmanager:GetSecretValue', launchKey),
    ],
    [
      'the launch key’s rotation write the pair',
      ask('rotateLaunchKey', 'secretsmanager:PutSecretValue', pair),
    ],
    ['the receiver change the pair', ask('receiveResult', 'secretsmanager:PutSecretValue', pair)],
    ['the receiver read the launch key', ask('receiveResult', 'secretsmanager:GetSecretValue', launchKey)],
    ['the receiver take results', ask('receiveResult', 'sqs:ReceiveMessage', queue('Results'))],
    ['the receiver delete results', ask('receiveResult', 'sqs:DeleteMessage', queue('Results'))],
    ['the receiver send to the dead', ask('receiveResult', 'sqs:SendMessage', queue('Dead'))],
    ['the receiver use the key directly', ask('receiveResult', 'kms:GenerateDataKey', key)],
    ['the consumer send results', ask('consumer', 'sqs:SendMessage', queue('Results'))],
    ['the consumer take dead results', ask('consumer', 'sqs:ReceiveMessage', queue('Dead'))],
    ['the consumer take what was set aside', ask('consumer', 'sqs:ReceiveMessage', queue('SetAside'))],
    ['the consumer empty the queue', ask('consumer', 'sqs:PurgeQueue', queue('Results'))],
    ['the consumer decrypt the pair', useOfKey('consumer', 'Decrypt', pair)],
    ['the operator take results', ask('operator', 'sqs:ReceiveMessage', queue('Results'))],
    ['the operator take what was set aside', ask('operator', 'sqs:ReceiveMessage', queue('SetAside'))],
    ['a loan app send results', ask('loanApp', 'sqs:SendMessage', queue('Results'))],
    [
      'the receiver send over plain HTTP',
      ask('receiveResult', 'sqs:SendMessage', queue('Results'), { 'aws:SecureTransport': 'false' }),
    ],
    [
      'the consumer take results over plain HTTP',
      ask('consumer', 'sqs:ReceiveMessage', queue('Results'), { 'aws:SecureTransport': 'false' }),
    ],
    ['a loan app read the pair', ask('loanApp', 'secretsmanager:GetSecretValue', pair)],
    ['a loan app call another stage', ask('loanApp', 'execute-api:Invoke', `${api}/other/POST/sessions`)],
    ['a loan app call another method', ask('loanApp', 'execute-api:Invoke', `${api}/demo/GET/sessions`)],
  ])('nothing lets %s', (_what, request) => {
    expect(policies.allows(request)).toBe(false);
  });

  describe.each([
    ['an administrator', `arn:aws:iam::${accountId}:role/Administrator`],
    ['the root user', `arn:aws:iam::${accountId}:root`],
    ['a function that has no need of it', policies.arnOf('AWS::IAM::Role', 'CreateLaunchLinkRole')],
  ])('with all rights of IAM, %s', (_who, arn) => {
    const principal = { statements: [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }], arn };
    const may = (action: string, secret = pair) =>
      policies.allows({ principal, action: `secretsmanager:${action}`, resource: secret });

    test('cannot read the pair by accident', () => {
      expect(may('GetSecretValue')).toBe(false);
    });

    test('may do all else with the secret, also remove the policy, and read the others', () => {
      const others = ['DescribeSecret', 'PutSecretValue', 'UpdateSecret', 'TagResource', 'RotateSecret'];
      for (const action of [
        ...others,
        'UpdateSecretVersionStage',
        'PutResourcePolicy',
        'DeleteResourcePolicy',
      ])
        expect([action, may(action)]).toEqual([action, true]);
      for (const secret of [uidRefKey, launchKey]) expect(may('GetSecretValue', secret)).toBe(true);
    });
  });

  test('a service of AWS that has no principal of the account cannot read the pair', () => {
    const principal = { service: 'events.amazonaws.com' };
    expect(policies.allows({ principal, action: 'secretsmanager:GetSecretValue', resource: pair })).toBe(
      false,
    );
  });

  test('an additional, broader policy does not let the operator change the rotation', () => {
    const { statements } = roles.operator as { statements: [] };
    const everything = { Effect: 'Allow' as const, Action: '*', Resource: '*' };
    const principal = { statements: [...statements, everything] };
    const rotate = { principal, action: 'secretsmanager:RotateSecret', resource: pair };
    expect(policies.allows(rotate)).toBe(true);
    expect(policies.allows({ ...rotate, context: otherFunction })).toBe(false);
  });
});

describe.each([true, false])(
  'the addresses that loan apps may call from, with launch links: %s',
  (launchLinks) => {
    const api = `arn:aws:execute-api:eu-central-1:${accountId}:`;
    test.each([
      ['iam', '203.0.113.9', true],
      ['iam', '198.51.100.9', false],
      ['iam', '2001:db8::7', true],
      ['api-key', '203.0.113.9', true],
      ['api-key', '198.51.100.9', false],
    ])('with %s, a call from %s: %s', (callerAuth, sourceIp, allowed) => {
      const template = templateOf({
        environment: 'production',
        callerAuth,
        launchLinks,
        results: true,
        allowedSourceIps: ['203.0.113.0/24', '2001:db8::/32'],
      });
      const policies = new Policies(template);
      const [apiId] = Object.keys(template.findResources('AWS::ApiGateway::RestApi'));
      const stranger: Principal = { statements: [] };
      const call = (principal: Principal, path: string) =>
        policies.allows({
          principal,
          action: 'execute-api:Invoke',
          resource: `${api}${apiId}/demo/${path}`,
          context: { 'aws:SourceIp': sourceIp },
        });
      // API Gateway itself checks an API key; the policies treat such a caller as anonymous.
      const loanApp = callerAuth === 'iam' ? policies.holderOf('ApiCallersPolicy') : stranger;
      expect(call(loanApp, 'POST/sessions')).toBe(allowed);
      expect(call(loanApp, 'POST/launch-links')).toBe(allowed && launchLinks);
      for (const method of ['GET', 'HEAD', 'POST'])
        expect(call(stranger, `${method}/launch/token`)).toBe(launchLinks);
      for (const method of ['GET', 'HEAD'])
        expect(call(stranger, `${method}/return/complete`)).toBe(launchLinks);
      expect(call(stranger, 'DELETE/launch/token')).toBe(false);
      expect(call(stranger, 'POST/webhooks/begini')).toBe(true);
      expect(call(stranger, 'GET/webhooks/begini')).toBe(false);
      if (callerAuth === 'iam') expect(call(stranger, 'POST/sessions')).toBe(false);
    });
  },
);

describe('what an administrator puts into an account before the first deployment', () => {
  const file = readFileSync(join(import.meta.dirname, '../../.github/account.json'), 'utf8');
  const parameters: Record<string, string> = {
    BoundaryName: 'bank-boundary',
    Subject: 'repo:bank@123456/begini-session@789012:environment:production',
  };
  const template: { Parameters: Record<string, { AllowedPattern: string }> } = JSON.parse(
    Object.entries(parameters).reduce(
      (text, [name, value]) =>
        text.replaceAll(`{ "Ref": "${name}" }`, `"${value}"`).replaceAll(`\${${name}}`, value),
      file,
    ),
  );
  const policies = new Policies(Template.fromJSON(template));
  const roleArn = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
  /** A secret by its name, which CloudFormation makes from the logical id: `<logical id>-<random>`. */
  const secretArn = (name: string) =>
    `arn:aws:secretsmanager:eu-central-1:${accountId}:secret:${name}-AbCdEf`;
  const foreignSecret = secretArn('another');
  const stack = templateOf(fullRow('production'));

  test.each([
    ['Subject', 'repo:bank@123456/begini-session@789012:environment:production', true],
    ['Subject', 'repo:bank/begini-session:environment:test', true],
    ['Subject', 'repo:bank/*:environment:test', false],
    ['Subject', 'repo:bank/begini-session:*', false],
    ['Subject', 'repo:bank/begini-session:ref:refs/heads/main', false],
    ['BoundaryName', 'bank-boundary', true],
    ['BoundaryName', 'BeginiSession-boundary', false],
  ])('%s may be %s: %s', (name, value, allowed) => {
    const pattern = new RegExp(`^(?:${template.Parameters[name]?.AllowedPattern})$`);
    expect(pattern.test(value)).toBe(allowed);
  });

  test('a job of that repository and that environment may use the role that deploys, and nobody else', () => {
    const github = `arn:aws:iam::${accountId}:oidc-provider/token.actions.githubusercontent.com`;
    const asks = (sub = parameters.Subject ?? '', aud = 'sts.amazonaws.com', federated = github) =>
      policies.allows({
        principal: { federated },
        action: 'sts:AssumeRoleWithWebIdentity',
        resource: policies.arnOf('AWS::IAM::Role', 'DeliverRole'),
        context: {
          'token.actions.githubusercontent.com:sub': sub,
          'token.actions.githubusercontent.com:aud': aud,
        },
      });
    expect(asks()).toBe(true);
    for (const sub of [
      'repo:bank@123456/begini-session@789012:environment:test',
      'repo:bank@123456/begini-session@789012:ref:refs/heads/main',
      'repo:bank/begini-session:environment:production',
      'repo:stranger@123456/begini-session@789012:environment:production',
    ])
      expect(asks(sub)).toBe(false);
    expect(asks(undefined, 'https://github.com/bank')).toBe(false);
    expect(asks(undefined, undefined, github.replace('token.actions', 'token.other'))).toBe(false);
  });

  test('the role that deploys may use two of the roles of cdk bootstrap, and nothing else', () => {
    const principal = policies.role('DeliverRole');
    const bootstrapRole = (name: string, region = 'eu-central-1') => ({
      principal,
      action: 'sts:AssumeRole',
      resource: roleArn(`cdk-hnb659fds-${name}-role-${accountId}-${region}`),
    });
    const used = [bootstrapRole('deploy'), bootstrapRole('file-publishing')];
    for (const request of used) expect(policies.allows(request)).toBe(true);
    expect(unusedRights(policies, principal, used)).toEqual([]);
    for (const name of ['cfn-exec', 'lookup', 'image-publishing'])
      expect(policies.allows(bootstrapRole(name))).toBe(false);
    expect(policies.allows(bootstrapRole('deploy', 'us-east-1'))).toBe(false);

    // A deployment can write the doctor's policy, which this role has too: here it allows everything.
    const granted: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
    const { statements: own } = principal as { statements: readonly Statement[] };
    const widened = { ...principal, statements: [...own, granted] };
    const stillMay = (request: AccessRequest) => policies.allows({ ...request, principal: widened });
    for (const request of used) expect(stillMay(request)).toBe(true);
    for (const request of [
      bootstrapRole('cfn-exec'),
      bootstrapRole('deploy', 'us-east-1'),
      { principal, action: 'sts:AssumeRole', resource: roleArn('Administrator') },
      { principal, action: 'iam:CreateUser', resource: `arn:aws:iam::${accountId}:user/anybody` },
      { principal, action: 'secretsmanager:GetSecretValue', resource: foreignSecret },
    ])
      expect(stillMay(request)).toBe(false);

    const doctor = new Policies(stack).holderOf('Doctor') as { statements: readonly Statement[] };
    const needed = doctor.statements.flatMap(({ Action = [] }) => Action);
    const kept = own.flatMap(({ NotAction = [] }) => NotAction);
    expect([...kept].sort()).toEqual([...new Set([...needed, 'sts:AssumeRole'])].sort());
  });

  describe('the policy of CloudFormation', () => {
    const principal = policies.holderOf('ExecutionPolicy');
    const boundary = { 'iam:PermissionsBoundary': `arn:aws:iam::${accountId}:policy/bank-boundary` };
    const may = (action: string, resource: string, context = {}) =>
      policies.allows({ principal, action, resource, context });

    test('has every service of the stack', () => {
      const actionsOf: Record<string, string> = {
        ApiGateway: 'apigateway:POST',
        CloudWatch: 'cloudwatch:PutMetricAlarm',
        CodeDeploy: 'codedeploy:CreateApplication',
        DynamoDB: 'dynamodb:CreateTable',
        Events: 'events:PutRule',
        IAM: 'iam:CreateRole',
        KMS: 'kms:CreateKey',
        Lambda: 'lambda:CreateFunction',
        Logs: 'logs:CreateLogGroup',
        SNS: 'sns:CreateTopic',
        SQS: 'sqs:CreateQueue',
        SecretsManager: 'secretsmanager:GetRandomPassword',
        WAFv2: 'wafv2:CreateWebACL',
      };
      const types = Object.values(stack.toJSON().Resources as Record<string, { Type: string }>);
      const services = new Set(types.map(({ Type }) => String(Type.split('::')[1])));
      const refused = [...services].filter(
        (service) => !may(actionsOf[service] ?? service, roleArn('BeginiSession-Test-Role'), boundary),
      );
      expect(refused).toEqual([]);
    });

    test.each([
      ['create a role without the boundary', 'iam:CreateRole', 'BeginiSession-Test-Role', {}],
      ['create a role of another name', 'iam:CreateRole', 'Administrator', boundary],
      ['give a role without the boundary a policy', 'iam:PutRolePolicy', 'BeginiSession-Test-Role', {}],
      ['remove the boundary', 'iam:DeleteRolePermissionsBoundary', 'BeginiSession-Test-Role', boundary],
      ['change the boundary', 'iam:CreatePolicyVersion', 'bank-boundary', boundary],
      ['pass a role of another name', 'iam:PassRole', 'Administrator', boundary],
      ['create a user', 'iam:CreateUser', 'BeginiSession-user', boundary],
    ])('does not let it %s', (_what, action, name, context) => {
      const isPolicy = action.endsWith('PolicyVersion');
      const resource = isPolicy ? `arn:aws:iam::${accountId}:policy/${name}` : roleArn(name);
      expect(may(action, resource, context)).toBe(false);
    });

    test.each(['sqs:ReceiveMessage', 'dynamodb:GetItem', 'dynamodb:Scan', 'logs:FilterLogEvents'])(
      'does not let it read data: %s',
      (action) => expect(may(action, 'arn:aws:any:eu-central-1:111122223333:thing')).toBe(false),
    );

    test.each(['CreateSecret', 'PutResourcePolicy', 'RotateSecret', 'TagResource', 'GetSecretValue'])(
      'lets it use %s on the secrets of the stack, and on no other',
      (operation) => {
        const own = Object.keys(stack.findResources('AWS::SecretsManager::Secret'));
        const mayUse = (arn: string) => may(`secretsmanager:${operation}`, arn);
        expect(own.filter((id) => !mayUse(secretArn(`${id}-1a2B3c4D5e6F`)))).toEqual([]);
        expect(own).toHaveLength(3);
        expect(mayUse(foreignSecret)).toBe(false);
        expect(mayUse('*')).toBe(false);
      },
    );
  });

  test("with CDK's permissions boundary in cdk.json, every role of the stack has it", () => {
    const context = { '@aws-cdk/core:permissionsBoundary': { name: 'bank-boundary' } };
    const stack = stackOf({ environment: 'production', results: true }, context);
    const roles = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'));
    const boundaries = roles.map(({ Properties }) => JSON.stringify(Properties.PermissionsBoundary));
    expect(roles.length).toBeGreaterThan(0);
    for (const boundary of boundaries) expect(boundary).toContain(':policy/bank-boundary"');
  });
});

describe('a loan app outside AWS, by the trust policy in lib/README.md', () => {
  const claims = { aud: loanAppRole.audience, sub: loanAppRole.subject };

  test('gets the role by its own token', () => {
    expect(mayAssumeLoanAppRole(claims)).toBe(true);
  });

  test.each<[string, { aud?: string; sub?: string }]>([
    ['of another service account', { ...claims, sub: 'system:serviceaccount:loans:other' }],
    ['of another namespace', { ...claims, sub: 'system:serviceaccount:other:loan-app' }],
    ['for another audience', { ...claims, aud: 'https://kubernetes.default.svc' }],
    ['without an audience', { sub: claims.sub }],
    ['without a subject', { aud: claims.aud }],
  ])('does not get it by a token %s', (_what, others) => {
    expect(mayAssumeLoanAppRole(others)).toBe(false);
  });

  test('does not get it by a token of another issuer', () => {
    expect(mayAssumeLoanAppRole(claims, 'oidc.other.example')).toBe(false);
  });
});
