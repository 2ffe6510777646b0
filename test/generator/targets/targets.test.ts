/** Every fact in the data of a target is what its compiler says. */

import { describe, expect, it } from 'vitest';
import * as list from '../../../generator/targets/list.js';
import type { ScalarName, Target } from '../../../generator/targets/target.js';
import { isTargetName, targetCalled, targetNames, targets } from '../../../generator/targets/targets.js';
import { standard } from '../../../generator/verify/compile.js';
import { compilerOf, isInstalled, preprocess } from '../../../tools/lib/compilers.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { call, run } from '../../../tools/lib/programs.js';

/** The sizes of arrays that a C text defines, by name. */
function sizesIn(target: Target, source: string): Record<string, number> {
  const { cc, flags } = compilerOf(target);
  const assembly = run(cc, [...flags, standard, '-w', '-fno-common', '-S', '-o', '-', '-x', 'c', '-'], {
    input: source,
  });
  const sizes = [...assembly.matchAll(/^\s*\.(?:size|lcomm)\s+(\w+), *(\d+)/gm)];
  return Object.fromEntries(sizes.map(([, name, size]) => [name, Number(size)]));
}

/** What a compiler says of a type; undefined where it has none. */
function measured(target: Target, type: string): { size: number; align: number; fieldAlign: number } | undefined {
  const { cc, flags } = compilerOf(target);
  const declaration = `typedef ${type} T;\n`;
  if (call(cc, [...flags, '-fsyntax-only', '-w', '-x', 'c', '-'], { input: declaration }).status !== 0)
    return undefined;
  const member = '__builtin_offsetof(struct { char c; T m; }, m)';
  const {
    size = 0,
    align = 0,
    field = 0,
  } = sizesIn(target, `${declaration}char size[sizeof(T)], align[__alignof__(T)], field[${member}];\n`);
  return { size, align, fieldAlign: field };
}

const scalars: readonly ScalarName[] = [
  ...(['_Bool', 'char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned int'] as const),
  ...(['long', 'unsigned long', 'long long', 'unsigned long long', '__int128', 'unsigned __int128'] as const),
  ...(['float', 'double', 'long double', '_Float128'] as const),
];

for (const target of targets) {
  const { name, compiler } = target;
  describe.skipIf(!isInstalled(target))(`the data of ${name} (needs ${compiler.command[0]})`, () => {
    it('has the size and the alignments of every type, and no type that the compiler has not', () => {
      const said = (type: ScalarName): unknown => {
        const measure = target.scalars[type];
        return measure && { ...measure, fieldAlign: measure.fieldAlign ?? measure.align };
      };
      const expected = scalars.map((type) => [type, measured(target, type)]);
      expect(scalars.map((type) => [type, said(type)])).toEqual(expected);
      expect({ ...target.pointer, fieldAlign: target.pointer.align }).toEqual(measured(target, 'void *'));
      expect(Object.keys(target.scalars).sort()).toEqual(scalars.filter((type) => said(type)).sort());
    });

    it('has the rules of the compiler', () => {
      const found = sizesIn(
        target,
        `char signed_char[((char)-1 < 0) + 1];
typedef int vector_16 __attribute__((vector_size(16)));
typedef int vector_64 __attribute__((vector_size(64)));
char vectors[__alignof__(vector_64) / 4];
struct bare { char c; char d __attribute__((aligned)); };
char bare[__alignof__(struct bare)];
struct anonymous { char c; int :3; };
char anonymous[sizeof(struct anonymous)];
char size_type[__builtin_types_compatible_p(__SIZE_TYPE__, ${target.sizeType}) + 1];\n`,
      );
      expect(found).toMatchObject({
        signed_char: target.charSigned ? 2 : 1,
        vectors: (target.mostVectorAlignment ?? 64) / 4,
        bare: target.biggestAlignment,
        anonymous: target.anonymousBitFieldsAlign ? 4 : 2,
        size_type: 2,
      });
    });

    it('tells the alignment of a member from that of a type by itself, as the compiler does', () => {
      const arrays = 'char as_member[_Alignof(long long)], by_itself[__alignof__(long long)];\n';
      const macros = '#define AS_MEMBER _Alignof(long long)\n#define BY_ITSELF __alignof__(long long)\n';
      const { as_member, by_itself } = sizesIn(target, arrays);
      const { constants } = modelOf({ 'x.h': macros }, 'x.h', undefined, target);
      expect(constants.map(({ value }) => Number(value))).toEqual([as_member, by_itself]);
    });

    it('has the predefined macros that the compiler prints', async ({ skip }) => {
      const printed = new Set((await preprocess(compilerOf(target), '', '-dM')).split('\n'));
      if (!printed.has('#define __GNUC__ 12')) skip('the compiler is another than GCC 12');
      const lines = target.predefined.split('\n').filter((line) => line !== '');
      expect(lines.length).toBeGreaterThan(90);
      expect(lines.filter((line) => !printed.has(`#define ${line}`))).toEqual([]);
      expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(lines.length);
    });
  });
}

describe('the targets', () => {
  it('are those of the list in alphabetical order, and each says what compiler its facts come from', () => {
    expect(targetNames).toEqual(Object.keys(list).sort());
    for (const target of targets) {
      expect(targetCalled(target.name)).toBe(target);
      expect(isTargetName(target.name)).toBe(true);
      expect(target.compiler.package).toMatch(/^(?:gcc|clang)/);
    }
    for (const other of ['vax', '', 'toString', undefined]) expect(isTargetName(other)).toBe(false);
    expect(() => targetCalled('vax')).toThrow(/^unknown architecture 'vax'; expected one of arm, arm64, /);
  });

  it('have byte order and pointer size as their predefined macros say', () => {
    for (const { name, byteOrder, pointer, predefined } of targets) {
      const order = `__BYTE_ORDER__ __ORDER_${byteOrder.toUpperCase()}_ENDIAN__`;
      expect([name, predefined.includes(`\n${order}\n`)]).toEqual([name, true]);
      expect([name, predefined.includes(`\n__SIZEOF_POINTER__ ${pointer.size}\n`)]).toEqual([name, true]);
    }
  });
});
