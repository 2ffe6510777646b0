/**
 * The headers that C requires from a compiler, not from a library (C17 4, paragraph 6). They are read if no include
 * folder has them, as in a header set. They have the types and the macros of GCC's own headers. The macros that a
 * target's compiler predefines contain all differences between targets.
 */

import { float, limits, stdint } from './limits.js';
import { stdatomic } from './stdatomic.js';
import { stdarg, stddef } from './stddef.js';

/** Returns a text of definitions that is read once. */
function once(guard: string, definitions: readonly string[]): string {
  return [`#ifndef ${guard}`, `#define ${guard}`, ...definitions.map((each) => `#define ${each}`), '#endif'].join('\n');
}

const operators = [
  ...['and &&', 'and_eq &=', 'bitand &', 'bitor |', 'compl ~', 'not !'],
  ...['not_eq !=', 'or ||', 'or_eq |=', 'xor ^', 'xor_eq ^='],
];

/** The texts of the headers, by name. */
export const freestandingHeaders: ReadonlyMap<string, string> = new Map(
  Object.entries({
    float,
    iso646: once('_ISO646_H', operators),
    limits,
    stdalign: once('_STDALIGN_H', [
      ...['alignas _Alignas', 'alignof _Alignof', '__alignas_is_defined 1', '__alignof_is_defined 1'],
    ]),
    stdarg,
    stdatomic,
    stdbool: once('_STDBOOL_H', ['bool _Bool', 'true 1', 'false 0', '__bool_true_false_are_defined 1']),
    stddef,
    stdint,
    stdnoreturn: once('_STDNORETURN_H', ['noreturn _Noreturn']),
  }).map(([name, text]) => [`${name}.h`, text]),
);

/** Headers that belong to GCC, and that the generator does not have. Most of them are for vector instructions. */
const ofCompiler = new RegExp(
  '^(?:[a-z0-9]*intrin|cpuid|cet|mm3dnow|mm_malloc|arm_(?:acle|bf16|cde|cmse|fp16|mve|mve_types|neon|sve)|altivec|htmxlintrin' +
    '|ppc-asm|spu2vmx|si2vmx|vecintrin|s390intrin|msa|loongson|stdfix|unwind|varargs|quadmath|omp|openacc|gcov|backtrace' +
    '|syslimits|stdint-gcc)\\.h$',
);

/** Whether only a compiler has a header. */
export function belongsToCompiler(name: string): boolean {
  return ofCompiler.test(name);
}
