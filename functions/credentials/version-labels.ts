/** The staging labels of the credentials secret. Each is on one version at a time, or on none. */
export const versionLabels = {
  /** Secrets Manager's own: the version in use. */
  current: 'AWSCURRENT',
  /** Secrets Manager's own: the version of the rotation in progress. It refuses another rotation meanwhile. */
  pending: 'AWSPENDING',
  /** The pair that the next rotation uses. */
  next: 'BEGINI_NEXT',
} as const;

/**
 * The id of the version that the operator's command stages for the rotation `token`, a UUID: the rotation accepts no other,
 * so that a pair which an interrupted command left behind is never put in use.
 */
export function stagedVersionId(token: string): string {
  return `${token}-staged`;
}

/** Why a pair was not taken, as a label on its version: readable without any right to read a value. */
export const verdictLabels = {
  same: 'BEGINI_SAME',
  refused401: 'BEGINI_REFUSED_401',
  refused403: 'BEGINI_REFUSED_403',
  rejected422: 'BEGINI_REJECTED_422',
  unreachable: 'BEGINI_UNREACHABLE',
  unusable: 'BEGINI_UNUSABLE',
} as const;

/** One of the labels that say why a pair was not taken. */
export type VerdictLabel = (typeof verdictLabels)[keyof typeof verdictLabels];
