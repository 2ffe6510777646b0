/**
 * Runs the built command line again and again in one process, because starting Node and loading the program takes longer than
 * most commands. Reads the commands from descriptor 3, and writes their results to descriptor 4, as lines of JSON.
 */

import { readSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { main } from '../../../dist/bin/main.js';

const buffer = Buffer.alloc(2 ** 20);

/** Returns the next line. Undefined if the test has ended. */
function nextLine() {
  let line = Buffer.alloc(0);
  while (!line.includes(10)) {
    const count = readSync(3, buffer);
    if (count === 0) return undefined;
    line = Buffer.concat([line, buffer.subarray(0, count)]);
  }
  return line.toString();
}

/** Replaces the `write` of a stream. Returns what was written since. */
function capture(stream) {
  const { write } = stream;
  const texts = [];
  stream.write = (text) => {
    texts.push(String(text));
    return true;
  };
  return () => {
    stream.write = write;
    return texts.join('');
  };
}

async function run({ args, env, cwd }) {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  let status;
  let crash = '';
  process.exitCode = undefined;
  try {
    await main(args);
    status = process.exitCode ?? 0;
  } catch (error) {
    status = 1;
    crash = inspect(error);
  }
  process.exitCode = undefined;
  return { status, stdout: stdout(), stderr: stderr() + crash };
}

for (let line = nextLine(); line !== undefined; line = nextLine()) {
  const result = Buffer.from(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
  for (let at = 0; at < result.length; ) at += writeSync(4, result, at);
}
