import { Lazy, SecretValue, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ServiceFunction } from '../lambda/service-function.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { allowGetValue } from '../secrets/secret-permissions.ts';
import type { StageProps } from '../stage-props.ts';

/** The vendor's API key with its integration id, and the key of the pseudonyms in log lines. */
export class Credentials extends Construct {
  /** `{"apiKey": "…", "integrationId": "…"}`. */
  readonly secret: Secret;
  /** 64 letters and digits. */
  readonly uidRefKey: Secret;
  readonly #policy: CfnResourcePolicy;
  /** The roles that the policy exempts. */
  readonly #readers: string[] = [];

  constructor(scope: Construct, id: string, { stage, encryptionKey }: StageProps) {
    super(scope, id);
    const shared = { removalPolicy: removalPolicyOf(stage), ...(encryptionKey && { encryptionKey }) };
    // The ids contain the stage because CloudFormation derives the secrets' names from them, and nothing else
    // names the stage.
    this.secret = new Secret(this, `Secret${stage.name}`, {
      ...shared,
      description: `Begini API key and integration id of stage ${stage.name}`,
      // Plain text is allowed here because it is not a secret: it is a sentinel, which the service answers
      // with "not set". Never change it: CloudFormation writes the value again when, and only when, the
      // template's value changes, and would then overwrite the real pair.
      secretStringValue: SecretValue.unsafePlainText('{"apiKey":"UNSET","integrationId":"UNSET"}'),
    });
    this.#policy = this.#denyOthers();
    // Never change these settings either: a change would generate a new key, and earlier pseudonyms would no
    // longer match.
    this.uidRefKey = new Secret(this, `UidRefKey${stage.name}`, {
      ...shared,
      description: `Key of the pseudonyms (uidRef) in the log lines of stage ${stage.name}`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    Validations.of(this.uidRefKey).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A new key would give an applicant another pseudonym in the log lines. The key protects pseudonyms, not access.',
    });
  }

  /** Lets a function call Begini: it may read the pair, and knows where it is and whether to sign. */
  letCallVendor(serviceFunction: ServiceFunction): void {
    allowGetValue(this.secret, serviceFunction);
    this.exempt(serviceFunction);
    serviceFunction.environment.addCredentials(this.secret);
  }

  /** Lets a function verify what Begini signed: by the pair in use and, for some days, by the previous one. */
  letVerifyResults(serviceFunction: ServiceFunction, previousKeyDays: number): void {
    allowGetValue(this.secret, serviceFunction);
    this.exempt(serviceFunction);
    serviceFunction.environment.addResultKeys(this.secret, previousKeyDays);
  }

  /** Exempts a function that may read the pair from the policy that denies it to everyone else. */
  exempt(serviceFunction: ServiceFunction): void {
    this.#readers.push(serviceFunction.roleArn);
    // A new function starts only when the policy knows its role.
    serviceFunction.lambda.node.addDependency(this.#policy);
  }

  /**
   * Denies the pair's value to everyone but the functions that use it, whatever their IAM policies say, and denies nothing
   * else: deploying, rotating and describing need no value. It stops accidents, such as a role with `secretsmanager:*`;
   * an administrator can remove it. A condition, not a principal: one cannot deny "all but these" by principals.
   */
  #denyOthers(): CfnResourcePolicy {
    const statement = new PolicyStatement({
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['secretsmanager:GetSecretValue'],
      // In a secret's policy, every resource is this secret.
      resources: ['*'],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': Lazy.list({ produce: () => this.#readers }) } },
    });
    return new CfnResourcePolicy(this, 'SecretPolicy', {
      secretId: this.secret.secretArn,
      resourcePolicy: new PolicyDocument({ statements: [statement] }),
    });
  }
}
