import { describe, expect, test } from '@jest/globals';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { environmentNames } from '../../../functions/environment.ts';
import {
  descriptionOfKey,
  environments,
  resourceOf,
  stackOf,
  templateOf,
  useOfKey,
} from '../../support/synthesize.ts';

const functionType = 'AWS::Lambda::Function';
const createLaunchLink = 'LaunchLinksCreateLaunchLink';
const launch = 'LaunchLinksLaunch';
const rotate = 'LaunchLinksKeyRotate';

const secretId = (template: Template, idPart: string) =>
  resourceOf(template, 'AWS::SecretsManager::Secret', idPart).logicalId;

/** What the function's role allows, except for writing its own log and using the stage's key for its secrets. */
function permissions(template: Template, idPart: string): unknown[] {
  const { PolicyDocument } = resourceOf(template, 'AWS::IAM::Policy', idPart).Properties;
  const { Statement } = PolicyDocument as { Statement: { Action: unknown; Resource: unknown }[] };
  return Statement.slice(1)
    .filter(({ Action }) => !String(Action).startsWith('kms:'))
    .map(({ Action, Resource }) => [Action, Resource]);
}

const variables = (template: Template, idPart: string) =>
  (resourceOf(template, functionType, idPart).Properties.Environment as { Variables: object }).Variables;

interface Method {
  HttpMethod: string;
  AuthorizationType: string;
  ApiKeyRequired?: boolean;
  ResourceId: { Ref: string };
}

/** The methods of a resource, by the last part of its path. */
function methodsOf(template: Template, pathPart: string): Method[] {
  const resources = Object.entries(template.findResources('AWS::ApiGateway::Resource'));
  const [id] = resources.find(([, { Properties }]) => Properties.PathPart === pathPart) ?? [];
  return Object.values(template.findResources('AWS::ApiGateway::Method'))
    .map(({ Properties }) => Properties as Method)
    .filter(({ ResourceId }) => ResourceId.Ref === id);
}

describe.each(environments)('the launch links of a %s stage', (environment) => {
  const template = templateOf({ environment });
  const credentialsId = secretId(template, 'CredentialsSecret');
  const keyId = secretId(template, 'LaunchLinksKey');

  test('are made only by callers of the API', () => {
    expect(methodsOf(template, 'launch-links')).toMatchObject([
      { HttpMethod: 'POST', AuthorizationType: 'AWS_IAM' },
    ]);
    const withKeys = templateOf({ environment, callerAuth: 'api-key' });
    expect(methodsOf(withKeys, 'launch-links')).toMatchObject([
      { HttpMethod: 'POST', AuthorizationType: 'NONE', ApiKeyRequired: true },
    ]);
    const { PolicyDocument } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Callers').Properties;
    expect(JSON.stringify(PolicyDocument)).toMatch(/"\/POST\/sessions".*"\/POST\/launch-links"/);
    expect(JSON.stringify(PolicyDocument)).not.toContain('/launch/');
  });

  test.each(['iam', 'api-key'])('are opened by anyone who has one, if callers use %s', (callerAuth) => {
    const methods = methodsOf(templateOf({ environment, callerAuth }), '{token}');
    expect(methods.map(({ HttpMethod }) => HttpMethod).sort()).toEqual(['GET', 'HEAD', 'POST']);
    for (const { AuthorizationType, ApiKeyRequired } of methods) {
      expect([AuthorizationType, ApiKeyRequired ?? false]).toEqual(['NONE', false]);
    }
  });

  test('are made by a function that may read the launch key and no other secret', () => {
    expect(permissions(template, createLaunchLink)).toEqual([
      ['secretsmanager:GetSecretValue', { Ref: keyId }],
    ]);
    expect(variables(template, createLaunchLink)).toEqual({
      [environmentNames.stage]: 'demo',
      [environmentNames.launchKeySecretArn]: { Ref: keyId },
      [environmentNames.uidRefKey]: expect.anything(),
    });
  });

  test('are opened by a function that may read both secrets', () => {
    const template = templateOf({ environment, resume: false });
    expect(permissions(template, launch)).toEqual([
      ['secretsmanager:GetSecretValue', { Ref: keyId }],
      ['secretsmanager:GetSecretValue', { Ref: credentialsId }],
    ]);
    expect(variables(template, launch)).toEqual({
      [environmentNames.stage]: 'demo',
      [environmentNames.credentialsSecretArn]: { Ref: credentialsId },
      [environmentNames.hmac]: 'on',
      [environmentNames.launchKeySecretArn]: { Ref: keyId },
      [environmentNames.uidRefKey]: expect.anything(),
    });
  });

  test('have a key of 64 hex digits, with fixed settings, so that it stays', () => {
    const { GenerateSecretString, SecretString } = resourceOf(
      template,
      'AWS::SecretsManager::Secret',
      'LaunchLinksKey',
    ).Properties;
    expect(SecretString).toBeUndefined();
    expect(GenerateSecretString).toEqual({
      PasswordLength: 64,
      ExcludePunctuation: true,
      ExcludeUppercase: true,
      ExcludeCharacters: 'ghijklmnopqrstuvwxyz',
      RequireEachIncludedType: false,
    });
  });

  test('have a key that is renewed every 90 days, and never by a deployment', () => {
    const { Properties } = resourceOf(template, 'AWS::SecretsManager::RotationSchedule', 'LaunchLinks');
    expect(Properties).toMatchObject({
      SecretId: { Ref: keyId },
      RotationRules: { AutomaticallyAfterDays: 90 },
      RotateImmediatelyOnUpdate: false,
      RotationLambdaARN: { 'Fn::GetAtt': [resourceOf(template, functionType, rotate).logicalId, 'Arn'] },
    });
  });

  test('have a key that its rotation can replace but not read', () => {
    expect(permissions(template, rotate)).toEqual([
      [
        [
          'secretsmanager:DescribeSecret',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        { Ref: keyId },
      ],
    ]);
    expect(variables(template, rotate)).toEqual({
      [environmentNames.stage]: 'demo',
      [environmentNames.launchKeySecretArn]: { Ref: keyId },
    });
  });

  test('have a rotation that only Secrets Manager of this account may start', () => {
    expect(resourceOf(template, 'AWS::Lambda::Permission', rotate).Properties).toMatchObject({
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
    });
  });

  test('give the operator the URL to make one, and the name of their key', () => {
    const outputs = template.findOutputs('*');
    expect(JSON.stringify(outputs.LaunchLinksUrl)).toContain('/launch-links');
    expect(outputs).toHaveProperty('LaunchKeySecretName');
    expect(outputs).not.toHaveProperty('DomainTarget');
  });

  test('have a key that the operator may renew with its function, also after a renewal that did not end', () => {
    const { PolicyDocument } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Operator').Properties;
    const onKey = (PolicyDocument as { Statement: Record<string, unknown>[] }).Statement.filter(
      ({ Resource }) => JSON.stringify(Resource) === JSON.stringify({ Ref: keyId }),
    );
    expect(onKey).toEqual([
      {
        Effect: 'Allow',
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:RotateSecret'],
        Resource: { Ref: keyId },
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:UpdateSecretVersionStage',
        Resource: { Ref: keyId },
        Condition: { StringEquals: { 'secretsmanager:VersionStage': 'AWSPENDING' } },
      },
      expect.objectContaining({ Effect: 'Deny', Action: 'secretsmanager:RotateSecret' }),
      expect.objectContaining({ Effect: 'Deny', Action: 'secretsmanager:RotateSecret' }),
    ]);
  });

  test('are made by a new version only when the new version that opens them has all traffic', () => {
    const aliases = template.findResources('AWS::Lambda::Alias');
    const { logicalId } = resourceOf(template, 'AWS::Lambda::Alias', launch);
    const maker = resourceOf(template, 'AWS::Lambda::Alias', createLaunchLink);
    expect(aliases[maker.logicalId]?.DependsOn).toContain(logicalId);
    // CloudFormation waits for a canary, because it is part of the update of the alias.
    const updates = environment === 'production' ? [expect.stringContaining('CodeDeploy')] : [];
    expect(Object.keys(aliases[logicalId]?.UpdatePolicy ?? {})).toEqual(updates);
  });

  test('have no resources if they are off', () => {
    const off = templateOf({ environment, launchLinks: false });
    expect(JSON.stringify(off.toJSON())).not.toMatch(/launch/i);
  });
});

test('launch links have their own throttle on each method, and log no full requests', () => {
  const throttle = { rateLimit: 3, burstLimit: 4 };
  const template = templateOf({ environment: 'test', launchThrottle: throttle });
  const { MethodSettings } = resourceOf(template, 'AWS::ApiGateway::Stage').Properties;
  const [whole, ...launchMethods] = MethodSettings as Record<string, unknown>[];
  expect(whole).toMatchObject({ HttpMethod: '*', ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 });
  expect(launchMethods).toEqual(
    ['GET', 'HEAD', 'POST'].map((HttpMethod) => ({
      HttpMethod,
      ResourcePath: '/~1launch~1{token}',
      DataTraceEnabled: false,
      LoggingLevel: 'OFF',
      MetricsEnabled: true,
      ThrottlingRateLimit: 3,
      ThrottlingBurstLimit: 4,
    })),
  );
});

describe('the lender’s own domain', () => {
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
  const template = templateOf({
    environment: 'production',
    region: 'eu-central-1',
    domain: { name: 'start.lender.example', certificateArn },
    returnUrl: 'https://www.lender.example/',
  });

  test('is regional, speaks TLS 1.2 or later, and leads to the stage', () => {
    const domain = resourceOf(template, 'AWS::ApiGateway::DomainName');
    expect(domain.Properties).toMatchObject({
      DomainName: 'start.lender.example',
      RegionalCertificateArn: certificateArn,
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy: 'TLS_1_2',
    });
    const mapping = resourceOf(template, 'AWS::ApiGateway::BasePathMapping').Properties;
    expect(mapping).toEqual({
      DomainName: { Ref: domain.logicalId },
      RestApiId: { Ref: resourceOf(template, 'AWS::ApiGateway::RestApi').logicalId },
      Stage: { Ref: resourceOf(template, 'AWS::ApiGateway::Stage').logicalId },
    });
  });

  test('is in the links, and in the URLs of the stack’s outputs', () => {
    expect(variables(template, createLaunchLink)).toHaveProperty(
      environmentNames.launchBaseUrl,
      'https://start.lender.example',
    );
    const { SessionsUrl, LaunchLinksUrl, DomainTarget } = template.findOutputs('*');
    const { logicalId } = resourceOf(template, 'AWS::ApiGateway::DomainName');
    const urlOf = (path: string) => ({ 'Fn::Join': ['', ['https://', { Ref: logicalId }, path]] });
    expect(SessionsUrl).toEqual({ Value: urlOf('/sessions') });
    expect(LaunchLinksUrl).toEqual({ Value: urlOf('/launch-links') });
    expect(DomainTarget).toEqual({ Value: { 'Fn::GetAtt': [logicalId, 'RegionalDomainName'] } });
  });
});

test.each([
  [createLaunchLink, 'kms:Decrypt'],
  [launch, 'kms:Decrypt'],
  [rotate, ['kms:Decrypt', 'kms:GenerateDataKey']],
])('%s may use the key of a production stage for the launch key, through Secrets Manager', (id, actions) => {
  const template = templateOf({ environment: 'production' });
  const { PolicyDocument } = resourceOf(template, 'AWS::IAM::Policy', id).Properties;
  const [allowed] = useOfKey(template, { Ref: secretId(template, 'LaunchLinksKey') }, actions);
  expect(Object(PolicyDocument).Statement).toContainEqual(allowed);
  const describes = Object(PolicyDocument).Statement.filter(
    ({ Action }: { Action: unknown }) => Action === 'kms:DescribeKey',
  );
  expect(describes).toEqual(id === rotate ? descriptionOfKey(template) : []);
});

describe('the lender’s name', () => {
  const warnings = (row: Record<string, unknown>) =>
    Annotations.fromStack(stackOf(row)).findWarning('*', Match.stringLikeRegexp('Applicants of Demo read'));

  test.each([{}, { applicantPage: { languages: { es: {}, en: { lenderName: 'Kazi' } } } }])(
    'causes a warning at synth if a production stage has none: %j',
    (row) => {
      const [warning, ...others] = warnings({ environment: 'production', ...row });
      expect(others).toEqual([]);
      expect(warning?.entry.data).toContain('set stages.Demo.applicantPage.lenderName in cdk.json');
    },
  );

  test.each([
    { environment: 'production', applicantPage: { lenderName: 'Kazi Loans' } },
    { environment: 'production', launchLinks: false },
    { environment: 'test' },
  ])('causes no warning in %j', (row) => {
    expect(warnings(row)).toEqual([]);
  });
});
