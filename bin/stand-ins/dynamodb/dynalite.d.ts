/** dynalite has no types; this is the part that is used here. */
declare module 'dynalite' {
  import type { Server } from 'node:http';
  export default function dynalite(options: { createTableMs?: number; deleteTableMs?: number }): Server;
}
