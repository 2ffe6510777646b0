/** The judge can fail: it reports each wrong fact and each lost item of a model. */

import { beforeAll, expect, it } from 'vitest';
import { openHeaders } from '../../../generator/cli/header-options.js';
import type { Model } from '../../../generator/model/model.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { type Compiler, compilerOf } from '../../../tools/lib/compilers.js';
import { type Finding, judge } from '../../../tools/oracle/judge.js';
import { valueKinds } from '../../../tools/oracle/macros.js';
import { folderOf } from '../../helpers/cli.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

const text = `
#include <linux/ioctl.h>
#define SIZE 12
#define NAME "a name"
#define LIST "a name", "another"
#define NOTHING
#define EMPTY NOTHING
#define CALL page_size()
#define CONDITION (__builtin_constant_p(1) ? 1 : page_size())
#define OPEN (
#define UNKNOWN not_defined
#define BLOCK do { } while (0)
#define ALIAS TWICE
#define TWICE(x) (2 * (x))
#define MY_IOR(nr, type) _IOR('m', nr, type)
#define GET MY_IOR(1, struct plain)
#define GET_NEXT (GET + 1)
struct plain {
  unsigned char first;
  unsigned long second;
  struct { int inner; unsigned low : 3, high : 5; } nested;
};
enum { RED, BLUE = 7 };
extern int page_size(void) __attribute__((const));
#define inner nested.inner
extern const struct { int lost; } table[2];
`;

describeWithCompiler('the judge', ['readelf'], () => {
  let folder: string;
  let compiler: Compiler;
  let model: Model;

  beforeAll(() => {
    folder = folderOf({ 'demo.h': text });
    compiler = compilerOf(x86_64, [folder]);
    model = openHeaders({ header: ['demo.h'], arch: x86_64.name, include: [folder] }).model('demo.h');
  });

  const table = ['struct at demo.h:26', 'struct at demo.h:26.lost'];

  it('the judge finds only unnamed types in the correct model', async () => {
    const { findings, inventory, compared } = await judge(model, compiler);
    expect(findings.map(({ item, missing, header }) => [item, missing, header])).toEqual(
      table.map((item) => [item, true, 'demo.h']),
    );
    expect(inventory.types.length).toBe(3);
    expect(inventory.members.map((name) => name.replace(/^demo\.h:\d+ /, ''))).toEqual([
      ...['struct plain.first', 'struct plain.second', 'struct plain.nested'],
      ...['struct plain.nested.inner', 'struct plain.nested.low', 'struct plain.nested.high'],
      'struct at demo.h:26.lost',
    ]);
    expect(inventory.enums.length).toBe(1);
    expect(inventory.enumerators).toEqual(['demo.h RED', 'demo.h BLUE']);
    expect(inventory.integers.map((name) => name.split(' ')[1])).toEqual(['SIZE', 'CONDITION', 'GET', 'GET_NEXT']);
    expect(inventory.ioctls).toEqual(['demo.h:16 GET']);
    expect(compared.assertions).toBeGreaterThan(30);
  });

  const plain = (change: (type: Model['types'][number]) => Model['types'][number]): Partial<Model> => ({
    types: model.types.map((type) => (type.tag === 'plain' ? change(type) : type)),
  });
  const without = (name: string): Partial<Model> => ({
    constants: model.constants.filter((each) => each.name !== name),
  });
  const withSize = (value: number, type: string): Partial<Model> => ({
    constants: model.constants.map((each) => (each.name === 'SIZE' ? { ...each, value, type } : each)),
  });

  it.each<[what: string, change: () => Partial<Model>, found: readonly (readonly [item: string, missing: boolean])[]]>([
    ['an alignment', () => plain((type) => ({ ...type, align: 4 })), [['struct plain', false]]],
    ['a size', () => plain((type) => ({ ...type, size: 32 })), [['struct plain', false]]],
    [
      'the offset of a member',
      () =>
        plain((type) => ({
          ...type,
          members: type.members.map((each, at) => (at === 1 ? { ...each, offset: 4 } : each)),
        })),
      [['struct plain.second', false]],
    ],
    [
      'a member that is lost',
      () => plain((type) => ({ ...type, members: type.members.slice(1) })),
      [['struct plain.first', true]],
    ],
    ['a macro that is lost', () => without('SIZE'), [['SIZE', true]]],
    [
      'a macro that the omissions has, and the compiler a value for',
      () => ({
        ...without('SIZE'),
        omissions: [
          ...model.omissions,
          { kind: 'macro', name: 'SIZE', reason: 'none', location: { header: 'demo.h', line: 3 } },
        ],
      }),
      [['SIZE', true]],
    ],
    ['the value of a macro', () => withSize(13, 'int'), [['SIZE', false]]],
    ['the sign of a macro', () => withSize(12, 'unsigned int'), [['SIZE', false]]],
    ['the width of a macro', () => withSize(12, 'long'), [['SIZE', false]]],
    ['a function-like macro that is lost', () => ({ functions: [] }), [['TWICE', true]]],
    ['a request that is lost', () => ({ ioctls: [] }), [['GET', false]]],
    [
      'the number of a request',
      () => ({ ioctls: model.ioctls.map((each) => ({ ...each, request: each.request + 1 })) }),
      [['GET', false]],
    ],
    [
      'an enum that is lost',
      () => ({ enums: [] }),
      [
        ['RED', true],
        ['BLUE', true],
      ],
    ],
    [
      'an enumerator',
      () => ({
        enums: model.enums.map((each) => ({
          ...each,
          enumerators: each.enumerators.map((one) => (one.name === 'BLUE' ? { ...one, value: 8 } : one)),
        })),
      }),
      [['BLUE', false]],
    ],
  ])('the judge finds %s', async (_, change, found) => {
    const { findings } = await judge({ ...model, ...change() }, compiler);
    const others = findings.filter(({ item }) => !table.includes(item));
    const once = new Map(others.map(({ item, missing }: Finding) => [`${item} ${missing}`, [item, missing]]));
    expect([...once.values()]).toEqual(found);
  });

  it('the judge reports a header that the compiler rejects', async () => {
    const { findings } = await judge({ ...model, header: 'absent.h' }, compiler);
    expect(findings).toMatchObject([{ header: 'absent.h', item: '', missing: false, text: /absent\.h/ }]);
  });

  it('the kind of a macro does not depend on other macros', async () => {
    const kinds = {
      OPEN: 'no value',
      SIZE: 'an integer',
      NAME: 'a string',
      LIST: 'no value',
      EMPTY: 'no value',
      CALL: 'no value',
      CONDITION: 'an integer',
      UNKNOWN: 'no value',
      BLOCK: 'no value',
      ALIAS: 'no value',
      GET: 'an integer',
    };
    expect(Object.fromEntries(await valueKinds(compiler, model, Object.keys(kinds)))).toEqual(kinds);
  });
});
