/** What a launch token contains. */
export type LaunchClaims = {
  /** The lender's own id of the applicant. */
  uid: string;
  /** Epoch seconds. */
  expiresAt: number;
  /** A BCP 47 tag of at most 11 characters: the language that the applicant reads. */
  language?: string | undefined;
};

/** A text with the shape of a launch token, in its parts. Only its tag shows whether this stage made it. */
export type SealedClaims = {
  /** The first 8 characters of the secret version's id. */
  keyId: string;
  /** 12 bytes. */
  iv: Uint8Array;
  ciphertext: Uint8Array;
  /** 16 bytes. */
  tag: Uint8Array;
  additionalData: Uint8Array;
  /** Reads the claims from the decrypted text. */
  parse(plaintext: Buffer): LaunchClaims;
};
