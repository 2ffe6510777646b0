/** The type and the value of integer expressions in C, from the compiler and from the generator. */

import { printedByCompiled } from '../../tools/lib/gcc.js';
import { modelOf } from '../../tools/lib/headers-in-memory.js';

/** A type and a value, such as `unsigned long 18446744073709551615`, or `no value: ` and the reason. */
export type Spelled = string;

const types = [
  ...['_Bool', 'char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned int', 'long'],
  ...['unsigned long', 'long long', 'unsigned long long', '__int128', 'unsigned __int128'],
];

/** The result of an expression whose evaluation ends the program. */
export const trapped: Spelled = 'trapped';

/** Returns the result of each expression in a compiled program. `declarations` is C code in front of the expressions. */
export function integersByCompiler(
  expressions: readonly string[],
  declarations = '',
  flags: readonly string[] = [],
): Spelled[] {
  const names = types.map((type) => `${type}: "${type}"`).join(', ');
  const program = `
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
${declarations}
#define NAME(e) _Generic((e), ${names}, default: "another")
#define SIGNED(e) ((__typeof__(e))-1 < (__typeof__(e))1)
#define SHOW(e) if (sigsetjmp(before, 1)) puts("trapped"); else show(NAME(e), SIGNED(e), (unsigned __int128)(e))
static sigjmp_buf before;
static void trap(int number) { siglongjmp(before, number); }
static void show(const char *name, int is_signed, unsigned __int128 value) {
  printf("%s %d %llx %llx\\n", name, is_signed, (unsigned long long)(value >> 64), (unsigned long long)value);
}
int main(void) {
  signal(SIGFPE, trap);
  signal(SIGILL, trap);
${expressions.map((expression) => `  SHOW((${expression}));`).join('\n')}
  return 0;
}
`;
  const lines = printedByCompiled(program, flags).trimEnd().split('\n');
  return lines.map((line) => {
    if (line === trapped) return trapped;
    const [, type, isSigned, high, low] = /^(.*) ([01]) ([0-9a-f]+) ([0-9a-f]+)$/.exec(line) ?? [];
    const bits = (BigInt(`0x${high}`) << 64n) | BigInt(`0x${low}`);
    return `${type} ${isSigned === '1' ? BigInt.asIntN(128, bits) : bits}`;
  });
}

/** Returns the result of the generator for each expression as the body of a macro. */
export function integersByGenerator(expressions: readonly string[], declarations = ''): Spelled[] {
  const macros = expressions.map((expression, index) => `#define E_${index} (${expression})\n`);
  const { constants, omissions } = modelOf({ 'x.h': `${declarations}\n${macros.join('')}` });
  const spelled = new Map<string, Spelled>([
    ...constants.map(({ name, type, value }) => [name, `${type} ${value}`] as const),
    ...omissions.map(({ name, reason }) => [name, `no value: ${reason}`] as const),
  ]);
  return expressions.map((_, index) => spelled.get(`E_${index}`) as Spelled);
}
