import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchClaims } from '../../functions/launch-links/launch-claims.ts';

/** Fixed launch tokens, made by other code, and texts that are none although they look like one. */
export type LaunchVectors = {
  /** In hex, by key id. */
  keys: Record<string, string>;
  tokens: { keyId: string; ivHex: string; claims: LaunchClaims; token: string }[];
  refused: { what: string; token: string }[];
};

const read = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', name), 'utf8'));

export const launchVectors: LaunchVectors = read('launch-tokens.json');

/** The tokens of version 1.0.0; here the IV is in the token only. */
export const oldLaunchVectors: LaunchVectors = read('old-launch-tokens.json');

/** What programs that make links of plain text do with launch links. */
export const linkedTexts: {
  programs: {
    /** With its version. */
    program: string;
    cutOf1000: { new: number; old: number };
    cutNeighbours: number;
    /** By the text around the link, what stands behind `/launch/`; `null` if the program made no link. */
    found: Record<string, string | null>;
    foundOfOldForm: string;
  }[];
} = read('linked-texts.json');

/** A key of the vectors. */
export const launchKeyOf = (id: string) => ({ id, bytes: Buffer.from(launchVectors.keys[id] ?? '', 'hex') });

/** What programs and people put behind a link. */
export const endsOfLinks = [
  '.',
  ',',
  ')',
  '>',
  '"',
  ';x',
  '&utm=y',
  ' ',
  '\u200b',
  '\0',
  '-',
  '_',
  '=',
  '..a.b.c',
  'é',
  '. Ana',
];
