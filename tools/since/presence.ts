/**
 * Asks a C compiler which names the headers of a set have. This does not use the generator: the compiler accepts the use of a
 * name, or it does not.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../generator/targets/target.js';
import { compilerOf, refusedLines } from '../lib/compilers.js';
import { run } from '../lib/programs.js';

/**
 * Returns the names that C code can use after it includes the headers that exist. A name is a type, a member
 * (`struct kvm_run.io.port`), a constant, an enumerator, an ioctl or a function-like macro.
 *
 * @param include the include folders of the set. No other folder is searched, except that of the compiler's own headers.
 */
export async function usableNames(
  target: Target,
  include: readonly string[],
  headers: readonly string[],
  names: readonly string[],
): Promise<Set<string>> {
  const { cc, flags } = compilerOf(target);
  const own = cc.includes('clang')
    ? ['-nostdlibinc']
    : ['-nostdinc', '-isystem', run(cc, [...flags, '-print-file-name=include']).trim()];
  const compiler = { cc, flags: [...flags, ...own, '-ffreestanding'], include };
  // Some of the headers need the numbers of errors, and do not include them.
  const includes = ['asm-generic/errno.h', ...headers]
    .filter((header) => isIn(include, header))
    .map((header) => `#include <${header}>`);
  const usable = new Set<string>();
  const accept = async (uses: readonly (readonly [name: string, use: string])[]): Promise<void> => {
    const lines = [...includes, ...uses.map(([, use], index) => use.replaceAll('@', `use${index}`))];
    const checks = uses.map(([item], index) => ({ line: includes.length + index + 1, item, expected: '' }));
    const refused = await refusedLines(compiler, 'the headers of the facts', { text: `${lines.join('\n')}\n`, checks });
    for (const { line, item } of checks) if (!refused.has(line)) usable.add(item);
  };
  await accept(names.map((name) => [name, useOf(name)] as const));
  const rest = names.filter((name) => !usable.has(name));
  await accept(rest.flatMap((name) => otherUsesOf(name).map((use) => [name, use] as const)));
  return usable;
}

/** These headers include a header that an architecture without KVM does not have. */
const needed: Readonly<Record<string, string>> = {
  'linux/kvm.h': 'asm/kvm.h',
  'linux/kvm_para.h': 'asm/kvm_para.h',
};

/** Whether the include folders have a header and what it needs. */
function isIn(include: readonly string[], header: string): boolean {
  return [header, needed[header] ?? header].every((each) => include.some((folder) => existsSync(join(folder, each))));
}

/** Returns the use of a name in C. `@` stands for a new name. */
function useOf(name: string): string {
  const [owner = name, ...path] = name.split('.');
  if (path.length > 0) return memberUse(owner, path.join('.'));
  if (/^(?:struct|union|enum) /.test(name)) return `extern char @[sizeof(${name}) + 1];`;
  return `static void @(void) { (void)(${name}); }`;
}

function memberUse(owner: string, path: string): string {
  return `static void @(${owner} *p) { (void)p->${path}; }`;
}

/**
 * Returns the other uses that a name can have: a member in a record of an array, a type without a keyword, and a macro with
 * arguments.
 */
function otherUsesOf(name: string): string[] {
  const [owner = name, ...path] = name.split('.');
  if (path.length > 0) {
    return Array.from({ length: 2 ** (path.length - 1) - 1 }, (_, index) => {
      const indexed = path.map((part, position) => ((index + 1) & (1 << position) ? `${part}[0]` : part));
      return memberUse(owner, indexed.join('.'));
    });
  }
  if (name.includes(' ')) return [];
  // The call of an undeclared function is not a constant, and a macro with constant arguments is one.
  const calls = [...Array(8).keys()]
    .map((count) => Array(count).fill('1').join(', '))
    .map((list) => `extern char @[(${name}(${list})) ? 1 : 2];`);
  return [`extern char @[sizeof(${name}) + 1];`, ...calls];
}
