import { secretLabels } from '../secrets/secret-labels.ts';

/** The staging labels of the credentials secret. Each is on one version at a time, or on none. */
export const versionLabels = {
  ...secretLabels,
  /** The pair that the next rotation uses. */
  next: 'BEGINI_NEXT',
  /** A pair that leaked: results that it signed are refused, even while it is the previous one. */
  compromised: 'BEGINI_COMPROMISED',
} as const;

/**
 * The id of the version that the operator's command stages for the rotation `token`, a UUID: the rotation accepts no
 * other id, so that a pair left behind by an interrupted command is never put in use.
 */
export function stagedVersionId(token: string): string {
  return `${token}-staged`;
}

/** Why a pair was not accepted, as a label on its version: readable without permission to read values. */
export const verdictLabels = {
  same: 'BEGINI_SAME',
  refused401: 'BEGINI_REFUSED_401',
  refused403: 'BEGINI_REFUSED_403',
  rejected422: 'BEGINI_REJECTED_422',
  unreachable: 'BEGINI_UNREACHABLE',
  unusable: 'BEGINI_UNUSABLE',
} as const;

/** One of the labels that say why a pair was not accepted. */
export type VerdictLabel = (typeof verdictLabels)[keyof typeof verdictLabels];
