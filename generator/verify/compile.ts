/** Finds the lines of a translation unit that a C compiler rejects. */

import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GeneratorError } from '../errors.js';
import type { Check, TranslationUnit } from './c-assertions.js';
import { type Finished, runProgram } from './program.js';

/** The compiler cannot check the model. */
export class VerifyError extends GeneratorError {
  override readonly name = 'VerifyError';
}

export interface VerifyOptions {
  /** The C compiler, gcc or clang: a command on the PATH, or a path. */
  readonly cc: string;
  /** The include folders. They are searched before the compiler's own folders. */
  readonly includeDirs: readonly string[];
  /** Additional arguments for the compiler, such as `-m32` or `--target=s390x-linux-gnu`. */
  readonly flags?: readonly string[];
  /** The absolute path of the header. Without it, the compiler searches the header in the include folders. */
  readonly path?: string | undefined;
}

/** The compiler and the header of a compilation. */
export interface Compilation {
  readonly options: VerifyOptions;
  /** The header that the units include. */
  readonly header: string;
  /** The working folder of the compiler. It contains the files that the compiler writes. */
  readonly folder: string;
  readonly isClang: boolean;
}

/**
 * Compiles until the compiler rejects no line. Each compilation leaves out the lines that were rejected before. This is
 * needed because one error can hide others: compilers report an unknown name once and accept its later uses. Only the
 * lines of a compilation without errors hold.
 *
 * Returns the compiler's message for each rejected line.
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
    // The compiler reports some errors inside a macro at the definition of the macro.
    if (!isExpanded && errors.some(({ line }) => line === null)) {
      isExpanded = true;
      continue;
    }
    const before = refused.size;
    for (const { line, message } of errors) {
      if (line === null || !checked.has(line)) throw compilationError(compilation, message);
      if (!refused.has(line)) refused.set(line, message);
      // The line is emptied, not removed, so that the numbers of the later lines stay the same.
      lines[line - 1] = '';
    }
    if (refused.size === before)
      throw compilationError(compilation, errors[0]?.message ?? 'an error without a location');
  }
}

interface CompilerError {
  /** The line in the compiled file. Null for an error in another file. */
  readonly line: number | null;
  readonly message: string;
}

/** Compiles with the macros already expanded, so that the compiler reports each error at the line of its use. */
async function compileExpanded(
  compilation: Compilation,
  file: string,
  mode: readonly string[],
): Promise<CompilerError[] | null> {
  const output = 'expanded.i';
  // Without GCC's tracking, the output also has the location of the definition.
  const tracking = compilation.isClang ? [] : ['-ftrack-macro-expansion=2'];
  const errors = await compile(compilation, file, ['-E', ...tracking, '-o', output]);
  return errors ?? compile(compilation, file, mode, output);
}

/** The language standard of the kernel's headers and of the checks. It does not depend on the compiler's default. */
export const standard = '-std=gnu17';

/** Compiles once. Returns null if the compiler rejects nothing. */
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

/**
 * Options to report all errors, and to report errors inside a macro at the line of its use. clang does this by default.
 */
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
    `${options.cc} cannot compile <${header}>: ${problem}; check the include folders, and check that the ` +
      'compiler is for this target',
  );
}

const versions = new Map<string, Promise<string>>();

/** Returns the first line of the compiler's version text. Each compiler runs only once for this. */
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
    throw new VerifyError(`${command} cannot be run (${code}); install it, or use --cc to name another compiler`);
  }
}
