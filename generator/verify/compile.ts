/** Asks a C compiler which lines of a translation unit it refuses. */

import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GeneratorError } from '../errors.js';
import type { Check, TranslationUnit } from './c-assertions.js';
import { type Finished, runProgram } from './program.js';

/** The compiler could not judge the model at all. */
export class VerifyError extends GeneratorError {
  override readonly name = 'VerifyError';
}

export interface VerifyOptions {
  /** The C compiler, gcc or clang: a name on the PATH, or a path. */
  readonly cc: string;
  /** Folders of headers, searched before those of the compiler. */
  readonly includeDirs: readonly string[];
  /** More arguments for the compiler, such as `-m32` or `--target=s390x-linux-gnu`. */
  readonly flags?: readonly string[];
}

/** What is compiled with, and for which header. */
export interface Compilation {
  readonly options: VerifyOptions;
  /** The header that the units include. */
  readonly header: string;
  /** Where the compiler runs, and leaves its files. */
  readonly folder: string;
  readonly isClang: boolean;
}

/**
 * Compiles until nothing is refused, each time without the lines that were: an error may hide others, since compilers
 * report an unknown name once and let its later uses pass. Only what is left in a clean compilation holds.
 *
 * Returns what the compiler says to each refused line.
 */
export async function compileToTheEnd(
  compilation: Compilation,
  file: string,
  unit: TranslationUnit<Check>,
  mode: readonly string[],
): Promise<Map<number, string>> {
  const lines = unit.text.split('\n');
  const checked = new Set(unit.checks.map((check) => check.line));
  const refused = new Map<number, string>();
  let isExpanded = false;
  for (;;) {
    await writeFile(join(compilation.folder, file), lines.join('\n'));
    const errors = isExpanded ? await compileExpanded(compilation, file, mode) : await compile(compilation, file, mode);
    if (errors === null) return refused;
    // Some errors within a macro are reported where it is defined.
    if (!isExpanded && errors.some(({ line }) => line === null)) {
      isExpanded = true;
      continue;
    }
    const before = refused.size;
    for (const { line, message } of errors) {
      if (line === null || !checked.has(line)) throw compilationError(compilation, message);
      if (!refused.has(line)) refused.set(line, message);
      // Left out but not taken out, for the numbers of the lines after it.
      lines[line - 1] = '';
    }
    if (refused.size === before) throw compilationError(compilation, errors[0]?.message ?? 'an error without a place');
  }
}

interface CompilerError {
  /** Of the file that was compiled; null for an error in another file. */
  readonly line: number | null;
  readonly message: string;
}

/** With the macros expanded before, so that all of a line is where the line is. */
async function compileExpanded(
  compilation: Compilation,
  file: string,
  mode: readonly string[],
): Promise<CompilerError[] | null> {
  const output = 'expanded.i';
  // Without GCC's tracking the output has the place of the definition too.
  const tracking = compilation.isClang ? [] : ['-ftrack-macro-expansion=2'];
  const errors = await compile(compilation, file, ['-E', ...tracking, '-o', output]);
  return errors ?? compile(compilation, file, mode, output);
}

/** Null if the compiler has nothing to object to. */
/** The language of the kernel's headers and of the answers, whichever is the compiler's own choice. */
export const standard = '-std=gnu17';

async function compile(
  compilation: Compilation,
  file: string,
  mode: readonly string[],
  input = file,
): Promise<CompilerError[] | null> {
  const { options, folder, isClang } = compilation;
  // The compiler runs in its own folder.
  const includes = options.includeDirs.flatMap((directory) => ['-I', resolve(directory)]);
  const reporting = isClang ? CLANG_REPORTING : GCC_REPORTING;
  const flags = [standard, '-w', '-fdiagnostics-color=never', ...reporting, ...(options.flags ?? [])];
  const { status, stderr } = await run(options.cc, [...flags, ...includes, ...mode, input], folder);
  if (status === 0) return null;
  const errors = parseErrors(stderr, file);
  if (errors.length === 0) throw compilationError(compilation, stderr.trim() || `it ended with status ${status}`);
  return errors;
}

/** All errors, and those within a macro at the line that uses it. clang puts them there by itself. */
const GCC_REPORTING = ['-fmax-errors=0', '-ftrack-macro-expansion=0', '-fno-diagnostics-show-caret'];
const CLANG_REPORTING = ['-ferror-limit=0', '-fno-caret-diagnostics'];

function parseErrors(output: string, file: string): CompilerError[] {
  return [...output.matchAll(/^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$/gm)].map((match) => {
    const [text, where, line, message = ''] = match;
    return where === file ? { line: Number(line), message } : { line: null, message: text };
  });
}

function compilationError({ header, options }: Compilation, problem: string): VerifyError {
  return new VerifyError(
    `${options.cc} cannot compile <${header}>: ${problem}; check the folders of headers and that the compiler is one ` +
      'for this target',
  );
}

const versions = new Map<string, Promise<string>>();

/** The first line of what a compiler says its version is; each is asked once. */
export function versionOf(cc: string): Promise<string> {
  const version = versions.get(cc) ?? askVersion(cc);
  versions.set(cc, version);
  return version;
}

async function askVersion(cc: string): Promise<string> {
  const { status, stdout, stderr } = await run(cc, ['--version'], tmpdir());
  const [first = ''] = stdout.split('\n');
  if (status === 0 && first !== '') return first;
  throw new VerifyError(`${cc} --version failed: ${stderr.trim() || `status ${status}`}; give a gcc or clang`);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<Finished> {
  try {
    return await runProgram(command, args, { cwd });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new VerifyError(`${command} cannot be run (${code}); install it or name another compiler`);
  }
}
