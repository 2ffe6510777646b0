/** This machine's C compiler as the oracle: it is asked, and what it answers is the expected value. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { standard } from '../../generator/verify/compile.js';
import { type Compiler, compilerOf } from './compilers.js';
import { run } from './programs.js';

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

/** Compiles a C program into a folder. Warnings are off: the programs ask what no ordinary program asks. */
export function compileProgram(folder: string, source: string, include: readonly string[]): string {
  const program = join(folder, 'program');
  writeFileSync(`${program}.c`, source);
  run('cc', [standard, '-O0', '-w', ...include.flatMap((path) => ['-I', path]), '-o', program, `${program}.c`]);
  return program;
}
