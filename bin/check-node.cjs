'use strict';
// Every npm script loads this first (`node -r ./bin/check-node.cjs`), in plain JavaScript that any Node.js reads: without
// Node.js 24, which the package `node` brings unless install scripts are off, the first .ts file would be a stack trace.
if (!process.features.typescript || Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `This needs Node.js 24 or later that runs TypeScript; ${process.execPath} is ${process.version}. ` +
      'Run npm ci without --ignore-scripts, which brings it (with pnpm: pnpm approve-builds), or install it from https://nodejs.org.',
  );
  process.exit(2);
}
