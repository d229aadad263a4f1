import { SecretValue, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ServiceFunction } from '../lambda/service-function.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { allowGetValue } from '../secrets/secret-permissions.ts';
import type { Stage } from '../stages/stages.ts';

export interface CredentialsProps {
  stage: Stage;
  /** If absent, the default key that Secrets Manager has in every account. */
  encryptionKey?: IKey | undefined;
}

/** The vendor's API key with its integration id, and the key of the pseudonyms in log lines. */
export class Credentials extends Construct {
  /** `{"apiKey": "…", "integrationId": "…"}`. */
  readonly secret: Secret;
  /** 64 letters and digits. */
  readonly uidRefKey: Secret;

  constructor(scope: Construct, id: string, { stage, encryptionKey }: CredentialsProps) {
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
    serviceFunction.environment.addCredentials(this.secret);
  }

  /** Lets a function verify what Begini signed: by the pair in use and, for some days, by the previous one. */
  letVerifyResults(serviceFunction: ServiceFunction, previousKeyDays: number): void {
    allowGetValue(this.secret, serviceFunction);
    serviceFunction.environment.addResultKeys(this.secret, previousKeyDays);
  }
}
