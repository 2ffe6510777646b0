#!/usr/bin/env node
/** Starts the command line. Uses Node's compile cache if this version of Node has one. */

import * as module from 'node:module';

// The types of Node 20 do not declare this function.
(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
await import('./main.js');
