/** `generate --watch`, in a process of its own. Each step waits for the text that the command prints. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { bin, folderOf, kvmUapi, plainEnv } from '../helpers/cli.js';

const watchdogMs = 90_000;
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

interface Watching {
  readonly child: ChildProcess;
  /** Waits until the output after the last call matches. */
  prints(expected: RegExp): Promise<string>;
  /** Waits for the end of the process. */
  readonly ended: Promise<number | null>;
}

function watching(folder: string, ...args: readonly string[]): Watching {
  const child = spawn(process.execPath, [bin, 'generate', '--watch', ...args], { cwd: folder, env: plainEnv() });
  running.push(child);
  let text = '';
  let check = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      check();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const prints = (expected: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      check = () => {
        const found = expected.exec(text);
        if (!found) return;
        const passed = text.slice(0, found.index + found[0].length);
        text = text.slice(passed.length);
        check = () => undefined;
        resolve(passed);
      };
      setTimeout(() => reject(new Error(`no output like ${expected}: ${text}`)), watchdogMs).unref();
      void ended.then((code) => reject(new Error(`ended with ${code} before ${expected}: ${text}`)));
      check();
    });
  return { child, prints, ended };
}

const read = (folder: string, path: string): string => readFileSync(join(folder, 'generated/x86_64', path), 'utf8');

it('a changed header, an included header and a replaced file are generated again, and Control-C ends with 0', async () => {
  const folder = folderOf({ 'a.h': '#include "b.h"\n#define A 1\n', 'b.h': '#define B 1\n' });
  const { child, prints, ended } = watching(folder, '--header', './a.h', '--header', './b.h');
  await prints(/watching \d+ files/);
  expect(read(folder, 'a.ts')).toContain('A = 1');

  writeFileSync(join(folder, 'a.h'), '#include "b.h"\n#define A 22\n');
  // The changed value is named, as 'kvm-uapi diff' names it.
  expect(await prints(/a\.h changed[\s\S]*watching/)).toMatch(/\bA\b.*1.*22/);
  expect(read(folder, 'a.ts')).toContain('A = 22');

  // Editors write a new file and rename it.
  writeFileSync(join(folder, 'new'), '#define B 33\n');
  renameSync(join(folder, 'new'), join(folder, 'b.h'));
  await prints(/b\.h changed[\s\S]*watching/);
  expect(read(folder, 'b.ts')).toContain('B = 33');

  child.kill('SIGINT');
  expect(await ended).toBe(0);
});

it('an error in a header and a missing header are printed, and the watch goes on', async () => {
  const folder = folderOf({ 'a.h': '#define A 1\n' });
  const { prints } = watching(folder, '--header', './a.h');
  await prints(/watching/);
  writeFileSync(join(folder, 'a.h'), '#define A 2\n#include "later.h"\n');
  await prints(/error: .*later\.h[\s\S]*watching/);
  // The last good output stays.
  expect(read(folder, 'a.ts')).toContain('A = 1');
  // The header that was missing comes.
  writeFileSync(join(folder, 'later.h'), '#define LATER 1\n');
  await prints(/later\.h changed[\s\S]*watching/);
  expect(read(folder, 'a.ts')).toContain('A = 2');
  rmSync(join(folder, 'a.h'));
  await prints(/error: .*a\.h: not found[\s\S]*watching/);
  writeFileSync(join(folder, 'a.h'), '#define A 3\n');
  await prints(/a\.h changed[\s\S]*watching/);
  expect(read(folder, 'a.ts')).toContain('A = 3');
});

it('a changed configuration is loaded again, and an error in it is printed', async () => {
  const config = (out: string): string => `export default { headers: ['./a.h'], out: '${out}' };\n`;
  const folder = folderOf({ 'a.h': '#define A 1\n', 'kvm-uapi.config.ts': config('generated') });
  const { prints } = watching(folder);
  await prints(/watching/);
  writeFileSync(join(folder, 'kvm-uapi.config.ts'), 'export default { header: [] };\n');
  await prints(/error: .*unknown key[\s\S]*watching/);
  writeFileSync(join(folder, 'kvm-uapi.config.ts'), config('other'));
  await prints(/config\.ts changed[\s\S]*watching/);
  expect(readFileSync(join(folder, 'other/x86_64/a.ts'), 'utf8')).toContain('A = 1');
});

it.each(['--check', '--json'])('--watch cannot be combined with %s', (option) => {
  const { status, stdout, stderr } = kvmUapi(['generate', '--watch', option]);
  expect(status).toBe(2);
  expect(stdout + stderr).toContain(`'--watch' cannot be used with option '${option}'`);
});
