import { BlockList, isIPv4 } from 'node:net';
import type { Template } from 'aws-cdk-lib/assertions';

/**
 * Who asks: a role with these identity policies and, where it counts, its ARN, a service of AWS, or an outsider with
 * neither or a provider's token.
 */
export type Principal =
  | { statements: readonly Statement[]; arn?: string }
  | { service: string }
  /** The ARN of the identity provider. */
  | { federated: string };

/** One call as IAM sees it. A context key that is absent here is absent from the request. */
export interface AccessRequest {
  principal: Principal;
  /** Such as `secretsmanager:GetSecretValue`. */
  action: string;
  /** A full ARN. */
  resource: string;
  context?: Readonly<Record<string, string>>;
}

/** A statement of a policy, with CloudFormation's functions resolved. */
export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Principal?: '*' | { AWS?: string | string[]; Service?: string | string[]; Federated?: string | string[] };
  Condition?: Record<string, Record<string, string | string[]>>;
}

const region = 'eu-central-1';
export const accountId = '111122223333';
const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;
const pseudoParameters: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': region,
  'AWS::AccountId': accountId,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** The ARN that a resource gets when it is deployed: its name is its logical id. */
const arnFormats: Record<string, (id: string) => string> = {
  'AWS::DynamoDB::Table': (id) => arn('dynamodb', `table/${id}`),
  'AWS::IAM::ManagedPolicy': (id) => `arn:aws:iam::${accountId}:policy/${id}`,
  'AWS::IAM::Role': (id) => `arn:aws:iam::${accountId}:role/${id}`,
  'AWS::KMS::Key': (id) => arn('kms', `key/${id}`),
  'AWS::Lambda::Alias': (id) => arn('lambda', `function:alias:${id}`),
  'AWS::Lambda::Function': (id) => arn('lambda', `function:${id}`),
  'AWS::Logs::LogGroup': (id) => arn('logs', `log-group:${id}:*`),
  'AWS::SecretsManager::Secret': (id) => arn('secretsmanager', `secret:${id}-AbCdEf`),
  'AWS::SNS::Topic': (id) => arn('sns', id),
  'AWS::SQS::Queue': (id) => arn('sqs', id),
};

/** These give their ARN by `Ref`, the others their name. */
const refIsArn = /::(Secret|Topic|ManagedPolicy|Alias)$/;

/**
 * The policies of a synthesized stack, and IAM's decision by them for principals of the stack's own account ("Policy
 * evaluation logic", IAM user guide). It supports what policies in this project use, and throws for anything else, so
 * that no statement is ignored.
 */
export class Policies {
  readonly #resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;

  constructor(template: Template) {
    this.#resources = template.toJSON().Resources;
  }

  /** The ARN of the only resource of a type, found by a part of its logical id if there are several. */
  arnOf(type: string, idPart = ''): string {
    return this.#arn(this.#only(type, idPart)[0]);
  }

  /** A role by a part of its logical id, with every policy that the stack attaches to it. */
  role(idPart: string): Principal {
    const [roleId] = this.#only('AWS::IAM::Role', idPart);
    const attached = this.#ofType('AWS::IAM::Policy').filter(([, { Roles }]) =>
      (this.#resolve(Roles) as string[]).includes(roleId),
    );
    const statements = attached.flatMap(([, { PolicyDocument }]) => this.#statements(PolicyDocument));
    return { statements, arn: this.#arn(roleId) };
  }

  /** A person's or a program's role that has a managed policy of the stack, and nothing else. */
  holderOf(idPart: string): Principal {
    const [id, { PolicyDocument }] = this.#only('AWS::IAM::ManagedPolicy', idPart);
    const arn = `arn:aws:iam::${accountId}:role/holder-of-${id}`;
    return { statements: this.#statements(PolicyDocument), arn };
  }

  allows(request: AccessRequest): boolean {
    const attached = this.#attachedTo(request.resource).filter((statement) => applies(statement, request));
    const identity = 'statements' in request.principal ? request.principal.statements : [];
    const own = identity.filter((statement) => applies(statement, request));
    if ([...attached, ...own].some(({ Effect }) => Effect === 'Deny')) return false;
    if (attached.some(({ Principal }) => isFor(Principal, request.principal))) return true;
    // A key's policy must delegate the decision to the account; for other resources the account decides without it. A
    // key of another stack is taken to have AWS's default policy, which delegates.
    const isOwnKey = this.#ofType('AWS::KMS::Key').some(([id]) => this.#arn(id) === request.resource);
    const accountDecides = !isOwnKey || attached.some(({ Principal }) => isForAccount(Principal));
    return accountDecides && own.length > 0;
  }

  /**
   * The statements of the policy that the resource itself has. Those of topics and queues name it; where they do not
   * ("every resource is this one"), the policy is found by the resource that it belongs to.
   */
  #attachedTo(resource: string): Statement[] {
    const belongs = ([id]: [string, unknown]) => this.#arn(id) === resource;
    const keys = this.#ofType('AWS::KMS::Key').filter(belongs);
    const secrets = this.#ofType('AWS::SecretsManager::ResourcePolicy').filter(
      ([, { SecretId }]) => this.#resolve(SecretId) === resource,
    );
    const named = ['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].flatMap((type) => this.#ofType(type));
    const trust = this.#ofType('AWS::IAM::Role').filter(belongs);
    const permissions = this.#ofType('AWS::Lambda::Permission').map(
      ([, properties]) => this.#resolve(properties) as Record<string, string>,
    );
    return [
      ...keys.flatMap(([, { KeyPolicy }]) => this.#statements(KeyPolicy)),
      ...secrets.flatMap(([, { ResourcePolicy }]) => this.#statements(ResourcePolicy)),
      ...named.flatMap(([, { PolicyDocument }]) => this.#statements(PolicyDocument)),
      ...trust
        .flatMap(([, { AssumeRolePolicyDocument }]) => this.#statements(AssumeRolePolicyDocument))
        .map((statement) => ({ ...statement, Resource: resource })),
      ...permissions.map(permissionStatement),
      ...this.#apiStatements(resource),
    ];
  }

  /** API Gateway completes `execute-api:/stage/method/path` by the API's own ARN. */
  #apiStatements(resource: string): Statement[] {
    if (!resource.startsWith('arn:aws:execute-api:')) return [];
    return this.#ofType('AWS::ApiGateway::RestApi')
      .filter(([, { Policy }]) => Policy)
      .flatMap(([id, { Policy }]) =>
        this.#statements(Policy).map((statement) => ({
          ...statement,
          Resource: list(statement.Resource ?? []).map((path) =>
            path.replace('execute-api:', arn('execute-api', id)),
          ),
        })),
      );
  }

  #statements(document: unknown): Statement[] {
    return (this.#resolve(document) as { Statement: Statement[] }).Statement;
  }

  #only(type: string, idPart: string) {
    const [found, ...others] = this.#ofType(type).filter(([id]) => id.includes(idPart));
    if (!found || others.length > 0) throw new Error(`not one resource of ${type} is called ${idPart}`);
    return found;
  }

  #ofType(type: string): [string, Record<string, unknown>][] {
    return Object.entries(this.#resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties = {} }]) => [id, Properties]);
  }

  #arn(id: string): string {
    const type = this.#resources[id]?.Type ?? '';
    const format = arnFormats[type];
    if (!format) throw new Error(`no ARN is known for ${id}, ${type}`);
    return format(id);
  }

  /** Replaces CloudFormation's functions with their results. */
  #resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item));
    if (typeof value !== 'object' || value === null) return value;
    const [[name = '', argument] = []] = Object.entries(value);
    if (name === 'Ref') return this.#ref(String(argument));
    if (name === 'Fn::GetAtt') return this.#arn(String((argument as string[])[0]));
    if (name === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => this.#resolve(part)).join(separator);
    }
    if (name === 'Fn::Sub' && typeof argument === 'string')
      return argument.replaceAll(/\$\{([^}]+)\}/g, (_, id: string) => this.#ref(id));
    if (name.startsWith('Fn::')) throw new Error(`cannot resolve ${name}`);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#resolve(item)]));
  }

  #ref(id: string): string {
    const type = this.#resources[id]?.Type ?? '';
    return pseudoParameters[id] ?? (refIsArn.test(type) ? this.#arn(id) : this.#stageName(id));
  }

  #stageName(id: string): string {
    const { Type, Properties } = this.#resources[id] ?? {};
    return Type === 'AWS::ApiGateway::Stage' ? String(Properties?.StageName) : id;
  }
}

function permissionStatement(permission: Record<string, string>): Statement {
  const { Action = '', FunctionName = '', Principal = '', SourceArn, SourceAccount } = permission;
  return {
    Effect: 'Allow',
    Action,
    Resource: FunctionName,
    Principal: { Service: Principal },
    Condition: {
      ...(SourceArn && { ArnLike: { 'aws:SourceArn': SourceArn } }),
      ...(SourceAccount && { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
    },
  };
}

const list = (value: string | string[]): string[] => [value].flat();

/** Whether a statement applies to this request: its principal (where it has one), action, resource and conditions. */
function applies(
  statement: Statement,
  { principal, action, resource, context = {} }: AccessRequest,
): boolean {
  const unknown = Object.keys(statement).find((key) => !knownParts.has(key));
  if (unknown) throw new Error(`cannot evaluate ${unknown}`);
  const values: Record<string, string | undefined> = {
    ...('arn' in principal && { 'aws:PrincipalArn': principal.arn }),
    ...context,
  };
  const isMeant =
    !statement.Principal || isFor(statement.Principal, principal) || isForAccount(statement.Principal);
  return (
    isMeant &&
    isNamed(statement.Action, statement.NotAction, action.toLowerCase(), (pattern) =>
      pattern.toLowerCase(),
    ) &&
    isNamed(statement.Resource, statement.NotResource, resource) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, expected]) => holds(operator, values[key], list(expected))),
    )
  );
}

const knownParts = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'Condition',
]);

/** Whether the patterns name the value, or, where a statement has the others, all but them. */
function isNamed(
  patterns: string | string[] | undefined,
  others: string | string[] | undefined,
  value: string,
  read = (pattern: string) => pattern,
): boolean {
  const isIn = (names: string | string[]) => list(names).some((pattern) => matches(read(pattern), value));
  return others === undefined ? isIn(patterns ?? []) : !isIn(others);
}

function isFor(named: Statement['Principal'], principal: Principal): boolean {
  if (named === '*' || named?.AWS === '*') return true;
  if ('federated' in principal) return list(named?.Federated ?? []).includes(principal.federated);
  return 'service' in principal && list(named?.Service ?? []).includes(principal.service);
}

function isForAccount(named: Statement['Principal']): boolean {
  return named !== undefined && named !== '*' && named.AWS === `arn:aws:iam::${accountId}:root`;
}

/** `*` is any text, `?` one character. */
function matches(pattern: string, value: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}

/** One condition ("IAM JSON policy elements: Condition operators"). */
function holds(operator: string, value: string | undefined, expected: string[]): boolean {
  switch (operator) {
    case 'StringEquals':
    case 'Bool':
      return value !== undefined && expected.includes(value);
    case 'StringLike':
    case 'ArnLike':
      return value !== undefined && expected.some((pattern) => matches(pattern, value));
    // Without a value, every negated condition holds.
    case 'ArnNotEquals':
      return value === undefined || !expected.some((pattern) => matches(pattern, value));
    case 'Null':
      return expected.includes(String(value === undefined));
    case 'NotIpAddress':
      return value === undefined || !expected.some((range) => isInRange(value, range));
    default:
      throw new Error(`cannot evaluate ${operator}`);
  }
}

function isInRange(address: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const addresses = new BlockList();
  addresses.addSubnet(network, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family);
  return addresses.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
