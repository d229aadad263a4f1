/** Secrets Manager's own staging labels. Each is on one version of a secret at a time, or on none. */
export const secretLabels = {
  /** The version in use. */
  current: 'AWSCURRENT',
  /** The version that was in use before; none until the first rotation. */
  previous: 'AWSPREVIOUS',
  /** The version of the rotation in progress. While a version has it, no other rotation can start. */
  pending: 'AWSPENDING',
} as const;
