import { describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { emitModules } from '../../../generator/emit/modules.js';
import { GeneratorError } from '../../../generator/errors.js';
import { modelFromJson, modelToJson } from '../../../generator/model/json.js';
import { hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { committedModel, modelOfText } from '../../helpers/committed-models.js';
import { importFunctions } from '../../helpers/function-facts.js';
import { integersByCompiler, trapped } from '../../helpers/integers-in-c.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

function emitted(header: string): string {
  return emitModules(modelOfText('a.h', header))[0]?.text ?? '';
}

/** Returns the signatures of the function for a macro, with their return types. */
function signatures(macro: string): string[] {
  const heads = [...emitted(`#define ${macro}\n`).matchAll(/^export function \w+(\(.*\): .*?)(;| \{)$/gm)];
  const overloads = heads.filter(([, , end]) => end === ';');
  return (overloads.length > 0 ? overloads : heads).map(([, head]) => head as string);
}

const either = 'number | bigint';

describe('the signatures of a function', () => {
  it.each([
    ['F() 1', ['(): number']],
    ['F() 1ull', ['(): bigint']],
    ['F(x) ((x) == 1)', [`(x: ${either}): number`]],
    ['F(x) ((unsigned char)(x))', [`(x: ${either}): number`]],
    ['F(x) ((unsigned long long)(x))', [`(x: ${either}): bigint`]],
    ['F(x) ((x) & 0xffull)', [`(x: ${either}): bigint`]],
    ['F(x) ((x) & 0xffll)', [`(x: ${either}): bigint`]],
    ['F(x) ((x) & 0xff)', ['(x: number): number', '(x: bigint): bigint', `(x: ${either}): ${either}`]],
    ['F(x) (1 << (x))', [`(x: ${either}): number`]],
    [
      'F(x, n) ((x) << (n))',
      [
        `(x: number, n: ${either}): number`,
        `(x: bigint, n: ${either}): bigint`,
        `(x: ${either}, n: ${either}): ${either}`,
      ],
    ],
    [
      'F(x, y) ((x) | (y))',
      [
        '(x: number, y: number): number',
        `(x: bigint, y: ${either}): bigint`,
        `(x: ${either}, y: bigint): bigint`,
        `(x: ${either}, y: ${either}): ${either}`,
      ],
    ],
    [
      'F(t, x) ((t) ? (x) : 1u)',
      [
        `(t: ${either}, x: number): number`,
        `(t: ${either}, x: bigint): bigint`,
        `(t: ${either}, x: ${either}): ${either}`,
      ],
    ],
  ])('the function has the right signatures: %s', (macro, expected) => {
    expect(signatures(macro)).toEqual(expected);
  });

  it('a correct use compiles with the strictest settings, and a wrong use does not', () => {
    const header = `
#define LOW(x) ((x) & 0xff)
#define HIGH(x) ((x) & 0xff00000000ull)
#define MAKE(a, b) ((a) << 8 | (b))
#define UNUSED(a) 1
#define LITERALS(a) (((a) ? 2 : 3) == 4 || !((a) ? 1 : 2))
#define WORDS(default, new, BigInt, Number, Math, $) ((unsigned long long)(default) * (new) + ((BigInt) == (Number)) * (Math))
`;
    const uses = `
import { HIGH, LITERALS, LOW, MAKE, UNUSED, WORDS } from './x86_64/a.js';
declare const unknown: number | bigint;
export const number: number = LOW(1);
export const bigint: bigint = LOW(1n);
export const either: number | bigint = LOW(unknown);
export const notNumber: number = LOW(1n); // wrong
export const notBigint: bigint = LOW(1); // wrong
export const notKnown: number = LOW(unknown); // wrong
export const high: bigint = HIGH(1);
export const notHigh: number = HIGH(1); // wrong
export const made: number = MAKE(1, 2);
export const madeWide: bigint = MAKE(1, 2n);
export const notMade: number = MAKE(1n, 2); // wrong
export const literals: number = LITERALS(1) + UNUSED(2);
export const words: bigint = WORDS(1, 2, 3, 4, 5, 6);
LOW('1'); // wrong
LOW(); // wrong
LOW(1, 2); // wrong
`;
    const files = [...filesFor([modelOfText('a.h', header)]), { path: 'uses.ts', text: uses }];
    const wrong = uses
      .split('\n')
      .flatMap((line, index) => (line.includes('// wrong') ? [`uses.ts:${index + 1}`] : []));
    const found = diagnosticsOf(files);
    expect(found.filter((text) => !text.startsWith('uses.ts:'))).toEqual([]);
    expect(found.map((text) => text.split(': ')[0])).toEqual(wrong);
    expect(wrong.length).toBeGreaterThan(5);
  });
});

type Macro = (...list: readonly (number | bigint)[]) => number | bigint;

async function macros(text: string): Promise<Readonly<Record<string, Macro>>> {
  return (await importFunctions(modelOfText('a.h', text))) as Readonly<Record<string, Macro>>;
}

describe('a function', () => {
  it('a function treats a number as int or unsigned int, and a bigint as long long or unsigned long long', async () => {
    const { NEGATIVE, SAME } = await macros('#define NEGATIVE(x) ((x) - 1 < 0)\n#define SAME(x) (x)\n');
    const values = [0, 2 ** 31, 0n, 2n ** 63n];
    expect(values.map((value) => NEGATIVE?.(value))).toEqual([1, 0, 1, 0]);
    for (const value of [-0, 0, -(2 ** 31), 2 ** 32 - 1, -(2n ** 63n), 2n ** 64n - 1n]) {
      expect(SAME?.(value)).toBe(typeof value === 'number' ? value + 0 : value);
    }
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, -(2 ** 31) - 1, 2n ** 64n, -(2n ** 63n) - 1n])(
    'a function refuses %s, which is not such an integer, and names the macro',
    async (value) => {
      const { SAME, UNUSED } = await macros('#define SAME(x) (x)\n#define UNUSED(x) 1\n');
      expect(() => SAME?.(value)).toThrow(RangeError);
      expect(() => SAME?.(value)).toThrow(/^SAME: /);
      expect(() => UNUSED?.(value)).toThrow(/^UNUSED: /);
    },
  );

  it.each([
    ['(a) << (b)', [1, 32], 'a shift of a 32-bit integer by 32'],
    ['(a) >> (b)', [1n, -1], 'a shift of a 64-bit integer by -1'],
    ['(a) >> 40', [1, 1], 'a shift of a 32-bit integer by 40'],
    ['1u << (b)', [1, 2n ** 64n - 1n], 'a shift of a 32-bit integer by 18446744073709551615'],
    ['(unsigned long long)(a) << (b)', [1, 64], 'a shift of a 64-bit integer by 64'],
    ['(a) / (b)', [1, 0], 'division by 0'],
    ['(a) % (b)', [1n, 0], 'division by 0'],
    ['(unsigned long long)(a) / (b)', [1, 0], 'division by 0'],
    ['(a) / (b)', [-(2 ** 31), -1], '-2147483648 divided by -1 does not fit in its type'],
    ['(a) % (b)', [-(2n ** 63n), -1n], '-9223372036854775808 divided by -1 does not fit in its type'],
  ])('a function refuses an operation that is undefined in C: %s of %o', async (body, list, problem) => {
    const { F } = await macros(`#define F(a, b) (${body})\n`);
    const refused = (): unknown => F?.(...list);
    expect(refused).toThrow(RangeError);
    expect(refused).toThrow(`F: ${problem}, which is undefined in C`);
  });

  it.skipIf(!hasCompiler)(`a function refuses a quotient that would end a C program ${needsCompiler}`, () => {
    const declarations = 'static volatile int a = -0x7fffffff - 1, b = -1;';
    expect(integersByCompiler(['a / b', 'a % b', 'a / 2'], declarations)).toEqual([
      trapped,
      trapped,
      'int -1073741824',
    ]);
  });

  it('a function does not evaluate operands that C does not evaluate', async () => {
    const { F, G } = await macros('#define F(a, b) ((b) ? (a) / (b) : (a))\n#define G(a, b) ((b) && (a) / (b))\n');
    expect([F?.(7, 0), F?.(7, 2), F?.(7n, 0), G?.(7, 0), G?.(7, 2)]).toEqual([7, 3, 7n, 0, 1]);
  });

  it('a function can have parameters with any name', async () => {
    const text = '#define F(default, c, BigInt) ((unsigned long long)(default) + (c) * (BigInt))\n';
    expect(emitted(text)).toContain('export function F(default$: number | bigint, c: number | bigint, BigInt$: ');
    const { F } = await macros(text);
    expect(F?.(1, 2, 3)).toBe(7n);
  });

  it('the docstring of a function has the macro and the type', () => {
    const text = emitted('\n#define F(a, b) ((unsigned short)((a) + (b)))\n#define G(a) (a)\n');
    expect(text).toContain('/** `F(a, b)`: unsigned, 16 bits. */\nexport function F(');
    expect(text).toContain('/** `G(a)`: of a type that depends on the arguments. */\nexport function G(');
  });

  it('a constant keeps its name before a function, and a function before a class', () => {
    const text = emitted('enum { stat = 1 };\n#define stat(x) (x)\n#define Point(x) (x)\nstruct point { int x; };\n');
    const names = [...text.matchAll(/^export (?:const|class|function) ([\w$]+)/gm)].map(([, name]) => name);
    expect(new Set(names)).toEqual(new Set(['$target', 'stat', 'stat$', 'Point', 'Point$']));
  });
});

describe('the shared module of the functions', () => {
  it('the module is imported if a function uses it', () => {
    expect(emitted('#define F(x) (x)\n')).toContain("import * as $$c from '../support/integers.js';\n");
    expect(emitted('#define F() (1)\n')).not.toContain('import');
  });

  it('a model from before functions had values is refused', () => {
    const model = modelOfText('a.h', '#define F(x) (x)\n');
    expect(modelFromJson(modelToJson(model), 'a.model.json')).toEqual(model);
    const before = modelToJson(model).replace(/,"value":\{[^}]*\}/, '');
    expect(() => modelFromJson(before, 'a.model.json')).toThrow(GeneratorError);
    expect(() => modelFromJson(before, 'a.model.json')).toThrow(/^a\.model\.json: .*run 'generate' again$/);
  });

  it('the committed bindings use the module', async () => {
    const { _IOC_SIZE } = await macros('#define _IOC_SIZE(nr) (((nr) >> 16) & 0x3fff)\n');
    const ioctl = committedModel().ioctls.find(({ name }) => name === 'KVM_GET_REGS');
    expect(_IOC_SIZE?.(ioctl?.request ?? 0)).toBe(ioctl?.size);
    expect(ioctl?.size).toBe(144);
  });
});
