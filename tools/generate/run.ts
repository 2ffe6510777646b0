/**
 * `npm run generate`: `kvm-uapi generate` for the committed bindings, from the newest headers that Debian has, whichever are
 * installed here. With a source of headers among the arguments it is that one's.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import { headerSet, whyMissing } from '../lib/header-sets.js';

const [, , ...args] = process.argv;

async function source(): Promise<string[]> {
  if (args.some((arg) => /^--(?:from|include)(?:=|$)/.test(arg))) return [];
  const missing = whyMissing('newest');
  if (missing === undefined) return ['--from', (await headerSet('newest')).root];
  // The output can be held against the committed models all the same.
  if (args.includes('--check')) {
    console.log(`the newest headers are not available here, so that the installed ones are read: ${missing}`);
    return [];
  }
  throw new Error(
    `the newest headers are not available here: ${missing}; name others with --from (docs/header-sets.md)`,
  );
}

try {
  // The committed bindings share the support library with the runtime. Other output has copies of it.
  const support = args.some((arg) => /^--out(?:=|$)/.test(arg)) ? [] : ['--support', '../support'];
  const cli = join(packageRoot(), 'dist/bin/kvm-uapi.js');
  const command = [cli, 'generate', ...support, ...args, ...(await source())];
  process.exitCode = spawnSync(process.execPath, command, { stdio: 'inherit' }).status ?? 2;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
