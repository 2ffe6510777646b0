/** C names that mean something in JavaScript or TypeScript, or that contain `$`: modules type-check and run. */

import { describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { localName, memberProperty, namesOf, secondProperty } from '../../../generator/emit/export-names.js';
import type { Model } from '../../../generator/model/model.js';
import { allocate, type View, type ViewClass } from '../../../support/index.js';
import { type Exports, importBindings } from '../../../tools/lib/imported-bindings.js';
import { modelOfText } from '../../helpers/committed-models.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

const dollars = [
  ...['$', '$$', '$x', 'x$', '$x$', '$$x', 'x$$', '$$x$', '$$x$form', '$x$form', 'x$form', 'a$b', '$a$b', 'a$b$'],
  ...['$size', '$align', '$layout', '$flexible', '$discriminator', '$target', '$target$'],
  ...['$view', '$$view', '$$view$', '$$offset', '$$type', '$$layout', '$$c', '$c', 'constructor$', '$constructor'],
  ...['$$uncloneable', '$$values', 'toJSON$', '$toJSON', 'X', '$$X', '$$XInner'],
];
const objectNames = [
  ...Object.getOwnPropertyNames(Object.prototype),
  'toJSON',
  'prototype',
  'name',
  'length',
  'caller',
  'then',
];
const contextual = [
  'any',
  'type',
  'of',
  'as',
  'is',
  'async',
  'get',
  'set',
  'declare',
  'readonly',
  'abstract',
  'symbol',
];
const contextualTypes = [
  'never',
  'unknown',
  'object',
  'string',
  'number',
  'boolean',
  'bigint',
  'unique',
  'infer',
  'keyof',
];
const words = [
  ...['arguments', 'await', 'catch', 'class', 'debugger', 'delete', 'eval', 'export', 'extends', 'false', 'finally'],
  ...['function', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected'],
  ...['public', 'super', 'this', 'throw', 'true', 'try', 'undefined', 'var', 'with', 'yield', 'implements', 'NaN'],
  ...['Infinity', 'exports', 'require', 'module', '__esModule', 'globalThis', 'using', 'accessor', 'satisfies'],
];
const globals = [
  ...['Object', 'Number', 'BigInt', 'Math', 'DataView', 'Iterable', 'Array', 'Symbol', 'String', 'Error', 'RangeError'],
  ...['Promise', 'Proxy', 'Reflect', 'Function', 'Boolean', 'ArrayBuffer', 'Record', 'Readonly', 'Partial', 'Infinity'],
];
const support = [
  'toJson',
  'outOfBounds',
  'uncloneable',
  'View',
  'U8Array',
  'NestedArray',
  'ViewArray',
  'ViewIterator',
  'copy',
  'elementsWithin',
  'getBits',
  'IoctlByPointer',
];
const locals = ['view', 'offset', 'value', 'high', 'low', 'left', 'right', 'length'];
const names = [
  ...new Set([
    ...dollars,
    ...objectNames,
    ...contextual,
    ...contextualTypes,
    ...words,
    ...globals,
    ...support,
    ...locals,
  ]),
];

function modelFor(text: string): Model {
  return modelOfText('names.h', `#include <linux/types.h>\n#include <linux/ioctl.h>\n${text}`);
}

async function checked(text: string): Promise<{ readonly model: Model; readonly exports: Exports }> {
  const model = modelFor(text);
  const files = filesFor([model]);
  expect(diagnosticsOf(files)).toEqual([]);
  const { exports } = await importBindings({ model, files });
  return { model, exports };
}

type Instance = Record<string, unknown>;

function make(exports: Exports, name: string): Instance {
  const type = exports[name] as { new (view: DataView): Instance; readonly $size: number };
  return new type(new DataView(new ArrayBuffer(type.$size)));
}

describe('members with names that mean something in JavaScript', () => {
  it.each([
    ['32 bits', '__u32', (index: number): unknown => index + 1],
    ['64 bits', '__u64', (index: number): unknown => BigInt(index + 1)],
    ['an array', '__u8', undefined],
  ])('every member has a property of its own, which reads and writes its bytes: %s', async (_, type, valueAt) => {
    const dims = valueAt === undefined ? '[4]' : '';
    const members = names.map((name) => `${type} ${name}${dims};`).join('\n');
    const { model, exports } = await checked(`struct s {\n${members}\n};`);
    expect(model.types[0]?.members.map(({ name }) => name)).toEqual(names);
    const view = make(exports, 'S');
    const properties = names.map(memberProperty);
    expect(new Set(properties).size).toBe(names.length);
    if (valueAt === undefined) {
      for (const [index, property] of properties.entries()) view[property] = [index];
      const read = properties.map((property) => [...(view[property] as Iterable<number>)][0]);
      expect(read).toEqual(names.map((_, index) => index));
      return;
    }
    for (const [index, property] of properties.entries()) view[property] = valueAt(index);
    expect(properties.map((property) => view[property])).toEqual(names.map((_, index) => valueAt(index)));
    if (type !== '__u64') return;
    const seconds = names.map(secondProperty);
    expect(new Set([...properties, ...seconds]).size).toBe(2 * names.length);
    expect(seconds.map((property) => view[property])).toEqual(names.map((_, index) => index + 1));
  });

  it('every bit-field and every unnamed struct has a property of its own', async () => {
    const text = names.map((name) => `__u64 ${name} : 7;`).join('\n');
    const records = names.map((name) => `struct { __u8 ${name}; } ${name};`).join('\n');
    const { exports } = await checked(`struct bits {\n${text}\n};\nstruct records {\n${records}\n};`);
    const [bits, nested] = [make(exports, 'Bits'), make(exports, 'Records')];
    for (const [index, name] of names.entries()) {
      bits[secondProperty(name)] = index % 128;
      (nested[memberProperty(name)] as Instance)[memberProperty(name)] = index;
    }
    expect(names.map((name) => bits[memberProperty(name)])).toEqual(names.map((_, index) => BigInt(index % 128)));
    expect(names.map((name) => (nested[memberProperty(name)] as Instance)[memberProperty(name)])).toEqual(
      names.map((_, index) => index),
    );
  });

  it('a record without members has no class and no property, even if it has bytes', async () => {
    const { exports } = await checked(
      'struct s { int a; struct { } b; struct { } c[2]; struct { int : 3; } d; struct { struct { int : 3; } f; } e; };',
    );
    expect(Object.keys(exports).filter((name) => /^S/.test(name))).toEqual(['SE', 'S']);
    const { S } = exports;
    const view = allocate(S as ViewClass<View>);
    expect(JSON.parse(JSON.stringify(view))).toEqual({ a: 0, e: {} });
  });

  it('the member that counts the elements of a flexible array has such a name', async () => {
    const { exports } = await checked(
      '#define __counted_by(m) __attribute__((counted_by(m)))\n' +
        'struct s { __u64 $count; __u8 $tail[] __counted_by($count); };',
    );
    const { S: type } = exports as unknown as { readonly S: { readonly $flexible: object } };
    expect(type.$flexible).toEqual({ member: '$tail$', offset: 8, elementSize: 1, countedBy: '$count$' });
  });
});

describe('exports with names that mean something in JavaScript', () => {
  // Shows: security 10
  it('every constant has an export of its own', async () => {
    const { model, exports } = await checked(names.map((name, index) => `#define ${name} ${index}\n`).join(''));
    const exported = namesOf(model);
    expect(names.map((name) => exports[exported.constant(name)])).toEqual(names.map((_, index) => index));
  });

  it('every enumerator has an export of its own, and its C name in the object of the enum', async () => {
    const { model, exports } = await checked(`enum e { ${names.join(', ')} };`);
    const exported = namesOf(model);
    expect(names.map((name) => exports[exported.constant(name)])).toEqual(names.map((_, index) => index));
    const { E: object } = exports as unknown as { readonly E: object };
    for (const [index, name] of names.entries()) {
      expect(Object.getOwnPropertyDescriptor(object, name)?.value).toBe(index);
    }
  });

  it('every ioctl, string and function has an export of its own', async () => {
    const third = (remainder: number): string[] => names.filter((_, index) => index % 3 === remainder);
    const text = [
      ...third(0).map((name, index) => `#define ${name} _IOR('n', ${index}, __u32)`),
      ...third(1).map((name) => `#define ${name} "${name}"`),
      ...third(2).map((name) => `#define ${name}(x) ((x) + 1)`),
    ];
    const { model, exports } = await checked(`${text.join('\n')}\n`);
    const exported = namesOf(model);
    for (const name of third(0)) expect(exports[exported.constant(name)]).toMatchObject({ name });
    for (const name of third(1)) expect(exports[exported.constant(name)]).toBe(name);
    for (const name of third(2)) {
      const macro = exports[exported.functionMacro(name)] as (x: number) => number;
      expect(macro(2)).toBe(3);
    }
  });

  // Shows: security 10
  it('every parameter of a macro has a name of its own', async () => {
    const lists = Array.from({ length: names.length - 1 }, (_, index) => names.slice(index, index + 2));
    const pairs = [...lists, ['x', '$x'], ['x$', '$x'], ['class', 'class$'], ['$c', '$$c'], ['x', '$x$']];
    const text = pairs.map(([a, b], index) => `#define F${index}(${a}, ${b}) ((${a}) * 256 + (${b}))\n`);
    const { exports } = await checked(text.join(''));
    for (const index of pairs.keys()) {
      expect((exports[`F${index}`] as (a: number, b: number) => number)(3, 4)).toBe(772);
    }
    expect(new Set(names.map(localName)).size).toBe(names.length);
  });

  // Shows: security 10
  it('every struct, union and enum has an export of its own', async () => {
    const kinds = ['struct', 'union', 'enum'];
    const text = names.map((name, index) => {
      const kind = kinds[index % 3];
      return `${kind} ${name} { ${kind === 'enum' ? `E${index} = ${index}` : `__u32 e${index};`} };`;
    });
    const users = names.map((name, index) => `struct user${index} { ${kinds[index % 3]} ${name} value; };`);
    const { model, exports } = await checked([...text, ...users].join('\n'));
    const exported = namesOf(model);
    for (const [index, name] of names.entries()) {
      const cName = `${kinds[index % 3]} ${name}`;
      if (index % 3 === 2) expect(exports[exported.enumeration(cName)]).toEqual({ [`E${index}`]: index });
      else {
        const type = exports[exported.record(cName)] as { readonly $size: number; readonly $layout: object };
        expect([type.$size, type.$layout]).toEqual([4, expect.objectContaining({ name: cName })]);
      }
    }
  });
});
