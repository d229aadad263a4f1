import { type VerdictLabel, verdictLabels } from '../credentials/version-labels.ts';
import { RotationFailure } from '../secrets/rotation-runner.ts';

type Failure = { message: string; verdict?: VerdictLabel };

/** What can stop a rotation step, by code. */
export const rotationFailures = {
  not_pending: {
    message: 'This is not the rotation in progress: its token is unknown, or it was abandoned or replaced.',
  },
  nothing_staged: { message: 'No pair is staged under BEGINI_NEXT: run the operator’s command.' },
  staged_for_another: {
    message: 'The pair under BEGINI_NEXT was staged for another rotation: run the operator’s command again.',
  },
  not_a_pair: { message: 'The staged value is not a usable pair of API key and integration id.' },
  same_as_current: {
    message: 'The staged pair is the current one: renew the key in the Deployment Centre first.',
    verdict: verdictLabels.same,
  },
  refused_401: {
    message: 'Begini answered 401: a wrong key, the other environment’s, or HMAC is not enabled at Begini.',
    verdict: verdictLabels.refused401,
  },
  refused_403: {
    message: 'Begini answered 403: the key is not authorised for this integration id.',
    verdict: verdictLabels.refused403,
  },
  rejected_422: {
    message: 'Begini answered 422: it rejects the integration id.',
    verdict: verdictLabels.rejected422,
  },
  vendor_unreachable: {
    message: 'Begini is busy, failing or unreachable: the pair could not be tested.',
    verdict: verdictLabels.unreachable,
  },
  vendor_unusable: {
    message: 'Begini accepted the pair, but its answer has no usable session.',
    verdict: verdictLabels.unusable,
  },
} satisfies Record<string, Failure>;

/** What stopped a rotation step. */
export type RotationErrorCode = keyof typeof rotationFailures;

/** A step in the rotation of the credentials failed, perhaps with a verdict on the pair. */
export class RotationError extends RotationFailure {
  readonly #failure: Failure;

  constructor(code: RotationErrorCode) {
    super(code, rotationFailures[code].message);
    this.#failure = rotationFailures[code];
  }

  /** The label that tells the operator why the pair was not accepted. */
  get verdict(): VerdictLabel | undefined {
    return this.#failure.verdict;
  }
}
