/** Turns `loan-app` and `ACCESS_DENIED` into `LoanApp` and `AccessDenied`, the form of construct ids and outputs. */
export function pascalCase(words: string): string {
  return words
    .toLowerCase()
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
