/** Compares every fact in the data of a target with its compiler. */

import { describe, expect, it } from 'vitest';
import * as list from '../../../generator/targets/list.js';
import { predefinedMacros } from '../../../generator/targets/predefined.js';
import type { ScalarName, Target } from '../../../generator/targets/target.js';
import { isTargetName, targetCalled, targetNames, targets } from '../../../generator/targets/targets.js';
import { standard } from '../../../generator/verify/compile.js';
import { compilerOf, isInstalled, preprocess } from '../../../tools/lib/compilers.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { call, run } from '../../../tools/lib/programs.js';

/** Returns the sizes of the arrays that a C text defines, by name. */
function sizesIn(target: Target, source: string): Record<string, number> {
  const { cc, flags } = compilerOf(target);
  const assembly = run(cc, [...flags, standard, '-w', '-fno-common', '-S', '-o', '-', '-x', 'c', '-'], {
    input: source,
  });
  const sizes = [...assembly.matchAll(/^\s*\.(?:size|lcomm)\s+(\w+), *(\d+)/gm)];
  return Object.fromEntries(sizes.map(([, name, size]) => [name, Number(size)]));
}

/** Returns the replacements of macros by their names with their parameters. */
function macrosIn(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, name = '', body = ''] = /^(\w+(?:\([^)]*\))?)(?: (.*))?$/.exec(line) ?? [];
      return [name, body];
    }),
  );
}

interface Measured {
  readonly size: number;
  readonly align: number;
  readonly fieldAlign: number;
}

/** Returns the compiler's facts about types. Undefined for a type that the compiler does not have. */
function measured(target: Target, types: readonly string[]): (Measured | undefined)[] {
  const { cc, flags } = compilerOf(target);
  const declarations = types.map((type, index) => `typedef ${type} T${index};`);
  const { stderr } = call(cc, [...flags, '-fsyntax-only', '-w', '-x', 'c', '-'], { input: declarations.join('\n') });
  const refused = new Set(Array.from(stderr.matchAll(/^<stdin>:(\d+):\d+: error: /gm), ([, line]) => Number(line) - 1));
  const texts = declarations.flatMap((declaration, index) => {
    if (refused.has(index)) return [];
    const type = `T${index}`;
    const member = `__builtin_offsetof(struct { char c; ${type} m; }, m)`;
    const arrays = `size${index}[sizeof(${type})], align${index}[__alignof__(${type})], field${index}[${member}]`;
    return [`${declaration}\nchar ${arrays};\n`];
  });
  const sizes = sizesIn(target, texts.join(''));
  return types.map((_, index) => {
    const [size = 0, align = 0, fieldAlign = 0] = ['size', 'align', 'field'].map((name) => sizes[`${name}${index}`]);
    return refused.has(index) ? undefined : { size, align, fieldAlign };
  });
}

const scalars: readonly ScalarName[] = [
  ...(['_Bool', 'char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned int'] as const),
  ...(['long', 'unsigned long', 'long long', 'unsigned long long', '__int128', 'unsigned __int128'] as const),
  ...(['float', 'double', 'long double', '_Float16', '_Float32', '_Float64', '_Float128', '_Float32x'] as const),
  ...(['_Float64x', '_Decimal32', '_Decimal64', '_Decimal128', '__fp16', '__bf16'] as const),
];

for (const target of targets) {
  const { name, compiler } = target;
  describe.skipIf(!isInstalled(target))(`the data of ${name} (needs ${compiler.command[0]})`, () => {
    it('the target has the size and the alignments of every type of the compiler, and no other type', () => {
      const said = (type: ScalarName): unknown => {
        const measure = target.scalars[type];
        return measure && { ...measure, fieldAlign: measure.fieldAlign ?? measure.align };
      };
      const [pointer, ...expected] = measured(target, ['void *', ...scalars]);
      expect(scalars.map((type) => [type, said(type)])).toEqual(scalars.map((type, index) => [type, expected[index]]));
      expect({ ...target.pointer, fieldAlign: target.pointer.align }).toEqual(pointer);
      const arithmetic = Object.keys(target.scalars).filter((type) => type !== '__builtin_va_list');
      expect(arithmetic.sort()).toEqual(scalars.filter((type) => said(type)).sort());
    });

    it('the target has the rules of the compiler', () => {
      const found = sizesIn(
        target,
        `char signed_char[((char)-1 < 0) + 1];
typedef int vector_16 __attribute__((vector_size(16)));
typedef int vector_64 __attribute__((vector_size(64)));
char vectors[__alignof__(vector_64) / 4];
struct bare { char c; char d __attribute__((aligned)); };
char bare[__alignof__(struct bare)];
char of_function[__alignof__(void(void))];
char va_list_size[sizeof(__builtin_va_list)];
struct anonymous { char c; int :3; };
char anonymous[sizeof(struct anonymous)];
char size_type[__builtin_types_compatible_p(__SIZE_TYPE__, ${target.sizeType}) + 1];\n`,
      );
      expect(found).toMatchObject({
        signed_char: target.charSigned ? 2 : 1,
        vectors: (target.mostVectorAlignment ?? 64) / 4,
        bare: target.biggestAlignment,
        of_function: target.functionAlignment,
        va_list_size: (target.scalars.__builtin_va_list ?? target.pointer).size,
        anonymous: target.anonymousBitFieldsAlign ? 4 : 2,
        size_type: 2,
      });
    });

    it('the target distinguishes the alignment of a member from the alignment of a type, as the compiler does', () => {
      const arrays = 'char as_member[_Alignof(long long)], by_itself[__alignof__(long long)];\n';
      const macros = '#define AS_MEMBER _Alignof(long long)\n#define BY_ITSELF __alignof__(long long)\n';
      const { as_member, by_itself } = sizesIn(target, arrays);
      const { constants } = modelOf({ 'x.h': macros }, 'x.h', undefined, target);
      expect(constants.map(({ value }) => Number(value))).toEqual([as_member, by_itself]);
    });

    it('the target predefines exactly the macros that the compiler prints', async ({ skip }) => {
      const printed = macrosIn((await preprocess(compilerOf(target), '', '-dM')).replaceAll('#define ', ''));
      if (printed.get('__GNUC__') !== '12') skip('the compiler is another than GCC 12');
      // A macro that is not defined for #ifdef is a keyword that depends on its context: `vector` on PowerPC.
      const asked = [...printed.keys()].map((macro) => macro.replace(/\(.*/, ''));
      const answers = await preprocess(
        compilerOf(target),
        asked.map((macro) => `#ifdef ${macro}\n#pragma ${macro}\n#endif\n`).join(''),
      );
      const defined = new Set(Array.from(answers.matchAll(/^#pragma (\w+)$/gm), ([, macro]) => macro));
      const expected = [...printed].filter(([macro]) => defined.has(macro.replace(/\(.*/, '')));
      expect(expected.length).toBeGreaterThan(330);
      expect(Object.fromEntries(macrosIn(predefinedMacros(target)))).toEqual(Object.fromEntries(expected));
    });
  });
}

describe('the targets', () => {
  it('the targets are in alphabetical order, and each names the compiler of its facts', () => {
    expect(targetNames).toEqual(Object.keys(list).sort());
    for (const target of targets) {
      expect(targetCalled(target.name)).toBe(target);
      expect(isTargetName(target.name)).toBe(true);
      expect(target.compiler.package).toMatch(/^(?:gcc|clang)/);
    }
    for (const other of ['vax', '', 'toString', undefined]) expect(isTargetName(other)).toBe(false);
    expect(() => targetCalled('vax')).toThrow(/^unknown architecture 'vax'; expected one of arm, arm64, /);
  });

  it('no predefined macro contains a name whose expansion depends on its place or time', () => {
    const changing = /__(?:LINE|COUNTER|INCLUDE_LEVEL|FILE|FILE_NAME|BASE_FILE|DATE|TIME|TIMESTAMP)__/;
    for (const target of targets) expect(predefinedMacros(target)).not.toMatch(changing);
  });

  it('the byte order and the pointer size of a target match its predefined macros', () => {
    for (const target of targets) {
      const { name, byteOrder, pointer } = target;
      const predefined = predefinedMacros(target);
      const order = `__BYTE_ORDER__ __ORDER_${byteOrder.toUpperCase()}_ENDIAN__`;
      expect([name, predefined.includes(`\n${order}\n`)]).toEqual([name, true]);
      expect([name, predefined.includes(`\n__SIZEOF_POINTER__ ${pointer.size}\n`)]).toEqual([name, true]);
    }
  });
});
