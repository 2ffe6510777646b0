/**
 * This machine's C compiler as an oracle: its preprocessed text, its programs' output and its errors are the expected
 * values.
 */

import { join } from 'node:path';
import { standard } from '../../generator/verify/compile.js';
import { call, run } from './programs.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** The suffix of the titles of test suites that need the compiler. */
export const needsCompiler = '(needs a GCC for x86-64 Linux called cc)';

/** Whether the compiler is installed. Another compiler, or a compiler for another ABI, would give other results. */
export const hasCompiler: boolean = findCompiler();

function findCompiler(): boolean {
  const machine = call('cc', ['-dumpmachine']);
  const version = call('cc', ['--version']);
  return machine.status === 0 && /^x86_64-.*linux/.test(machine.stdout) && !/clang/i.test(version.stdout);
}

/** Returns the output of `cc -E -P` for each text. */
export function preprocessedByCompiler(texts: readonly string[], flags: readonly string[] = [standard]): string[] {
  const end = 'KVM_UAPI_END_OF_TEXT';
  const files = texts.map((text, index) => [`${index}.c`, `${text}\n${end}\n`] as const);
  return inTemporaryFolder(Object.fromEntries(files), (folder) => {
    const output = run('cc', ['-E', '-P', ...flags, ...files.map(([name]) => name)], { cwd: folder });
    const parts = output.split(end).slice(0, -1);
    if (parts.length !== texts.length) throw new Error(`cc answered ${parts.length} of ${texts.length} texts`);
    return parts;
  });
}

/** Returns the output of `cc -E -P` for `#include <header>` with these files and include folders. */
export function includedByCompiler(
  files: Readonly<Record<string, string>>,
  roots: readonly string[],
  header: string,
): string {
  return inTemporaryFolder(files, (folder) => {
    const includes = roots.flatMap((root) => ['-I', root]);
    return run('cc', ['-E', '-P', standard, '-nostdinc', ...includes, '-x', 'c', '-'], {
      cwd: folder,
      input: `#include <${header}>`,
    });
  });
}

/** Returns the output of a C program. */
export function printedByCompiled(program: string, flags: readonly string[] = []): string {
  return inTemporaryFolder({ 'program.c': program }, (folder) => {
    run('cc', [standard, '-w', '-O0', ...flags, '-o', 'program', 'program.c'], { cwd: folder });
    return run(join(folder, 'program'), [], { cwd: folder });
  });
}

export interface Diagnostic {
  readonly line: number;
  /** In bytes, counted from 1. 0 without a column. */
  readonly column: number;
  readonly kind: 'error' | 'warning';
  readonly message: string;
}

/** Returns the compiler's messages about a text. The compiler writes no file. */
export function diagnosticsOf(text: string, flags: readonly string[] = []): Diagnostic[] {
  const reporting = [
    '-fmax-errors=0',
    '-ftrack-macro-expansion=0',
    '-fno-diagnostics-show-caret',
    '-fdiagnostics-column-unit=byte',
  ];
  const { stderr } = inTemporaryFolder({ 'text.c': text }, (folder) =>
    call('cc', [standard, '-fsyntax-only', ...reporting, ...flags, 'text.c'], { cwd: folder }),
  );
  const form = /^text\.c:(\d+):(?:(\d+):)? (?:fatal )?(error|warning): (.*)$/gm;
  return [...stderr.matchAll(form)].map(([, line, column = 0, kind, message]) => ({
    line: Number(line),
    column: Number(column),
    kind: kind as Diagnostic['kind'],
    message: message as string,
  }));
}

/** Returns the lines of the compiler's errors for each text. Each text is compiled separately, in a process of its own. */
export function errorLinesOf(texts: readonly string[], flags: readonly string[] = []): number[][] {
  const files = texts.map((text, index) => [`${index}.c`, text] as const);
  const { stderr } = inTemporaryFolder(Object.fromEntries(files), (folder) =>
    call('cc', [standard, '-fsyntax-only', ...flags, ...files.map(([name]) => name)], { cwd: folder }),
  );
  const lines = texts.map((): number[] => []);
  for (const [, index, line] of stderr.matchAll(/^(\d+)\.c:(\d+):(?:\d+:)? (?:fatal )?error: /gm)) {
    lines[Number(index)]?.push(Number(line));
  }
  return lines;
}

const token =
  /(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|(?:u8|[uUL])?'(?:\\.|[^'\\\n])*'|\.?\d(?:[eEpP][+-]|[\w.])*|[\p{L}_$][\p{L}\w$]*|<<=|>>=|\.\.\.|%:%:|%:|<:|:>|<%|%>|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[*/%+\-&^|]=|##|\S/gu;

const digraphs: Readonly<Record<string, string>> = {
  '<:': '[',
  ':>': ']',
  '<%': '{',
  '%>': '}',
  '%:': '#',
  '%:%:': '##',
};

/** Returns the tokens of a preprocessor's output, by spelling. A digraph becomes the token that it represents. */
export function tokensOf(text: string): string[] {
  return (text.match(token) ?? []).map((spelling) => digraphs[spelling] ?? spelling);
}
