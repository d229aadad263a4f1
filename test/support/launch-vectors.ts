import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchClaims } from '../../functions/launch-links/launch-claims.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '..', 'vectors', name), 'utf8');

/** Fixed launch tokens, made by other code, and texts that are none although they look like one. */
function readVectors(name: string) {
  const vectors = JSON.parse(read(name)) as {
    /** In hex, by key id. */
    keys: Record<string, string>;
    tokens: { keyId: string; ivHex: string; claims: LaunchClaims; token: string }[];
    refused: Record<string, string>;
  };
  return { ...vectors, refused: Object.entries(vectors.refused).map(([what, token]) => ({ what, token })) };
}

export const launchVectors = readVectors('launch-tokens.json');

/** The tokens of version 1.0.0; here the IV is in the token only. */
export const oldLaunchVectors = readVectors('old-launch-tokens.json');

/** What programs that make links of plain text do with launch links. */
export const linkedTexts = readLinkedTexts(launchVectors.tokens[0]?.token ?? '');

function readLinkedTexts(token: string) {
  const { texts, programs } = JSON.parse(read('linked-texts.json').replaceAll('{token}', token)) as {
    texts: Record<string, string>;
    programs: {
      /** With its version. */
      program: string;
      cutOf1000: { new: number; old: number };
      cutNeighbours: number;
      /** By the text around the link, what stands behind `/launch/`; `null` if the program made no link. */
      found: Record<string, string | null>;
      foundOfOldForm?: string;
    }[];
  };
  const alone = Object.fromEntries(Object.keys(texts).map((text) => [text, token]));
  return { programs: programs.map((each) => ({ ...each, found: { ...alone, ...each.found } })) };
}

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
