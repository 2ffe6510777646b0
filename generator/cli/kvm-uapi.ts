#!/usr/bin/env node
/** Starts the command line, with Node's compile cache where this version of Node has one. */

import * as module from 'node:module';

// The types are those of Node 20, which does not have it.
(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
await import('./main.js');
