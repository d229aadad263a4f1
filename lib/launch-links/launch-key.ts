import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ServiceFunction } from '../lambda/service-function.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { scheduleRotation } from '../secrets/rotation-schedule.ts';
import { allowGetValue } from '../secrets/secret-permissions.ts';
import type { StageProps } from '../stage-props.ts';

/** The stage of the key, and what renews it. */
export interface LaunchKeyProps extends StageProps {
  /** The folder of the rotation function's bundle. */
  bundle: string;
}

/** The key that launch tokens are sealed with, renewed on its own schedule. */
export class LaunchKey extends Construct {
  /** 64 hex digits: 256 bits. */
  readonly secret: Secret;
  /** Renews the key when Secrets Manager says so. */
  readonly rotationFunction: ServiceFunction;

  constructor(scope: Construct, id: string, { stage, bundle, encryptionKey }: LaunchKeyProps) {
    super(scope, id);
    // The id contains the stage, because it becomes the secret's name.
    this.secret = new Secret(this, `Secret${stage.name}`, {
      description: `Key of the launch links of stage ${stage.name}`,
      // Only digits and a to f remain. A change of these settings would generate a new key and invalidate every link.
      generateSecretString: {
        passwordLength: 64,
        excludePunctuation: true,
        excludeUppercase: true,
        excludeCharacters: 'ghijklmnopqrstuvwxyz',
        requireEachIncludedType: false,
      },
      removalPolicy: removalPolicyOf(stage),
      ...(encryptionKey && { encryptionKey }),
    });
    this.rotationFunction = new ServiceFunction(this, 'Rotate', {
      stage,
      encryptionKey,
      description: `Renews the key of the launch links, stage ${stage.name}`,
      bundle,
    });
    this.rotationFunction.environment.addLaunchKey(this.secret);
    scheduleRotation(this, {
      secret: this.secret,
      rotate: this.rotationFunction,
      actions: [
        'secretsmanager:DescribeSecret',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      automaticallyAfterDays: stage.launchKeyRotationDays,
    });
  }

  /** Lets a function make and open launch tokens: it may read the key, and knows where it is. */
  letUse(serviceFunction: ServiceFunction): void {
    allowGetValue(this.secret, serviceFunction);
    serviceFunction.environment.addLaunchKey(this.secret);
  }
}
