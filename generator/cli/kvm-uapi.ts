#!/usr/bin/env node
/** Starts the command line. Uses Node's compile cache if this version of Node has one. */

import * as module from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Most commands take less than a second. Node 20 compiles their functions for a longer run, which takes a third of that time.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1500000');

// The types of Node 20 do not declare this function.
(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
const { main } = await import('./main.js');

// A reader such as `head` closes the pipe when it has read enough. This is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

await main(process.argv.slice(2));
