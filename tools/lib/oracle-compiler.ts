/** This machine's C compiler as an oracle: its answers are the expected values. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { standard } from '../../generator/verify/compile.js';
import { type Compiler, compilerOf } from './compilers.js';
import { run } from './programs.js';

/** The target for which the compiler must compile. */
export const target: string = x86_64.name;

/** The compiler for the target. */
export const cc: Compiler = compilerOf(x86_64);

/** A header to compare, spelled as in an `#include`, and the include folders to search before the system's folders. */
export interface Subject {
  readonly header: string;
  readonly include: readonly string[];
}

/** The main subject: linux/kvm.h. */
export const kvm: Subject = { header: 'linux/kvm.h', include: [] };

/** A header of this project with every shape of declaration that `linux/kvm.h` does not contain. */
export const shapes: Subject = { header: 'shapes.h', include: [fileURLToPath(new URL('.', import.meta.url))] };

/** Compiles a C program into a folder. Warnings are off, because these programs use unusual expressions. */
export function compileProgram(folder: string, source: string, include: readonly string[]): string {
  const program = join(folder, 'program');
  writeFileSync(`${program}.c`, source);
  run('cc', [standard, '-O0', '-w', ...include.flatMap((path) => ['-I', path]), '-o', program, `${program}.c`]);
  return program;
}
