#!/usr/bin/env node
/**
 * Starts the command line with what V8 made of it the last time: to read and compile it takes an eighth of a run. The
 * compiled code is kept beside the text, as that of other languages is, and holds for the text, version, flags and
 * processor that it was made with. Where it cannot be kept, all goes on without.
 *
 * Bundled, this is CommonJS, as the text is: V8 gives the compiled code of nothing else on all versions of Node.
 */

import { createHash, randomUUID } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedDataVersionTag, setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

// Nearly all that is read is kept to the end: while room for the new is small, it is copied again and again.
setFlagsFromString('--semi-space-growth-factor=8');
// The only optimising compiler of Node 20 takes as long as a whole run: it is to wait for what runs for seconds. Later
// versions have a quick one before it, and do not know the flag.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000');

const filename = join(__dirname, 'command-line.cjs');
const kept = join(__dirname, `command-line.${process.arch}.${cachedDataVersionTag()}.cache`);
const bytes = readFileSync(filename);

/** V8 takes broken code as it is, and that of another text as long as this one. */
function digestOf(compiled: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).update(compiled).digest();
}

/** Undefined where there is none that is whole. */
function keptCode(): Buffer | undefined {
  try {
    const file = readFileSync(kept);
    const compiled = file.subarray(0, -32);
    return digestOf(compiled).equals(file.subarray(-32)) ? compiled : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a run leaves much to keep: what nothing has called is not compiled, and this command calls the most. */
function isWorthKeeping(): boolean {
  const [, , command, ...args] = process.argv;
  if (command !== 'generate' || args.includes('--help') || args.includes('-h')) return false;
  try {
    accessSync(__dirname, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Written whole or not at all, as another process may read it at any time. A run that was good is good without it. */
function keep(script: Script): void {
  const written = `${kept}.${randomUUID()}`;
  try {
    const compiled = script.createCachedData();
    writeFileSync(written, Buffer.concat([compiled, digestOf(compiled)]), { flag: 'wx', mode: 0o644 });
    renameSync(written, kept);
  } catch {
    try {
      rmSync(written, { force: true });
    } catch {
      // What cannot be removed was not written.
    }
  }
}

const cachedData = keptCode();
const text = `(function (exports, require, module, __filename, __dirname) {${bytes.toString()}\n})`;
const script = new Script(text, { filename, ...(cachedData && { cachedData }) });
// What the text loads later is made of it too, and finds it here.
require.cache[filename] = module;
script.runInThisContext()(exports, require, module, filename, __dirname);

if ((cachedData === undefined || script.cachedDataRejected) && isWorthKeeping()) {
  process.once('exit', (code) => {
    if (code === 0) keep(script);
  });
}
