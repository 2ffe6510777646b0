/** C compilers as oracles: they are asked, and what they answer is the expected value. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../generator/layout/target.js';

/** A compiler for one target, and where it finds headers before the system's. */
export interface Compiler {
  readonly cc: string;
  readonly flags: readonly string[];
  readonly include: readonly string[];
}

/** The language of the answers, whichever is the compiler's own choice. */
export const standard = '-std=gnu17';

/** The compiler that a target's facts come from. */
export function compilerOf({ compiler }: Target, include: readonly string[] = []): Compiler {
  const [cc, ...flags] = compiler.command;
  return { cc, flags, include };
}

/** Whether a target's compiler is here, and is one for that target. */
export function isInstalled(target: Target): boolean {
  const { cc, flags } = compilerOf(target);
  const { status, stdout } = call(cc, [...flags, '-dumpmachine']);
  if (status !== 0) return false;
  const processor = stdout.split('-')[0]?.replace(/^i[456]86$/, 'i386');
  return processor === target.debian.multiarch.split('-')[0];
}

/** Runs a program, whatever comes of it. */
export function call(command: string, args: readonly string[], input = ''): SpawnSyncReturns<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  return spawnSync(command, args, { input, encoding: 'utf8', env, maxBuffer: 2 ** 30 });
}

/** What a program wrote. @throws when it could not be started, or ended with another status than 0. */
export function run(command: string, args: readonly string[], input = ''): string {
  const { error, status, signal, stdout, stderr } = call(command, args, input);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${signal ?? `status ${status}`}\n${stderr}`);
  return stdout;
}

/** The preprocessor's output for a C text; `-dD` keeps the definitions of macros in it. */
export function preprocess(compiler: Compiler, source: string, ...options: readonly string[]): string {
  return run(compiler.cc, [...argumentsOf(compiler), '-E', ...options, '-x', 'c', '-'], source);
}

/** The lines of a C text that the compiler has an error for. */
export function linesWithErrors(compiler: Compiler, source: string): ReadonlySet<number> {
  const all = compiler.cc.includes('clang') ? '-ferror-limit=0' : '-fmax-errors=0';
  const args = [...argumentsOf(compiler), '-fsyntax-only', '-w', all, '-x', 'c', '-'];
  const { error, stderr } = call(compiler.cc, args, source);
  if (error) throw error;
  return new Set([...stderr.matchAll(/^<stdin>:(\d+):\d+: error: /gm)].map(([, line]) => Number(line)));
}

/** The dumps of `readelf` for a C text compiled with debug information on all types, used or not. */
export function debugDump(compiler: Compiler, source: string, ...sections: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-oracle-'));
  try {
    const object = join(folder, 'object.o');
    const debug = ['-gdwarf-5', '-fno-eliminate-unused-debug-types', '-c', '-o', object];
    run(compiler.cc, [...argumentsOf(compiler), ...debug, '-x', 'c', '-'], source);
    return sections.map((section) => run('readelf', [`--debug-dump=${section}`, object]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function argumentsOf({ flags, include }: Compiler): string[] {
  return [standard, ...flags, ...include.flatMap((folder) => ['-I', folder])];
}
