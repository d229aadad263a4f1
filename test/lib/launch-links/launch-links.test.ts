import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { environments, resourceOf, templateOf } from '../../support/templates.ts';

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

  test('are made only by callers of the API', () => {
    expect(methodsOf(template, 'launch-links')).toMatchObject([
      { HttpMethod: 'POST', AuthorizationType: 'AWS_IAM' },
    ]);
    const withKeys = templateOf({ environment, callerAuth: 'api-key', allowedSourceIps: ['192.0.2.1'] });
    expect(methodsOf(withKeys, 'launch-links')).toMatchObject([
      { HttpMethod: 'POST', AuthorizationType: 'NONE', ApiKeyRequired: true },
    ]);
    const { PolicyDocument } = resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Callers').Properties;
    expect(JSON.stringify(PolicyDocument)).toMatch(/"\/POST\/sessions".*"\/POST\/launch-links"/);
    expect(JSON.stringify(PolicyDocument)).not.toContain('/launch/');
  });

  test.each(['iam', 'api-key'])('are opened by anyone who has one, if callers use %s', (callerAuth) => {
    const methods = methodsOf(
      templateOf({ environment, callerAuth, allowedSourceIps: ['192.0.2.1'] }),
      '{token}',
    );
    expect(methods.map(({ HttpMethod }) => HttpMethod).sort()).toEqual(['GET', 'HEAD', 'POST']);
    for (const { AuthorizationType, ApiKeyRequired } of methods) {
      expect([AuthorizationType, ApiKeyRequired ?? false]).toEqual(['NONE', false]);
    }
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

  test('are made by a new version only when the new version that opens them has all traffic', () => {
    const aliases = template.findResources('AWS::Lambda::Alias');
    const { logicalId } = resourceOf(template, 'AWS::Lambda::Alias', 'LaunchLinksLaunch');
    const maker = resourceOf(template, 'AWS::Lambda::Alias', 'CreateLaunchLink');
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

describe('the lender’s own domain', () => {
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
  const template = templateOf({
    environment: 'production',
    region: 'eu-central-1',
    domain: { name: 'start.lender.example', certificateArn },
    defaultEndpoint: 'closed',
    returnUrl: 'https://www.lender.example/',
  });

  test('is regional, has the TLS policy of the API, and leads to the stage', () => {
    const { SecurityPolicy, EndpointAccessMode } = resourceOf(
      template,
      'AWS::ApiGateway::RestApi',
    ).Properties;
    const domain = resourceOf(template, 'AWS::ApiGateway::DomainName');
    expect(domain.Properties).toMatchObject({
      DomainName: 'start.lender.example',
      RegionalCertificateArn: certificateArn,
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy,
      EndpointAccessMode,
    });
    const mapping = resourceOf(template, 'AWS::ApiGateway::BasePathMapping').Properties;
    expect(mapping).toEqual({
      DomainName: { Ref: domain.logicalId },
      RestApiId: { Ref: resourceOf(template, 'AWS::ApiGateway::RestApi').logicalId },
      Stage: { Ref: resourceOf(template, 'AWS::ApiGateway::Stage').logicalId },
    });
  });

  test('is in the URLs of the stack’s outputs', () => {
    const { SessionsUrl, LaunchLinksUrl, ReturnUrls, DomainTarget } = template.findOutputs('*');
    const { logicalId } = resourceOf(template, 'AWS::ApiGateway::DomainName');
    const urlOf = (path: string) => ({ 'Fn::Join': ['', ['https://', { Ref: logicalId }, path]] });
    expect(SessionsUrl).toEqual({ Value: urlOf('/sessions') });
    expect(LaunchLinksUrl).toEqual({ Value: urlOf('/launch-links') });
    for (const ending of ['complete', 'cancelled', 'expired'])
      expect(JSON.stringify(ReturnUrls)).toContain(`/return/${ending}`);
    expect(DomainTarget).toEqual({ Value: { 'Fn::GetAtt': [logicalId, 'RegionalDomainName'] } });
  });
});
