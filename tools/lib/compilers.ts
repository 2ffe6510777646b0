/** C compilers as oracles: they are asked, and what they answer is the expected value. */

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Target } from '../../generator/targets/target.js';
import type { Check, TranslationUnit } from '../../generator/verify/c-assertions.js';
import { compileToTheEnd, standard, VerifyError } from '../../generator/verify/compile.js';
import { runProgram } from '../../generator/verify/program.js';
import { call } from './programs.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** A compiler for one target, and where it finds headers before the system's. */
export interface Compiler {
  readonly cc: string;
  readonly flags: readonly string[];
  readonly include: readonly string[];
}

/** What has to be known of a target to find its compiler. */
export type Compiled = Pick<Target, 'compiler' | 'debian'>;

/** The compiler that a target's facts come from. */
export function compilerOf({ compiler }: Compiled, include: readonly string[] = []): Compiler {
  const [cc, ...flags] = compiler.command;
  return { cc, flags, include };
}

/** Whether a target's compiler is here, and is one for that target. */
export function isInstalled(target: Compiled): boolean {
  const { cc, flags } = compilerOf(target);
  const { status, stdout } = call(cc, [...flags, '-dumpmachine']);
  if (status !== 0) return false;
  const { multiarch, gnuType = multiarch } = target.debian;
  return stdout.split('-')[0] === gnuType.split('-')[0];
}

/** Installs the packages of compilers that are not here, where that is allowed; gives back what is still lacking. */
export function lackingCompilers<T extends Compiled>(asked: readonly T[]): T[] {
  const lacking = asked.filter((target) => !isInstalled(target));
  const packages = lacking.map(({ compiler }) => compiler.package);
  if (packages.length === 0 || process.getuid?.() !== 0) return lacking;
  console.log(`installing ${packages.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options: SpawnSyncOptions = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-q'], options);
  // One by one: a package that a release does not have must not keep the others away.
  for (const name of packages) spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', name], options);
  return lacking.filter((target) => !isInstalled(target));
}

/** The preprocessor's output for a C text; `-dD` keeps the definitions of macros in it. */
export function preprocess(compiler: Compiler, source: string, ...options: readonly string[]): Promise<string> {
  return output(compiler.cc, [...argumentsOf(compiler), '-E', ...options, '-x', 'c', '-'], source);
}

/** The checked lines of a translation unit that the compiler refuses, and what it says to each. */
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

/** The dump of `readelf` for a C text compiled with debug information on all types, used or not. */
export function debugDump(compiler: Compiler, source: string, ...sections: readonly string[]): Promise<string> {
  return inTemporaryFolder({}, async (folder) => {
    const object = join(folder, 'object.o');
    const debug = ['-w', '-gdwarf-5', '-fno-eliminate-unused-debug-types', '-c', '-o', object];
    await output(compiler.cc, [...argumentsOf(compiler), ...debug, '-x', 'c', '-'], source);
    return output('readelf', [`--debug-dump=${sections.join()}`, object]);
  });
}

/** What a program wrote. Rejects when it could not be started, or ended with another status than 0. */
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
