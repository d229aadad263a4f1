import type { PageTexts } from '../../../functions/applicant-page/applicant-page.ts';
import { ar } from './ar.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { ptBr } from './pt-br.ts';

/** The languages that need no texts from the lender, by their tags. */
export const shippedTexts: Readonly<Record<string, PageTexts & { lenderName: string }>> = {
  en,
  es,
  'pt-BR': ptBr,
  fr,
  ar,
};

/**
 * The texts for a tag: those of `es` for `es-MX`, and for Portuguese without a country those of Brazil.
 * @returns `undefined` for a language whose texts the lender must write
 */
export function shippedTextsFor(tag: string): (PageTexts & { lenderName: string }) | undefined {
  const wanted = tag.toLowerCase();
  if (wanted === 'pt') return ptBr;
  const shipped = Object.keys(shippedTexts).find((name) => `${wanted}-`.startsWith(`${name.toLowerCase()}-`));
  return shipped === undefined ? undefined : shippedTexts[shipped];
}
