/**
 * The results of function-like macros from C compilers. The compiler stores the results as constants in an object file, so this
 * works for any target.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copiesOf } from '../../generator/emit/bindings.js';
import { emitModules } from '../../generator/emit/modules.js';
import { supportText } from '../../generator/headers/disk.js';
import type { FunctionMacro, Model } from '../../generator/model/model.js';
import { standard } from '../../generator/verify/compile.js';
import { readSections } from '../../generator/verify/elf.js';
import type { Compiler } from '../../tools/lib/compilers.js';
import { type Exports, importBindings } from '../../tools/lib/imported-bindings.js';
import { call } from '../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../tools/lib/temporary-folder.js';

export type Argument = number | bigint;

/** A use of a macro with arguments. */
export interface Use {
  readonly name: string;
  readonly arguments: readonly Argument[];
}

/** The value in JavaScript. Null if the expression has no value in C. */
export type Answer = number | bigint | null;

const edges: readonly Argument[] = [
  ...[0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32 - 1, 5, 31, 32, 0x1234],
  ...[0n, 1n, -1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n, 33n],
];

/**
 * Tuples of edge values. For one parameter the list has all values. For more parameters it is a selection in which each value is
 * at each position.
 */
export function tuplesOf(count: number): Argument[][] {
  if (count === 0) return [[]];
  const strides = [1, 3, 5, 7, 9, 13];
  const rounds = count === 1 ? [0] : [0, 4, 11];
  return rounds.flatMap((round) =>
    edges.map((_, index) =>
      Array.from({ length: count }, (_, place) => {
        const stride = strides[(place + round) % strides.length] as number;
        return edges[(index * stride + place * round) % edges.length] as Argument;
      }),
    ),
  );
}

export function usesOf(macros: readonly FunctionMacro[]): Use[] {
  return macros.flatMap(({ name, parameters }) =>
    tuplesOf(parameters.length).map((tuple) => ({ name, arguments: tuple })),
  );
}

/** Writes an argument in C, as the documents define it. */
function spelled(argument: Argument): string {
  const value = BigInt(argument);
  if (typeof argument === 'number') return value >= 2n ** 31n ? `${value}u` : negatable(value, -(2n ** 31n), '');
  return value >= 2n ** 63n ? `${value}ull` : negatable(value, -(2n ** 63n), 'll');
}

function negatable(value: bigint, least: bigint, suffix: string): string {
  if (value === least) return `(${value + 1n}${suffix} - 1)`;
  return value < 0n ? `(${value}${suffix})` : `${value}${suffix}`;
}

const factSize = 16;
const section = 'kvm_uapi_facts';

/** Returns the answer of a compiler for each use. `before` is C code in front of the uses. */
export function answersOf(compiler: Compiler, before: string, uses: readonly Use[]): Answer[] {
  const preamble = `${before}
struct fact { unsigned long long value; unsigned char size, is_signed, has_value, rest[5]; };
#define FACT(e) { (unsigned long long)(e), sizeof(e), (__typeof__(e))-1 < (__typeof__(e))1, 1 },
__attribute__((section("${section}"))) const struct fact facts[] = {
`.split('\n');
  const first = preamble.length;
  const without = new Set<number>();
  for (;;) {
    const lines = uses.map((use, index) =>
      without.has(index) ? '{ 0 },' : `FACT((${use.name}(${use.arguments.map(spelled).join(', ')})))`,
    );
    const { undefinedLines, object } = compiled(compiler, [...preamble.slice(0, -1), ...lines, '};'].join('\n'));
    const more = undefinedLines.map((line) => line - first).filter((index) => !without.has(index));
    if (object && more.length === 0) return uses.map((_, index) => answerAt(object, index));
    if (more.length === 0) throw new Error('the compiler makes nothing of the uses, and does not say why');
    for (const index of more) without.add(index);
  }
}

interface Compiled {
  /** The numbers of the lines, starting with 1. */
  readonly undefinedLines: readonly number[];
  readonly object: Sections | undefined;
}

interface Sections {
  readonly view: DataView;
  readonly littleEndian: boolean;
}

/** The options with which a compiler reports each undefined expression in one line, and continues. */
function diagnosticsFlags(cc: string): string[] {
  const warnings = ['shift-count-overflow', 'shift-count-negative'];
  return cc.includes('clang')
    ? [
        '-ferror-limit=0',
        '-fno-caret-diagnostics',
        '-Werror=division-by-zero',
        ...warnings.map((name) => `-Werror=${name}`),
      ]
    : [
        '-fmax-errors=0',
        '-ftrack-macro-expansion=0',
        '-Werror=div-by-zero',
        ...warnings.map((name) => `-Werror=${name}`),
      ];
}

function compiled({ cc, flags, include }: Compiler, source: string): Compiled {
  return inTemporaryFolder({ 'facts.c': source }, (folder) => {
    const [text, object] = [join(folder, 'facts.c'), join(folder, 'facts.o')];
    const folders = include.flatMap((path) => ['-I', path]);
    const { status, stderr } = call(cc, [
      standard,
      '-fwrapv',
      ...flags,
      ...folders,
      ...diagnosticsFlags(cc),
      '-c',
      '-o',
      object,
      text,
    ]);
    const errors = [...stderr.matchAll(/facts\.c:(\d+):(?:\d+:)? error: (.*)/g)];
    const other = errors.find(
      ([, , message = '']) => !/shift count|division by zero|not (?:a compile-time )?constant/.test(message),
    );
    if (other || (status !== 0 && errors.length === 0)) throw new Error(`${cc}: ${other?.[0] ?? stderr}`);
    const undefinedLines = errors.map(([, line]) => Number(line));
    if (status !== 0) return { undefinedLines, object: undefined };
    const { sections, byteOrder } = readSections(readFileSync(object), [section]);
    const { buffer, byteOffset, byteLength } = sections.get(section) as Uint8Array;
    const view = new DataView(buffer, byteOffset, byteLength);
    return { undefinedLines, object: { view, littleEndian: byteOrder === 'little' } };
  });
}

function answerAt({ view, littleEndian }: Sections, index: number): Answer {
  const at = index * factSize;
  const [size, isSigned, hasValue] = [8, 9, 10].map((offset) => view.getUint8(at + offset)) as [number, number, number];
  if (hasValue === 0) return null;
  const value = isSigned ? view.getBigInt64(at, littleEndian) : view.getBigUint64(at, littleEndian);
  return size > 4 ? value : Number(value);
}

/** Calls the function of a module. Returns null if the function throws the error that C leaves the result undefined. */
function answerOf(exports: Exports, { name, arguments: list }: Use): Answer | string {
  const found = exports[name];
  if (typeof found !== 'function') return `${name} is not exported`;
  try {
    return (found as (...list: readonly Argument[]) => Answer)(...list);
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith(`${name}: `) && message.endsWith(quotientTooLarge)) return quotientTooLarge;
    const isRefusal = error instanceof RangeError && message.startsWith(`${name}: `);
    return isRefusal && message.endsWith('which is undefined in C') ? null : message;
  }
}

/** The only expression that is undefined in C and that compilers still compute in constants. At run time it may end a program. */
const quotientTooLarge = 'divided by -1 does not fit in its type, which is undefined in C';

/** Describes each use for which the function and the compiler have different answers. */
export function wrongAnswers(exports: Exports, uses: readonly Use[], answers: readonly Answer[]): string[] {
  return uses.flatMap((use, index) => {
    const [expected, found] = [answers[index], answerOf(exports, use)];
    if (Object.is(expected, found) || found === quotientTooLarge) return [];
    const list = use.arguments.map((value) => (typeof value === 'bigint' ? `${value}n` : value)).join(', ');
    return [`${use.name}(${list}): ${spelledAnswer(found)}, for the compiler ${spelledAnswer(expected)}`];
  });
}

function spelledAnswer(answer: Answer | string | undefined): string {
  return typeof answer === 'bigint' ? `${answer}n` : String(answer);
}

/** Emits and imports only the functions of the header of a model. */
export async function importFunctions(model: Model): Promise<Exports> {
  const own = { covers: [model.header], uses: {} };
  const functions: Model = { ...model, ...own, types: [], enums: [], constants: [], ioctls: [] };
  const files = [...copiesOf(supportText), ...emitModules(functions)];
  return (await importBindings({ model: functions, files })).exports;
}
