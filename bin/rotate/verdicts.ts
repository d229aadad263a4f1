import { type VerdictLabel, verdictLabels } from '../../functions/credentials/version-labels.ts';

/** How a rotation ended, in words: what happened, and what the operator does next. */
export type Verdict = { reason: string; next: string };

/** What each label on a version says. */
export const verdictsByLabel: Record<VerdictLabel, Verdict> = {
  [verdictLabels.same]: {
    reason: 'This pair is in use already.',
    next: 'If an earlier run was interrupted, it has succeeded, and nothing is left to do. Otherwise renew the key in the Deployment Centre first, then run this again with the new key.',
  },
  [verdictLabels.refused401]: {
    reason: 'Begini answered 401: it does not know this key, or does not accept its signature.',
    next: 'Compare with the Deployment Centre: is it the tab of this environment (Test, Production), are key and integration id swapped, is the key complete, is HMAC enabled at Begini?',
  },
  [verdictLabels.refused403]: {
    reason: 'Begini answered 403: this key is not authorised for this integration id.',
    next: 'Copy both from the same deployment and the same tab of the Deployment Centre.',
  },
  [verdictLabels.rejected422]: {
    reason: 'Begini answered 422: it rejects this integration id.',
    next: 'Copy the integration id from the Deployment Centre again, and ask Begini if it is correct.',
  },
  [verdictLabels.unreachable]: {
    reason: 'Begini is busy, failing or unreachable, so the pair could not be tested.',
    next: 'Run this again with the same pair; if this continues, ask Begini.',
  },
  [verdictLabels.unusable]: {
    reason: 'Begini accepted the pair, but its answer has no usable session.',
    next: 'Compare the integration id with the Deployment Centre: the session may be of another integration. If it is correct, ask Begini what it answers for this integration.',
  },
};

/** What the command itself says of a rotation whose version has no such label. */
export const otherVerdicts = {
  endedWithoutVerdict: {
    reason: 'The rotation ended early without a reason.',
    next: 'Look at the last line of the log of the function RotateCredentials, then run this again.',
  },
  timedOut: {
    reason: 'The rotation did not end in time, and was abandoned.',
    next: 'Look at the log of the function RotateCredentials: was it called at all? Then run this again.',
  },
  superseded: {
    reason: 'Another run of this command has staged its pair.',
    next: 'Agree who renews the key; --status shows what is in use. Then run this again if it is needed.',
  },
  /** Secrets Manager refused to start it. */
  blocked: {
    reason: 'Secrets Manager did not start the rotation: it says that an earlier one is not complete.',
    next: 'Nothing is wrong with the pair or with your permissions. Secrets Manager retries the earlier rotation by itself; wait some minutes, then run this again.',
  },
  /** By the operator, or by a terminal that was closed. */
  interrupted: {
    reason: 'Interrupted, and what was staged is withdrawn.',
    next: 'Run this again when you are ready.',
  },
} satisfies Record<string, Verdict>;
