import { describe, expect, it } from 'vitest';
import { filesFor } from '../../generator/cli/generate.js';
import { s390x } from '../../generator/targets/s390x.js';
import * as big from '../../support/big-endian.js';
import {
  type Atomic,
  atomic,
  S32Value,
  type TypeLayout,
  U32Value,
  U64Value,
  type ViewWithLayout,
} from '../../support/index.js';
import { hasCompiler, needsCompiler, printedByCompiled } from '../../tools/lib/gcc.js';
import { type Bindings, importBindings } from '../../tools/lib/imported-bindings.js';
import { modelOfText } from '../helpers/committed-models.js';
import { diagnosticsOf } from '../helpers/typescript-checker.js';

const header = `
#include <linux/types.h>
enum colour { RED, BLUE = 7 };
struct ring {
  __u8 u8; __s8 s8; __u16 u16; __s16 s16; __u32 u32; __s32 s32; __u64 u64; __s64 s64;
  void *pointer; enum colour colour; _Bool flag; float real; __u32 bits:5; __u32 array[2];
  __be32 big; __le32 little; __u32 constructor; struct { __u32 head; } inner; long double opaque;
  union { __u16 wrapped; };
};
struct odd { __u8 tag; __u32 value; __u64 wide; } __attribute__((packed));
`;
const model = modelOfText('ring.h', header);
const files = filesFor([model]);
const members = ['u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64'] as const;

type Any = ViewWithLayout & Record<string, unknown>;
/** Calls `atomic` without its types, because the types would reject these calls. */
const untyped = atomic as unknown as (view: ViewWithLayout, member: string) => Atomic<bigint | number>;

function viewOf({ exports }: Bindings, name: string, buffer: ArrayBufferLike, offset = 0): Any {
  const type = exports[name] as new (view: DataView, offset: number) => Any;
  return new type(new DataView(buffer), offset);
}

const operations = ['exchange', 'add', 'sub', 'and', 'or', 'xor'] as const;
const [before, operand] = [0x8123_4567_89ab_cdefn, 0x7fed_cba9_8765_43ffn];

describe.skipIf(!hasCompiler)(`atomic operations as C has them ${needsCompiler}`, () => {
  const inC = (name: string): string => (name === 'exchange' ? '__atomic_exchange_n' : `__atomic_fetch_${name}`);
  const program = `#include <stdio.h>
#include <string.h>
typedef unsigned char u8; typedef signed char s8; typedef unsigned short u16; typedef short s16;
typedef unsigned int u32; typedef int s32; typedef unsigned long long u64; typedef long long s64;
#define SHOW(value) ((value) < 0 ? printf("%lld ", (long long)(value)) : printf("%llu ", (unsigned long long)(value)))
#define TRY(type, function) { type cell = (type)${before}ull; \\
  type old = function(&cell, (type)${operand}ull, __ATOMIC_SEQ_CST); SHOW(old); SHOW(cell); puts(""); }
#define SWAP(type, wanted) { type cell = (type)${before}ull, expected = (type)wanted; \\
  __atomic_compare_exchange_n(&cell, &expected, (type)${operand}ull, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \\
  SHOW(expected); SHOW(cell); puts(""); }
int main(void) {
${members.flatMap((type) => [...operations.map((name) => `  TRY(${type}, ${inC(name)})`), `  SWAP(${type}, ${before}ull)`, `  SWAP(${type}, 1)`]).join('\n')}
  return 0;
}
`;

  it.each([ArrayBuffer, SharedArrayBuffer])(
    'the operations over an %o equal those of C for every width and sign',
    async (buffer) => {
      const bindings = await importBindings({ model, files });
      const wanted = printedByCompiled(program)
        .trimEnd()
        .split('\n')
        .map((line) => line.trim());
      const found = members.flatMap((member) => {
        const wide = member.endsWith('64');
        const value = (integer: bigint): bigint | number => (wide ? integer : Number(BigInt.asIntN(32, integer)));
        const tried = (action: (cell: Atomic<bigint | number>) => unknown): string => {
          const view = viewOf(bindings, 'Ring', new buffer(256), 16);
          const cell = untyped(view, member);
          cell.store(value(before));
          const old = action(cell);
          expect(view[member]).toBe(cell.load());
          return `${old} ${cell.load()}`;
        };
        // The result is compared after a read, and also modulo the width.
        return [
          ...operations.map((name) => tried((cell) => cell[name](value(operand)))),
          tried((cell) => cell.compareExchange(value(before), value(operand))),
          tried((cell) => cell.compareExchange(value(1n), value(operand))),
        ];
      });
      expect(found).toEqual(wanted);
    },
  );
});

describe('atomic', () => {
  it('atomic accepts enums, pointers, members of anonymous members and renamed members', async () => {
    const view = viewOf(await importBindings({ model, files }), 'Ring', new SharedArrayBuffer(256), 16);
    untyped(view, 'colour').store(7);
    untyped(view, 'pointer').store(0xffff_8000_0000_1000n);
    untyped(view, 'constructor$').store(9);
    untyped(view, 'wrapped').store(0x1_0002);
    untyped(view, 'little').add(3);
    const { colour, pointer, constructor$, wrapped, little } = view;
    expect([colour, pointer, constructor$, wrapped, little]).toEqual([7, 0xffff_8000_0000_1000n, 9, 2, 3]);
  });

  it('atomic uses one cell of the memory, not a copy', async () => {
    const view = viewOf(await importBindings({ model, files }), 'Ring', new SharedArrayBuffer(256), 16);
    const cell = untyped(view, 'u32');
    expect(cell.cell).toHaveLength(1);
    expect([cell.cell.buffer, cell.cell.byteOffset]).toEqual([view.$$view.buffer, 16 + 8]);
    Object.assign(view, { u32: 5 });
    expect(cell.add(1)).toBe(5);
    expect(view).toMatchObject({ u32: 6 });
  });

  it.each([
    ['bits', 'is a bit-field'],
    ['array', 'is an array'],
    ['inner', 'is not an integer'],
    ['flag', 'is not an integer'],
    ['real', 'is not an integer'],
    ['opaque', 'is not an integer'],
    ['big', 'is big-endian, but this machine is not'],
    ['toString', 'does not exist'],
    ['$u64', 'does not exist'],
  ])('atomic refuses %s: it %s', async (member, problem) => {
    const view = viewOf(await importBindings({ model, files }), 'Ring', new ArrayBuffer(256));
    expect(() => untyped(view, member)).toThrow(new TypeError(`atomic: struct ring.${member} ${problem}`));
  });

  it('atomic refuses an address that is not a multiple of the size', async () => {
    const bindings = await importBindings({ model, files });
    const memory = new ArrayBuffer(256);
    const refused = (name: string, at: number, size: number): RangeError =>
      new RangeError(`atomic: ${name} is at byte ${at} of its buffer, but its address must be a multiple of ${size}`);
    expect(() => untyped(viewOf(bindings, 'Odd', memory), 'value')).toThrow(refused('struct odd.value', 1, 4));
    expect(() => untyped(viewOf(bindings, 'Odd', memory, 4), 'wide')).toThrow(refused('struct odd.wide', 9, 8));
    expect(() => untyped(viewOf(bindings, 'Odd', memory, 3), 'value')).not.toThrow();
    const shifted = new U32Value(new DataView(memory, 2), 4);
    expect(() => atomic(shifted, 'value')).toThrow(refused('unsigned int.value', 6, 4));
    expect(() => untyped(viewOf(bindings, 'Odd', memory, 2), 'tag')).not.toThrow();
  });

  it('atomic refuses members of the other byte order, except single bytes', async () => {
    const foreign = modelOfText('ring.h', header, s390x);
    const view = viewOf(
      await importBindings({ model: foreign, files: filesFor([foreign]) }),
      'Ring',
      new ArrayBuffer(256),
    );
    const problem = 'atomic: struct ring.u32 is big-endian, but this machine is not';
    expect(() => untyped(view, 'u32')).toThrow(new TypeError(problem));
    expect(untyped(view, 'u8').add(3)).toBe(0);
    expect(untyped(view, 'little').add(3)).toBe(0);
    expect(view).toMatchObject({ little: 3 });
    expect(() => atomic(new big.U64Value(view.$$view), 'value')).toThrow(TypeError);
  });

  it('atomic accepts the value of a single scalar', () => {
    const memory = new DataView(new SharedArrayBuffer(16));
    expect([atomic(new S32Value(memory, 4), 'value').sub(1), memory.getInt32(4, true)]).toEqual([0, -1]);
    const wide: bigint = atomic(new U64Value(memory, 8), 'value').or(4n);
    expect([wide, memory.getBigUint64(8, true)]).toEqual([0n, 4n]);
  });

  it('atomic and every operation throw a TypeError if the buffer is detached', () => {
    const value = new U32Value(new DataView(new ArrayBuffer(8)));
    const cell = atomic(value, 'value');
    structuredClone(value.$$view.buffer, { transfer: [value.$$view.buffer as ArrayBuffer] });
    for (const name of operations) expect(() => cell[name](1)).toThrow(TypeError);
    expect(() => cell.load()).toThrow(TypeError);
    expect(() => cell.store(1)).toThrow(TypeError);
    expect(() => cell.compareExchange(1, 1)).toThrow(TypeError);
    expect(() => atomic(value, 'value')).toThrow(TypeError);
  });

  it('atomic uses the layout of the view', () => {
    const layout: TypeLayout = { name: 'none', size: 1, align: 1, byteOrder: 'little', members: {} };
    const view: ViewWithLayout = { $$view: new DataView(new ArrayBuffer(8)), $$offset: 0, $$layout: layout };
    expect(() => untyped(view, 'hasOwnProperty')).toThrow(new TypeError('atomic: none.hasOwnProperty does not exist'));
  });
});

it('the types of atomic reject members that it refuses, and distinguish numbers from bigints', () => {
  const uses = `
import { allocate, atomic, U64Value, type Atomic } from './support/index.js';
import { Odd, Ring } from './x86_64/ring.js';
const ring = allocate(Ring);
export const narrow: readonly Atomic<number>[] = [
  atomic(ring, 'u8'), atomic(ring, 's16'), atomic(ring, 'u32'), atomic(ring, 'colour'),
  atomic(ring, 'constructor$'), atomic(ring, 'wrapped'), atomic(ring, 'little'), atomic(ring.inner, 'head'),
];
export const wide: readonly Atomic<bigint>[] = [
  atomic(ring, 'u64'), atomic(ring, 's64'), atomic(ring, 'pointer'), atomic(allocate(U64Value), 'value'),
];
atomic(allocate(Odd), 'wide').add(1n);
atomic(ring, 'bits'); // wrong
atomic(ring, 'array'); // wrong
atomic(ring, 'inner'); // wrong
atomic(ring, 'flag'); // wrong
atomic(ring, 'real'); // wrong
atomic(ring, 'opaque'); // wrong
atomic(ring, 'big'); // wrong
atomic(ring, 'toString'); // wrong
atomic(ring, '$u64'); // wrong
atomic(ring, 'constructor'); // wrong
atomic(ring, 'u64').add(1); // wrong
atomic(ring, 'u32').add(1n); // wrong
atomic(ring, 'head'); // wrong
`;
  const wrong = uses.split('\n').flatMap((line, index) => (line.includes('// wrong') ? [`uses.ts:${index + 1}`] : []));
  const found = diagnosticsOf([...files, { path: 'uses.ts', text: uses }]);
  expect(found.map((text) => text.split(': ')[0])).toEqual(wrong);
});
