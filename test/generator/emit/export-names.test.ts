import { describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { memberProperty, namesOf, pascalCase, secondProperty } from '../../../generator/emit/export-names.js';
import { type EmittedFile, emitModules } from '../../../generator/emit/modules.js';
import type { Member, Model } from '../../../generator/model/model.js';
import { arm64 } from '../../../generator/targets/arm64.js';
import { s390x } from '../../../generator/targets/s390x.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { importBindings } from '../../../tools/lib/imported-bindings.js';
import { committedModel, modelOfText, shapesModel } from '../../helpers/committed-models.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

function model(text: string): Model {
  return modelOfText('a.h', `#include <linux/types.h>\n${text}\n`);
}

/** Returns the names of all classes of a header's text: first the classes with a tag, then the unnamed ones. */
function classNames(text: string): string[] {
  const described = model(text);
  const names = namesOf(described);
  const unnamed = (members: readonly Member[]): string[] =>
    members.flatMap((member) => [
      ...(member.members && member.name !== null ? [names.unnamed(member)] : []),
      ...unnamed(member.members ?? []),
    ]);
  return [
    ...described.types.map((type) => names.record(type.cName)),
    ...described.types.flatMap(({ members }) => unnamed(members)),
  ];
}

/** The names from C. Every module also has `$target`. */
function exportedNames({ text }: EmittedFile): string[] {
  return [...text.matchAll(/^export (?:const|class) (\w[\w$]*)/gm)].map(([, name]) => name as string);
}

describe('the class of a tag', () => {
  it.each([
    ['kvm_run', 'KvmRun'],
    ['kvm_s390_io_info', 'KvmS390IoInfo'],
    ['kvm_cpuid2', 'KvmCpuid2'],
    ['in6_addr', 'In6Addr'],
    ['__kernel_fsid', 'KernelFsid'],
    ['trailing_', 'Trailing'],
    ['a__b', 'AB'],
    ['HvCall', 'HvCall'],
    ['x', 'X'],
  ])('the class of %s is called %s', (tag, name) => {
    expect(pascalCase(tag)).toBe(name);
    expect(classNames(`struct ${tag} { int a; };`)).toEqual([name]);
  });

  it('the class has the name of a typedef if the record has no other name', () => {
    expect(classNames('typedef struct { int a; } kernel_fsid;')).toEqual(['KernelFsid']);
  });

  it('the class of an unnamed record has the name of its path through named members', () => {
    const text = 'struct kvm_run { union { struct { struct { int a; } deep; } io_event; union { int b; } x; }; };';
    expect(classNames(text)).toEqual(['KvmRun', 'KvmRunIoEvent', 'KvmRunIoEventDeep', 'KvmRunX']);
  });

  it('the class keeps its name if members are wrapped in anonymous groups', () => {
    const members = 'struct { int a; struct { int b; } inner; } io; union { int c; } hypercall[2];';
    const plain = `struct run { ${members} };`;
    for (const wrapped of [
      `struct run { struct { ${members} }; };`,
      `struct run { union { struct { ${members} }; int d; }; };`,
      `struct run { union { union { struct { ${members} }; }; }; };`,
    ]) {
      expect(classNames(wrapped)).toEqual(classNames(plain));
    }
  });
});

describe('two equal names', () => {
  it.each([
    [
      'of classes: the first declared keeps it',
      'struct a_b { int a; }; struct A_b { int a; }; struct aB { int a; };',
      ['AB', 'AB$', 'AB$$'],
    ],
    [
      'of a tag and a path: the tag keeps it',
      'struct run { struct { int a; } io; }; struct run_io { int b; };',
      ['Run', 'RunIo', 'RunIo$'],
    ],
    [
      'of two paths: the first keeps it',
      'struct a { struct { struct { int x; } c; } b; struct { int y; } b_c; };',
      ['A', 'AB', 'ABC', 'ABC$'],
    ],
    ['of a class and a macro: the macro keeps it', '#define Point 1\nstruct point { int x; };', ['Point$']],
    ['of a class and an enumerator: the enumerator keeps it', 'enum { Point }; struct point { int x; };', ['Point$']],
    [
      'of a path and a macro: the macro keeps it',
      '#define RunIo 1\nstruct run { struct { int a; } io; };',
      ['Run', 'RunIo$'],
    ],
    [
      'of a class and what the support library gives',
      'struct view { int x; }; struct u8_array { int x; };',
      ['View$', 'U8Array$'],
    ],
    [
      'of a class and what JavaScript gives',
      'struct data_view { int x; }; struct number { int x; };',
      ['DataView$', 'Number$'],
    ],
  ])('one name gets a $: %s', (_, text, names) => {
    expect(classNames(text)).toEqual(names);
  });

  it('the class keeps its name if an enum has the same name', () => {
    const described = model('enum aB { X }; struct a_b { int a; };');
    expect(namesOf(described).record('struct a_b')).toBe('AB');
    expect(namesOf(described).enumeration('enum aB')).toBe('AB$');
  });

  it('a macro and its enumerator have one export', () => {
    const described = model('enum colour { RED };\n#define RED RED');
    expect(namesOf(described).constant('RED')).toBe('RED');
  });

  it('all exports of a header have different names', () => {
    for (const described of [committedModel(), shapesModel()]) {
      const names = emitModules(described).flatMap(exportedNames);
      expect(names.length).toBeGreaterThan(described.types.length);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe('a constant', () => {
  it.each(['KVM_RUN', 'kvm_lower', '_X', 'e', '__LINUX'])('the constant has its C name: %s', (name) => {
    expect(namesOf(model(`#define ${name} 1`)).constant(name)).toBe(name);
  });

  it.each([
    'delete',
    'class',
    'await',
    'yield',
    'let',
    'eval',
    'arguments',
    'undefined',
    'NaN',
    'Infinity',
    'null',
    'package',
  ])('the constant with a reserved name gets a $ at its end: %s', (name) => {
    expect(namesOf(model(`#define ${name} 1`)).constant(name)).toBe(`${name}$`);
    expect(namesOf(model(`enum { ${name} };`)).constant(name)).toBe(`${name}$`);
  });

  it('a constant never hides a name that emitted modules import or use from JavaScript', () => {
    const described = [committedModel(), ...[x86_64, s390x, arm64].map((target) => shapesModel(target))];
    const modules = described.flatMap((each) => emitModules(each));
    const imported = modules.flatMap(({ text }) =>
      [...text.matchAll(/^import \{([^}]*)\} from '[./]*support\/(?:little|big)-endian\.js';/gm)].flatMap(
        ([, names = '']) => names.split(',').map((name) => name.replace(/^\s*(?:type |\w+ as )?/, '').trim()),
      ),
    );
    const names = [...new Set([...imported, 'BigInt', 'Number', 'DataView', 'Iterable'])].filter((name) => name !== '');
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) expect(namesOf(model(`#define ${name} 1`)).constant(name)).toBe(`${name}$`);
  });
});

describe('a member', () => {
  it.each(['constructor', '__proto__', 'toString', 'toLocaleString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'])(
    'the member with the name of an object property gets a $ at its end: %s',
    (name) => {
      expect(memberProperty(name)).toBe(`${name}$`);
    },
  );

  it('other members keep their C name', () => {
    for (const name of [
      'class',
      'new',
      'delete',
      'static',
      'get',
      'name',
      'length',
      'prototype',
      'then',
      'view',
      'offset',
    ]) {
      expect(name in {}).toBe(false);
      expect(memberProperty(name)).toBe(name);
    }
    for (const name of Object.getOwnPropertyNames(Object.prototype)) expect(memberProperty(name)).toBe(`${name}$`);
  });

  it('the number form of a member has a $ before its name', () => {
    expect(secondProperty('cr8')).toBe('$cr8');
    expect(secondProperty('__proto__')).toBe('$__proto__');
  });
});

describe('a header with many names that have a meaning in JavaScript', () => {
  const described = model(`
enum number { toString, default, Point, };
struct point { __u32 constructor; __u64 __proto__; __u8 toString[2]; __u64 valueOf; __u8 hasOwnProperty : 3; };
struct object {
  __u64 size, align, layout, type, view, offset, flexible;
  struct { struct { __u32 constructor; } __proto__; } constructor;
  struct { __u16 length; } prototype[2];
  struct point name;
};
struct array { __u32 class, new, delete, get, set, static, async, await, declare, readonly; };
struct promise { __u8 then; };
struct view { __u8 view; __u16 offset; __u32 value; __u8 copy[2]; };
struct data_view { struct view view; __u64 BigInt, Number; };
#define value 7
#define view 8
#define offset 9
#define copy 10
#define delete 11
#define getBits 12
#define Object 13
#define globalThis 14
#define constructor 15
`);
  const files = filesFor([described]);

  it('the modules compile in TypeScript', () => {
    expect(diagnosticsOf(files)).toEqual([]);
  });

  it('the members and constants can be read and written', async () => {
    const { exports } = await importBindings({ model: described, files });
    expect(new Set(Object.keys(exports))).toEqual(
      new Set([
        ...['toString', 'default$', 'Point', 'Number$', 'value', 'view', 'offset', 'copy$', 'delete$', 'getBits$'],
        ...['Object', 'globalThis', 'constructor', 'Point$', 'ObjectConstructor', 'ObjectConstructorProto'],
        ...['ObjectPrototype', 'Object$', 'Array', 'Promise', 'View$', 'DataView$', '$target'],
      ]),
    );
    expect(exports).toMatchObject({
      copy$: 10,
      view: 8,
      constructor: 15,
      Number$: { toString: 0, default: 1, Point: 2 },
    });
    const make = (name: string): Record<string, unknown> => {
      const type = exports[name] as { new (view: DataView): Record<string, unknown>; readonly $size: number };
      return new type(new DataView(new ArrayBuffer(type.$size)));
    };
    const get = (value: unknown, ...path: readonly string[]): unknown =>
      path.reduce((holder, name) => (holder as Record<string, unknown>)[name], value);
    const point = make('Point$');
    Object.assign(point, { constructor$: 1, __proto__$: 2n, toString$: [3, 4], $valueOf: 5, hasOwnProperty$: 6 });
    expect(['constructor$', '__proto__$', '$__proto__'].map((name) => get(point, name))).toEqual([1, 2n, 2]);
    expect([...(get(point, 'toString$') as Iterable<number>)]).toEqual([3, 4]);
    expect([get(point, 'valueOf$'), get(point, 'hasOwnProperty$'), String(point)]).toEqual([5n, 6, '[object Object]']);
    const object = make('Object$');
    for (const name of ['size', 'align', 'layout', 'type', 'view', 'offset', 'flexible']) {
      object[`$${name}`] = 3;
      expect(object[name]).toBe(3n);
    }
    Object.assign(get(object, 'constructor$', '__proto__$') as object, { constructor$: 9 });
    expect(get(object, 'constructor$', '__proto__$', 'constructor$')).toBe(9);
    Object.assign(object, { name: point });
    expect(get(object, 'name', '__proto__$')).toBe(2n);
    expect(Object.keys(get(exports, 'Point$', '$layout', 'members') as object)).toEqual([
      ...['constructor$', '__proto__$', 'toString$', 'valueOf$', 'hasOwnProperty$'],
    ]);
  });
});
