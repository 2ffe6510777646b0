/** C compilers as oracles: their answers are the expected values. */

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../generator/targets/target.js';
import type { Check, TranslationUnit } from '../../generator/verify/c-assertions.js';
import { compileToTheEnd, standard, VerifyError } from '../../generator/verify/compile.js';
import { runProgram } from '../../generator/verify/program.js';
import { call } from './programs.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** A compiler for one target, and the include folders that it searches before the system's folders. */
export interface Compiler {
  readonly cc: string;
  readonly flags: readonly string[];
  readonly include: readonly string[];
}

/** The facts about a target that are needed to find its compiler. */
export type Compiled = Pick<Target, 'compiler' | 'debian'>;

/** Returns the compiler that is the source of a target's facts. */
export function compilerOf({ compiler }: Compiled, include: readonly string[] = []): Compiler {
  const [cc, ...flags] = compiler.command;
  return { cc, flags, include };
}

/** Whether a target's compiler is installed and compiles for that target. */
export function isInstalled(target: Compiled): boolean {
  const { cc, flags } = compilerOf(target);
  const { status, stdout } = call(cc, [...flags, '-dumpmachine']);
  if (status !== 0) return false;
  const { multiarch, gnuType = multiarch } = target.debian;
  return stdout.split('-')[0] === gnuType.split('-')[0];
}

/** Whether a target's compiler is installed and is GCC. */
export function hasGcc(target: Compiled): boolean {
  return isInstalled(target) && !compilerOf(target).cc.includes('clang');
}

/** Whether the headers of a target's C library are installed. The compiler of i386 reads those of x86-64. */
export function hasCLibrary({ debian: { multiarch, gnuType = multiarch } }: Compiled): boolean {
  const folder = multiarch.startsWith('i386-') ? 'x86_64-linux-gnu' : multiarch;
  return [`/usr/${gnuType}/include`, `/usr/include/${folder}/bits`].some(existsSync);
}

/** Installs the packages of missing compilers if possible. Returns the targets whose compilers are still missing. */
export function lackingCompilers<T extends Compiled>(asked: readonly T[]): T[] {
  const lacking = asked.filter((target) => !isInstalled(target));
  const packages = lacking.map(({ compiler }) => compiler.package);
  if (packages.length === 0 || process.getuid?.() !== 0) return lacking;
  console.log(`installing ${packages.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options: SpawnSyncOptions = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-q'], options);
  // Each package is installed separately, so that a package that a release lacks does not prevent the others.
  for (const name of packages) spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', name], options);
  return lacking.filter((target) => !isInstalled(target));
}

/** Returns the preprocessor's output for a C text. With `-dD`, the output contains the definitions of macros. */
export function preprocess(compiler: Compiler, source: string, ...options: readonly string[]): Promise<string> {
  return output(compiler.cc, [...argumentsOf(compiler), '-E', ...options, '-x', 'c', '-'], source);
}

/** Returns the checked lines of a translation unit that the compiler rejects, with the compiler's messages. */
export function refusedLines(
  { cc, flags, include }: Compiler,
  header: string,
  unit: TranslationUnit<Check>,
): Promise<ReadonlyMap<number, string>> {
  const options = { cc, flags, includeDirs: include };
  return inTemporaryFolder({}, (folder) =>
    compileToTheEnd({ options, header, folder, isClang: cc.includes('clang') }, 'unit.c', unit, ['-fsyntax-only']),
  );
}

/**
 * Returns the dump of `readelf` for a C text. The text is compiled with debug information about all types, used or
 * unused.
 */
export function debugDump(compiler: Compiler, source: string, ...sections: readonly string[]): Promise<string> {
  return inTemporaryFolder({}, (folder) => dumpIn(folder, compiler, source, sections, []));
}

/** The declarations of a C text. */
export interface DeclarationDump {
  /** The debug information about types and variables, and the file table. */
  readonly debug: string;
  /** One line for each declaration of a function, with its location in a comment. */
  readonly prototypes: string;
}

/**
 * Returns the declarations of a C text, as GCC writes them. The optimizer adds the values of constant variables. The
 * text does not see that it is on.
 */
export function declarationDump(compiler: Compiler, source: string): Promise<DeclarationDump> {
  return inTemporaryFolder({}, async (folder) => {
    const prototypes = join(folder, 'prototypes');
    const options = ['-O1', '-U__OPTIMIZE__', '-fno-eliminate-unused-debug-symbols', '-aux-info', prototypes];
    const debug = await dumpIn(folder, compiler, source, ['info', 'rawline'], options);
    return { debug, prototypes: readFileSync(prototypes, 'utf8') };
  });
}

async function dumpIn(
  folder: string,
  compiler: Compiler,
  source: string,
  sections: readonly string[],
  options: readonly string[],
): Promise<string> {
  const object = join(folder, 'object.o');
  const debug = ['-w', '-gdwarf-5', '-fno-eliminate-unused-debug-types', ...options, '-c', '-o', object];
  await output(compiler.cc, [...argumentsOf(compiler), ...debug, '-x', 'c', '-'], source);
  return output('readelf', [`--debug-dump=${sections.join()}`, object]);
}

/** Returns the output of a program. Rejects if it cannot be started, or if its exit status is not 0. */
async function output(command: string, args: readonly string[], input = ''): Promise<string> {
  const { status, stdout, stderr } = await runProgram(command, args, { input });
  if (status !== 0) {
    const problem = /^.*error: .*$/m.exec(stderr)?.[0] ?? stderr.trim();
    throw new VerifyError(`${command} ended with ${status}: ${problem}`);
  }
  return stdout;
}

function argumentsOf({ flags, include }: Compiler): string[] {
  return [standard, ...flags, ...include.flatMap((folder) => ['-I', folder])];
}
