/** The ids of registers, from the macros of the kernel's newest headers and a cross compiler. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../generator/targets/target.js';
import { lackingCompilers } from '../../tools/lib/compilers.js';
import { headerSet, whyMissing } from '../../tools/lib/header-sets.js';
import { call, run } from '../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../tools/lib/temporary-folder.js';

/** Returns the reason why a target's ids cannot be compiled, or undefined. */
export function whyNotCompiled(target: Target): string | undefined {
  const lacking = lackingCompilers([target]).length > 0;
  return lacking ? `there is no ${target.compiler.command[0]}` : whyMissing('newest');
}

/** Returns the values of integer expressions that use `<linux/kvm.h>`. */
export async function compiledIds(
  target: Target,
  expressions: Readonly<Record<string, string>>,
): Promise<Record<string, bigint>> {
  const set = await headerSet('newest');
  const lines = Object.values(expressions).map((expression) => `  ${expression},`);
  const program = [
    '#include <linux/kvm.h>',
    '#define offsetof(type, member) __builtin_offsetof(type, member)',
    'const unsigned long long ids[] = {',
    ...lines,
    '};',
  ];
  const [cc = '', ...flags] = target.compiler.command;
  const include = set.includeFolders(target).flatMap((folder) => ['-I', folder]);
  const content = inTemporaryFolder({ 'ids.c': program.join('\n') }, (folder) => {
    run(cc, [...flags, '-nostdinc', ...include, '-c', 'ids.c'], { cwd: folder });
    return sectionOf(cc, folder, 'ids.o', '.rodata');
  });
  const names = Object.keys(expressions);
  if (content.length !== 8 * names.length) throw new Error(`${content.length} bytes for ${names.length} ids`);
  return Object.fromEntries(names.map((name, index) => [name, content.readBigUInt64LE(8 * index)]));
}

function sectionOf(cc: string, folder: string, object: string, section: string): Buffer {
  const objcopy = cc.replace(/-gcc.*$/, '-objcopy');
  run(objcopy, ['-O', 'binary', '-j', section, object, 'section'], { cwd: folder });
  return readFileSync(join(folder, 'section'));
}

/** The fields of an instruction that accesses a system register. */
type Encoding = readonly [op0: number, op1: number, crn: number, crm: number, op2: number];

/** Returns the encodings of arm64's system registers by name. A name that the assembler does not know is left out. */
export function assembledEncodings(target: Target, names: readonly string[]): Record<string, Encoding> {
  const [cc = ''] = target.compiler.command;
  const assembler = cc.replace(/-gcc.*$/, '-as');
  const text = (known: readonly string[]): string =>
    ['.arch armv8.8-a+sve2+sme+memtag+profile+rng', ...known.map((name) => `mrs x0, ${name}`), ''].join('\n');
  return inTemporaryFolder({}, (folder) => {
    const { stderr } = call(assembler, ['-o', 'all.o', '-'], { cwd: folder, input: text(names) });
    const unknown = new Set([...stderr.matchAll(/:(\d+): Error: unknown or missing/g)].map(([, line]) => Number(line)));
    const known = names.filter((_, index) => !unknown.has(index + 2));
    run(assembler, ['-o', 'known.o', '-'], { cwd: folder, input: text(known) });
    const code = sectionOf(cc, folder, 'known.o', '.text');
    return Object.fromEntries(known.map((name, index) => [name, encodingOf(code.readUInt32LE(4 * index))]));
  });
}

function encodingOf(instruction: number): Encoding {
  const bits = (from: number, most: number): number => (instruction >>> from) & most;
  return [2 + bits(19, 1), bits(16, 7), bits(12, 15), bits(8, 15), bits(5, 7)];
}
