import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDocument } from './openapi/build-document.ts';

const file = join(import.meta.dirname, '..', 'functions', 'openapi.json');
writeFileSync(file, `${JSON.stringify(buildDocument(), null, 2)}\n`);
console.log(`Wrote ${file}`);
