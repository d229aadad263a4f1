import {
  dropVersion,
  putPendingVersion,
  type RotationStep,
  rotationIncomplete,
  type Secret,
  SecretsManagerError,
} from './secret-store.ts';

const steps: readonly RotationStep[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/**
 * Runs rotations as Secrets Manager does (RotateSecret, API reference 2017-10-17, and "Rotation by Lambda function",
 * user guide, both read November 2026): the call is answered at once, the steps follow, and the first failure ends the
 * try. One retry is due then: RotateSecret is refused, and the refused call starts the retry. AWS does not document
 * when it retries by itself, so here a test decides.
 */
export class SecretRotations {
  #running: Promise<void> = Promise.resolve();
  #last: (() => Promise<void>) | undefined;
  #repeatIsDue = false;

  /** Settles when the last rotation has ended, successfully or not. */
  get ended(): Promise<void> {
    return this.#running;
  }

  /**
   * Starts a rotation whose version is `token`; without `immediately`, only tests the function.
   *
   * @throws SecretsManagerError `InvalidRequestException` while another rotation has not ended, or is to be repeated
   */
  start(secret: Secret, token: string, { immediately }: { immediately: boolean }): void {
    if (secret.rotate === undefined) {
      throw new SecretsManagerError(
        'InvalidRequestException',
        'No Lambda rotation function ARN is associated with this secret.',
      );
    }
    if (this.#repeatIsDue) {
      void this.repeat();
      throw rotationIncomplete();
    }
    putPendingVersion(secret, token, { copy: !immediately });
    const tried = immediately
      ? () => invoke(secret, token, steps)
      : () => invoke(secret, token, ['testSecret']).finally(() => dropVersion(secret, token));
    this.#last = tried;
    this.#run(tried, { isRepeat: false });
  }

  /** Tries the last rotation again, under the same token and from its first step. */
  repeat(): Promise<void> {
    if (this.#last) this.#run(this.#last, { isRepeat: true });
    return this.#running;
  }

  /** A failure shows in the labels and in the function's log; the caller of Secrets Manager gets no error. */
  #run(tried: () => Promise<void>, { isRepeat }: { isRepeat: boolean }): void {
    this.#repeatIsDue = false;
    this.#running = tried().catch(() => {
      this.#repeatIsDue = !isRepeat;
    });
  }
}

async function invoke(secret: Secret, token: string, wanted: readonly RotationStep[]): Promise<void> {
  for (const step of wanted) {
    await secret.rotate?.({ Step: step, SecretId: secret.arn, ClientRequestToken: token });
  }
}
