/** ISO 8601 in UTC, in whole seconds: `2026-11-22T10:00:00Z`. */
export function isoTime(epochSeconds: number): string {
  return `${new Date(Math.floor(epochSeconds) * 1000).toISOString().slice(0, 19)}Z`;
}
