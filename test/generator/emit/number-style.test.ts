/** Views in which the number form of a 64-bit member has the C name. */

import { beforeAll, describe, expect, it } from 'vitest';
import { emitFiles } from '../../../generator/core.js';
import { supportText } from '../../../generator/index.js';
import { s390x } from '../../../generator/targets/s390x.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { assign, type View } from '../../../support/index.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { classCalled, type Exports, importBindings } from '../../../tools/lib/imported-bindings.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

const header = `
#include <linux/types.h>
struct s {
  unsigned long long u;
  long long i;
  unsigned long long low:40;
  unsigned long long wide:60;
  int plain;
  __be64 big;
  __le64 little;
};
#define X_EXACT 0x100000000ULL
#define X_BEYOND 0xffffffffffffffffULL
enum { E_WIDE = 0x100000000LL };
`;
const types = 'typedef unsigned long long __be64, __le64;\n';

describe.each([x86_64, s390x])('on $name', (target) => {
  let files: ReturnType<typeof emitFiles>;
  let exports: Exports;
  let view: Record<string, unknown> & { readonly u: number; readonly wide: bigint; readonly plain: number } & View;
  beforeAll(async () => {
    const model = modelOf({ 'x.h': header, 'linux/types.h': types }, undefined, undefined, target);
    files = emitFiles([model], { support: supportText, u64: 'number' });
    exports = (await importBindings({ model, files })).exports;
    const type = classCalled(exports, 'S');
    if (!type) throw new Error('there is no class S');
    view = new type(new DataView(new ArrayBuffer(type.$size))) as unknown as typeof view;
  });

  it.each([
    ['u', 2 ** 53 - 1],
    ['i', -(2 ** 53 - 1)],
    ['low', 2 ** 40 - 1],
    ['big', 2 ** 53 - 1],
    ['little', 2 ** 53 - 1],
  ])('%s is a number, and $ with the name is the bigint', (name, value) => {
    Object.assign(view, { [name]: value });
    expect(view[name]).toBe(value);
    expect(view[`$${name}`]).toBe(BigInt(value));
    Object.assign(view, { [`$${name}`]: 7n });
    expect(view[name]).toBe(7);
  });

  it('assign takes numbers and refuses bigints, also if the member has a value that a number cannot hold', () => {
    const given = view as View & Record<string, unknown>;
    Object.assign(given, { $u: 2n ** 64n - 1n });
    assign(given, { u: 5, i: -5, low: 6, wide: 2n ** 60n - 1n, big: 7 });
    expect(view).toMatchObject({ u: 5, $i: -5n, low: 6, wide: 2n ** 60n - 1n, big: 7 });
    expect(() => assign(given, { u: 5n })).toThrow(TypeError);
    expect(() => assign(given, { u: 2 ** 53 })).toThrow(RangeError);
    expect(() => assign(given, { low: 2 ** 40 })).toThrow(RangeError);
  });

  it('members with a byte order of their own use it', () => {
    Object.assign(view, { big: 0x0102_0304_0506, little: 0x0102_0304_0506 });
    const layout = classCalled(exports, 'S')?.$layout.members;
    const bytes = (name: string): number[] => [
      ...new Uint8Array(view.$$view.buffer, layout?.[name]?.offset, layout?.[name]?.size),
    ];
    expect(bytes('big')).toEqual([0, 0, 1, 2, 3, 4, 5, 6]);
    expect(bytes('little')).toEqual([6, 5, 4, 3, 2, 1, 0, 0]);
  });

  it('TypeScript has the same types, and atomic access to 64 bits uses bigints', () => {
    const module = `./${target.name}/x.js`;
    const uses = `import { S } from '${module}';
import { type Atomic, atomic } from './support/index.js';
const view = new S(new DataView(new ArrayBuffer(S.$size)));
export const numbers: number[] = [view.u, view.i, view.big];
export const bigints: bigint[] = [view.$u, view.$big];
export const wide: Atomic<bigint> = atomic(view, 'u');
export const narrow: Atomic<number> = atomic(view, 'plain');
atomic(view, 'u').add(1);
`;
    expect(diagnosticsOf([...files, { path: 'uses.ts', text: uses }])).toEqual([
      "uses.ts:8: Argument of type 'number' is not assignable to parameter of type 'bigint'.",
    ]);
  });

  it('the number form throws if a number cannot hold the value', () => {
    Object.assign(view, { $u: 2n ** 53n });
    expect(() => view.u).toThrow(RangeError);
    expect(() => Object.assign(view, { u: 2 ** 53 })).toThrow(RangeError);
  });

  it('a bit-field with more than 53 bits stays a bigint, and small members do not change', () => {
    Object.assign(view, { wide: 2n ** 60n - 1n, plain: -1 });
    expect([view.wide, view.plain]).toEqual([2n ** 60n - 1n, -1]);
    expect('$wide' in view || '$plain' in view).toBe(false);
  });

  it('a constant is a number if a number can hold it exactly', () => {
    expect(exports).toMatchObject({ X_EXACT: 2 ** 32, X_BEYOND: 2n ** 64n - 1n, E_WIDE: 2 ** 32 });
  });
});
