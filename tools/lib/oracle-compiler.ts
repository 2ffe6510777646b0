/** This machine's C compiler as the oracle: it is asked, and what it answers is the expected value. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { type Compiler, compilerOf, standard } from '../oracle/compilers.js';
import { call, run } from './programs.js';

/** The target that the compiler must compile for. */
export const target: string = x86_64.name;

/** The compiler for it. */
export const cc: Compiler = compilerOf(x86_64);

/** A header to ask about, as spelled in an `#include`, and the folders to look for it before the system's. */
export interface Subject {
  readonly header: string;
  readonly include: readonly string[];
}

/** What all of this is about. */
export const kvm: Subject = { header: 'linux/kvm.h', include: [] };

/** Of our own: every shape of declaration that `linux/kvm.h` has no example of. */
export const shapes: Subject = { header: 'shapes.h', include: [fileURLToPath(new URL('.', import.meta.url))] };

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
  if (call('cc', ['-E', '-x', 'c', '-'], { input: `#include <${kvm.header}>\n` }).status !== 0)
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
