/** Turns `loan-app` and `ACCESS_DENIED` into `LoanApp` and `AccessDenied`, as construct ids and outputs are written. */
export function pascalCase(words: string): string {
  return words
    .toLowerCase()
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
