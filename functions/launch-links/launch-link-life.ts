/** A day: time to see a message, and no longer than the vendor's own session lives by default. */
export const defaultLifeSeconds = 86_400;

/** A shorter link would expire before its message is read. */
export const shortestLifeSeconds = 60;

/** 30 days. The launch key is kept at least as long, so that a renewal invalidates no link. */
export const longestLifeSeconds = 2_592_000;
