/** This machine's C compiler as the oracle: it is asked, and what it answers is the expected value. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** The language of the answers, whichever is the compiler's own choice. */
const standard = '-std=gnu17';

/** The target that the compiler must compile for. */
export const target = 'x86_64';

/** A header to ask about, as spelled in an `#include`, and the folders to look for it before the system's. */
export interface Subject {
  readonly header: string;
  readonly include: readonly string[];
}

/** What all of this is about. */
export const kvm: Subject = { header: 'linux/kvm.h', include: [] };

/** Of our own: every shape of declaration that `linux/kvm.h` has no example of. */
export const shapes: Subject = { header: 'shapes.h', include: [fileURLToPath(new URL('../oracle', import.meta.url))] };

/** What a program wrote. @throws when it could not be started, or ended with another status than 0. */
export function run(command: string, args: readonly string[], input = ''): string {
  const { error, status, signal, stdout, stderr } = call(command, args, input);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${signal ?? `status ${status}`}\n${stderr}`);
  return stdout;
}

function call(command: string, args: readonly string[], input = ''): SpawnSyncReturns<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  return spawnSync(command, args, { input, encoding: 'utf8', env, maxBuffer: 2 ** 30 });
}

/** A suite that is skipped, with the reason in its title, where there is nothing to compare with. */
export function describeWithCompiler(title: string, tools: readonly 'readelf'[], suite: () => void): void {
  const reason = missing(tools);
  if (reason === undefined) describe(title, suite);
  else describe.skip(`${title} (skipped: ${reason})`, suite);
}

function missing(tools: readonly string[]): string | undefined {
  const version = call('cc', ['--version']);
  if (version.error) return "there is no 'cc'";
  if (!version.stdout.includes('Free Software Foundation')) return "'cc' is not GCC";
  const machine = call('cc', ['-dumpmachine']).stdout.trim();
  if (!machine.startsWith(`${target}-linux`)) return `'cc' compiles for ${machine}`;
  if (call('cc', ['-E', '-x', 'c', '-'], `#include <${kvm.header}>\n`).status !== 0)
    return `there is no <${kvm.header}>`;
  const tool = tools.find((name) => call(name, ['--version']).error);
  return tool && `there is no '${tool}'`;
}

/** Hands out a folder that is gone when `use` is done. */
export async function inTemporaryFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-oracle-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compiles a C program into a folder. Warnings are off: the programs ask what no ordinary program asks. */
export function compileProgram(folder: string, source: string, include: readonly string[]): string {
  const program = join(folder, 'program');
  writeFileSync(`${program}.c`, source);
  run('cc', [standard, '-O0', '-w', ...include.flatMap((path) => ['-I', path]), '-o', program, `${program}.c`]);
  return program;
}

/** The preprocessor's output for a C text; `-dD` keeps the definitions of macros in it. */
export function preprocess(source: string, ...options: readonly string[]): string {
  return run('cc', [standard, '-E', ...options, '-x', 'c', '-'], source);
}

/** The lines of a C text that the compiler has an error for. */
export function linesWithErrors(source: string): ReadonlySet<number> {
  const { error, stderr } = call('cc', [standard, '-fsyntax-only', '-w', '-fmax-errors=0', '-x', 'c', '-'], source);
  if (error) throw error;
  return new Set([...stderr.matchAll(/^<stdin>:(\d+):\d+: error: /gm)].map(([, line]) => Number(line)));
}

/** The dumps of `readelf` for a C text compiled with debug information on all types, used or not. */
export function debugDump(source: string, ...sections: readonly string[]): Promise<string[]> {
  return inTemporaryFolder((folder) => {
    const object = join(folder, 'object.o');
    const flags = [standard, '-gdwarf-5', '-fno-eliminate-unused-debug-types', '-c', '-o', object];
    run('cc', [...flags, '-x', 'c', '-'], source);
    return sections.map((section) => run('readelf', [`--debug-dump=${section}`, object]));
  });
}
