import { refusedMs } from '../deadlines.ts';

/** Remembers which version of the credentials the vendor refuses. */
export class RefusalMemory {
  readonly #now: () => number;
  #refused: { versionId: string; until: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Remembers for 15 s that the vendor refuses this version. */
  refuse(versionId: string): void {
    this.#refused = { versionId, until: this.#now() + refusedMs };
  }

  /** Forgets a refusal: the vendor has accepted this version. */
  accept(versionId: string): void {
    if (this.#refused?.versionId === versionId) this.#refused = undefined;
  }

  /** Whether the vendor may be called with this version. Once in 15 s, one request may with a refused version. */
  mayTry(versionId: string): boolean {
    if (this.#refused?.versionId !== versionId) return true;
    if (this.#now() < this.#refused.until) return false;
    this.refuse(versionId); // The others wait for the result of this request.
    return true;
  }
}
