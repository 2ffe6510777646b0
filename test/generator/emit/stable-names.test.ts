/** Public names are stable: if headers wrap, move and add members, and if C names equal JavaScript names. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import { namesOf } from '../../../generator/emit/export-names.js';
import { emitModules, modulePath } from '../../../generator/emit/modules.js';
import type { Model } from '../../../generator/model/model.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { classCalled, type Exports, importBindings } from '../../../tools/lib/imported-bindings.js';
import { modelOfText } from '../../helpers/committed-models.js';
import { diagnosticsOf } from '../../helpers/typescript-checker.js';

/** The members twice: once in an anonymous record, and once in a group with a tag and a name, as in kernel headers. */
const group = `#define GROUP(TAG, NAME, MEMBERS...) union { struct { MEMBERS }; struct TAG { MEMBERS } NAME; };`;

function model(text: string): Model {
  return modelOfText('a.h', `#include <linux/types.h>\n${group}\n${text}\n`);
}

/** The names that a program can use: each class with its C type, each accessor, and every constant. */
function identifiers(described: Model): Set<string> {
  const found = new Set<string>();
  let type = '';
  for (const { text } of emitModules(described)) {
    for (const line of text.split('\n')) {
      const [, exported] = /^export (?:const|class|type) ([\w$]+)/.exec(line) ?? [];
      if (exported !== undefined) {
        type = exported;
        found.add(exported);
      }
      const [, accessor] = /^ {2}(?:get|set) ([\w$]+)\(/.exec(line) ?? [];
      const [, title] = /^ {2}declare readonly \$\$type: '(.*)';/.exec(line) ?? [];
      if (accessor !== undefined) found.add(`${type}.${accessor}`);
      if (title !== undefined) found.add(`${type} is ${title}`);
    }
  }
  return found;
}

describe('the text of modules', () => {
  const text = readFileSync(new URL('../../../tools/lib/shapes.h', import.meta.url), 'utf8');
  const modulesOf = (header: string): string[] => emitModules(modelOfText('shapes.h', header)).map((file) => file.text);

  it('the text does not change if the header gets a line at its top', () => {
    expect(modulesOf(`/* one more line */\n${text}`)).toEqual(modulesOf(text));
    expect(modulesOf(`${text}\n#define ONE_MORE 1\n`)).not.toEqual(modulesOf(text));
  });
});

/** Returns the C types of the exported classes. */
function titles(exports: Exports, ...names: readonly string[]): (string | undefined)[] {
  return names.map((name) => classCalled(exports, name)?.$layout.name);
}

/** A member in C, or several members that a header has wrapped. */
type Piece =
  | { readonly is: 'scalar' | 'wide' | 'bits' | 'array' }
  | {
      readonly is: 'record';
      readonly keyword: 'struct' | 'union';
      readonly dims: string;
      readonly members: readonly Piece[];
    };

const { pieces } = fc.letrec<{ pieces: Piece[]; piece: Piece }>((tie) => ({
  pieces: fc.array(tie('piece'), { minLength: 1, maxLength: 5, size: 'max' }),
  piece: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('scalar', 'wide', 'bits', 'array') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        is: fc.constant('record' as const),
        keyword: fc.constantFrom('struct', 'union'),
        dims: fc.constantFrom('', '[2]'),
        members: tie('pieces'),
      }),
    },
  ),
}));

/** Short names of few letters, so that paths and tags have equal names. */
const spellings = ['a', 'b', 'a_b', 'b_c', 'c', '_a', 'B', 'constructor', 'io', 'd_', 'aB', 'x1', 'x_1', 'e', 'f', 'g'];
const declarators = { scalar: '__u32 N', wide: '__u64 N', bits: '__u16 N:3', array: '__u8 N[3]' };

/** How a group of members is wrapped. Null if it is not wrapped. */
type Wrap = 'struct' | 'union' | 'group' | 'tagged group' | null;

/**
 * Returns members as C text. Each of `wraps` is used for one group of members. Without `wraps`, no member is wrapped.
 */
function text(list: readonly Piece[], wraps: Iterator<Wrap>, groups: { count: number }): string {
  const names = [...spellings];
  const lines = list.map((piece) => {
    const name = names.shift() as string;
    if (piece.is !== 'record') return `${declarators[piece.is].replace('N', name)};`;
    return `${piece.keyword} { ${text(piece.members, wraps, groups)} } ${name}${piece.dims};`;
  });
  const wrapped: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const next = wraps.next();
    const wrap = next.done ? null : next.value;
    const run = lines.slice(at, wrap === null ? at + 1 : at + 2).join(' ');
    at += wrap === null ? 1 : 2;
    if (wrap === null) wrapped.push(run);
    // A group contains its members twice, but a tag must not be declared twice.
    else if (wrap === 'struct' || (wrap !== 'union' && run.includes('GROUP(tag_'))) wrapped.push(`struct { ${run} };`);
    else if (wrap === 'union') wrapped.push(`union { struct { ${run} }; __u64 filler_${groups.count++}[64]; };`);
    else {
      const tag = wrap === 'group' ? '' : `tag_${groups.count}`;
      wrapped.push(`GROUP(${tag}, group_${groups.count++}, ${run})`);
    }
  }
  return wrapped.join(' ');
}

const tags = ['run', 'run_a', 'run_b', 'Run', 'a_b', 'runA', 'view', 'u32_array', '_1'];
const declared = fc.uniqueArray(fc.record({ tag: fc.constantFrom(...tags), members: pieces }), {
  selector: ({ tag }) => tag,
  minLength: 1,
  maxLength: 4,
});

describe('stable names', () => {
  it('all names stay if members are wrapped in anonymous structs, unions and groups', () => {
    let wrappedOnes = 0;
    fc.assert(
      fc.property(
        declared,
        fc.array(fc.constantFrom<Wrap>('struct', 'union', 'group', 'tagged group', null), { maxLength: 12 }),
        (list, wraps) => {
          const say = (chosen: Iterator<Wrap>): Model => {
            const groups = { count: 0 };
            return model(
              list.map(({ tag, members }) => `struct ${tag} { ${text(members, chosen, groups)} };`).join('\n'),
            );
          };
          const [before, after] = [identifiers(say([][Symbol.iterator]())), identifiers(say(wraps[Symbol.iterator]()))];
          if (after.size > before.size) wrappedOnes++;
          expect([...before].filter((name) => !after.has(name))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
    expect(wrappedOnes).toBeGreaterThan(10);
  });

  it('the names do not depend on the order of the records', () => {
    const several = fc.uniqueArray(fc.record({ tag: fc.constantFrom(...tags, 'Run_A', 'A_B'), members: pieces }), {
      selector: ({ tag }) => tag,
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(several, fc.infiniteStream(fc.nat()), (list, order) => {
        const say = (records: typeof list): Set<string> =>
          identifiers(
            model(
              records
                .map(({ tag, members }) => `struct ${tag} { ${text(members, [][Symbol.iterator](), { count: 0 })} };`)
                .join('\n'),
            ),
          );
        const keys = new Map(list.map((record) => [record, order.next().value]));
        const shuffled = list.toSorted((a, b) => (keys.get(a) as number) - (keys.get(b) as number));
        expect([...say(shuffled)].sort()).toEqual([...say(list)].sort());
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a tag of its own', 'struct another { int x; };'],
    [
      'a tag that spells the class otherwise',
      'struct kvmRun { int x; }; struct __kvm_run { int x; }; union Kvm_run { int x; };',
    ],
    ['a typedef of the same name', 'typedef struct { long x; } kvm_run;'],
    ['an enum with the same PascalCase name', 'enum KvmRun { KVM_RUN_X };'],
    ['a path with the same name', 'struct kvm { struct { int x; } run; };'],
    ['a macro', '#define KVM_RUN 1'],
  ])('the names stay if a header gains %s, before or after', (_, added) => {
    const own = 'struct kvm_run { struct { __u32 port; } io; __u64 cr8; };';
    const before = identifiers(model(own));
    for (const header of [`${added}\n${own}`, `${own}\n${added}`]) {
      const after = identifiers(model(header));
      expect([...before].filter((name) => !after.has(name))).toEqual([]);
      expect(after.size).toBeGreaterThan(before.size);
    }
  });

  it.each([
    ['a macro of exactly the class', '#define KvmRun 1', 'KvmRun$'],
    ['an enumerator of exactly the class', 'enum { KvmRun };', 'KvmRun$'],
    ['a plain tag before it in the alphabet', 'struct kvmrun { int x; }; struct KVMRUN { int x; };', 'KvmRun'],
  ])('a name changes, as documented, if a header gains %s', (_, added, name) => {
    expect(namesOf(model(`struct kvm_run { int a; };\n${added}`)).record('struct kvm_run')).toBe(name);
  });
});

describe('every kind of collision at once', () => {
  const described = model(`
struct same { __u8 a; };
typedef struct { __u64 b; } same;
struct same_user { struct same one; same other; same list[2]; };
struct foo { __u32 a; };
union Foo { __u32 b; };
enum foo_ { FOO_A };
enum Enumerated { __proto__ = 5, constructor = 6, toString = 7, then = 8, await = 9 };
#define Foo_bar 1
struct _1st { __u32 a; };
struct __1st { __u32 a; };
struct _ { __u32 a; };
struct __ { struct { __u32 a; } _; };
struct u32_array_big_endian { __be32 words[2]; __be64 wide; };
struct set_number64_little_endian { __le64 wide; };
struct char_array { char text[4]; };
struct then { __u32 then; __u64 await; __u32 arguments, eval, __proto__, prototype, name, length, caller; };
struct default_ { __u32 default_; };
#define $target 2
#define high 3
#define U64Array 4
#define CharArray 5
#define setNumber64BigEndian 6
#define arguments 7
#define eval 8
#define Symbol 9
#define Atomics 10
#define RangeError 11
`);
  const files = filesFor([described]);

  it('the modules compile in TypeScript', () => {
    expect(diagnosticsOf(files)).toEqual([]);
  });

  it('all names follow the documented rule', async () => {
    const { exports } = await importBindings({ model: described, files });
    expect(Object.keys(exports).sort()).toEqual(
      [
        ...['$target', '$target$', 'Same', 'Same$', 'SameUser', 'Foo', 'Foo$', 'Foo$$', 'FOO_A', 'Foo_bar'],
        ...['Enumerated', '__proto__', 'constructor', 'toString', 'then$', 'await$', '_1st', '__1st', '_', '__', '__$'],
        ...['U32ArrayBigEndian$', 'SetNumber64LittleEndian', 'CharArray$$', 'CharArray$', 'Then', 'Default'],
        ...['high', 'U64Array$', 'setNumber64BigEndian$', 'arguments$', 'eval$', 'Symbol', 'Atomics', 'RangeError'],
      ].sort(),
    );
    const { Enumerated, CharArray$, $target$, then$ } = exports;
    expect(Object.entries(Enumerated as object)).toEqual([
      ...[
        ['__proto__', 5],
        ['constructor', 6],
        ['toString', 7],
        ['then', 8],
        ['await', 9],
      ],
    ]);
    expect(titles(exports, 'Same', 'Same$', 'Foo', 'Foo$', 'CharArray$$', '__$')).toEqual([
      ...['struct same', 'same', 'struct foo', 'union Foo', 'struct char_array', 'struct __._'],
    ]);
    expect([CharArray$, $target$, then$]).toEqual([5, 2, 8]);
  });

  it('members with names that have a meaning in JavaScript can be read and written', async () => {
    const { exports } = await importBindings({ model: described, files });
    const { Then, SameUser } = exports as Record<string, new (view: DataView) => Record<string, unknown>>;
    const then = new (Then as NonNullable<typeof Then>)(new DataView(new ArrayBuffer(64)));
    const names = ['then', 'await', 'arguments', 'eval', '__proto__$', 'prototype', 'name', 'length', 'caller'];
    const values = Object.fromEntries(names.map((name, index) => [name, name === 'await' ? 2n : index]));
    Object.assign(then, values);
    expect(then).toMatchObject(values);
    expect(await then).toBe(then);
    const { one, other, list } = new (SameUser as NonNullable<typeof SameUser>)(new DataView(new ArrayBuffer(64)));
    Object.assign(one as object, { a: 1 });
    Object.assign(other as object, { b: 2n });
    expect([one, other, list]).toMatchObject([{ a: 1 }, { b: 2n }, { length: 2 }]);
  });

  it('the module does not look like a promise', async () => {
    const { exports } = await importBindings({ model: described, files });
    expect('then' in exports).toBe(false);
  });
});

describe('modules', () => {
  it('the modules of two headers in one model export no name twice', async () => {
    const described = modelOf({
      'linux/b.h': '#include <asm/a.h>\nunion Foo { struct foo a; int b; };\nstruct aB { int x; };\n',
      'asm/a.h': 'struct foo { int a; };\nstruct a_b { long x; };\n',
    });
    const otherHashes = { ...described, sources: described.sources.map((source) => ({ ...source, sha256: '0' })) };
    const files = filesFor([otherHashes]);
    expect(described.coveredHeaders).toEqual(['linux/b.h', 'asm/a.h']);
    expect(diagnosticsOf(files)).toEqual([]);
    const { exports } = await importBindings({ model: otherHashes, files });
    expect(Object.keys(exports).sort()).toEqual(['$target', 'AB', 'AB$', 'Foo', 'Foo$']);
    expect(titles(exports, 'Foo', 'Foo$', 'AB', 'AB$')).toEqual(['struct foo', 'union Foo', 'struct a_b', 'struct aB']);
  });

  it('modules that were generated separately can be exported together after an explicit choice', () => {
    const files = filesFor(['a.h', 'b.h'].map((name) => modelOfText(name, '#define ONE 1\n')));
    const both = "export * from './x86_64/a.js';\nexport * from './x86_64/b.js';\n";
    const chosen = `${both}export { $target, ONE } from './x86_64/a.js';\n`;
    const checked = (text: string): string[] => diagnosticsOf([...files, { path: 'both.ts', text }]);
    expect(checked(both)).toHaveLength(2);
    expect(checked(chosen)).toEqual([]);
  });

  it('the modules of headers that differ only in the case of letters have different names', () => {
    const at = (header: string): string => modulePath({ target: 'x86_64' }, header);
    expect(at('linux/netfilter/xt_mark.h')).toBe('x86_64/linux/netfilter/xt_mark');
    expect(at('linux/netfilter/xt_MARK.h')).toBe('x86_64/linux/netfilter/xt_MARK$');
    const models = ['xt_mark.h', 'xt_MARK.h'].map((name) => modelOfText(name, '#define ONE 1\n'));
    expect(diagnosticsOf(filesFor(models))).toEqual([]);
  });

  it('modules whose paths differ only in the case of letters are refused', () => {
    const models = ['Abc.h', 'aBC.h'].map((name) => modelOfText(name, '#define ONE 1\n'));
    expect(() => filesFor(models)).toThrow(
      'x86_64/aBC$.ts and x86_64/Abc$.ts differ only in the case of letters; use --out to generate one of the headers into a separate folder',
    );
  });
});
