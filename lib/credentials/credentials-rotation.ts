import { Construct } from 'constructs';
import { rotationStepTimeoutMs } from '../../functions/deadlines.ts';
import { ServiceFunction } from '../lambda/service-function.ts';
import { scheduleRotation } from '../secrets/rotation-schedule.ts';
import type { StageProps } from '../stage-props.ts';
import type { Credentials } from './credentials.ts';

export interface CredentialsRotationProps extends StageProps {
  credentials: Credentials;
  /** The folder of the bundle of rotate-credentials. */
  bundle: string;
}

/** The function that rotates the pair, and the deadline by which a new one must be staged. */
export class CredentialsRotation extends Construct {
  readonly rotateCredentials: ServiceFunction;

  constructor(scope: Construct, id: string, props: CredentialsRotationProps) {
    super(scope, id);
    const { stage, credentials, bundle, encryptionKey } = props;
    const { secret } = credentials;
    this.rotateCredentials = new ServiceFunction(this, 'RotateCredentials', {
      stage,
      encryptionKey,
      description: `Rotates the Begini credentials, stage ${stage.name}`,
      bundle,
      timeoutMs: rotationStepTimeoutMs,
    });
    credentials.exempt(this.rotateCredentials);
    this.rotateCredentials.environment.addCredentials(secret);
    scheduleRotation(this, {
      secret,
      rotate: this.rotateCredentials,
      actions: [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      automaticallyAfterDays: stage.rotationDays,
    });
  }
}
