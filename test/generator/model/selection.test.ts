/** The part of a model that a selection keeps. */

import { describe, expect, it } from 'vitest';
import { emitFiles } from '../../../generator/core.js';
import type { Model } from '../../../generator/model/model.js';
import { type Selection, SelectionError, select, selectWithin } from '../../../generator/model/selection.js';
import { type Headers, modelOf } from '../../../tools/lib/headers-in-memory.js';

const ioctlHeader = `
#define _IOC(d, t, n, s) (((d) << 30) | ((s) << 16) | ((t) << 8) | (n))
#define _IOR(t, n, T) _IOC(2U, t, n, sizeof(T))
#define _IOC_READ 2U
#define _IOC_WRITE 1U
#define _IOC_DIR(n) ((n) >> 30)
#define _IOC_SIZE(n) (((n) >> 16) & 0x3fff)
#define _IOC_TYPE(n) (((n) >> 8) & 0xff)
#define _IOC_NR(n) ((n) & 0xff)
`;

const headers: Headers = {
  'x/main.h': `
#include <x/ioctl.h>
#include <x/parts.h>
struct apart { int a; };
struct pointed { int a; };
struct whole {
  struct part part;
  union { struct { struct inner *to; struct listed list[2]; } s; int i; };
  struct pointed *p;
};
enum named { N_ONE, N_TWO, N_THREE };
enum { U_ONE, U_TWO };
#define X_ONE 1
#define X_TWO 2
#define X_TEXT "text"
#define X_CALL(a) ((a) + 1)
#define X_GET _IOR('x', 1, struct argument)
#define X_GET_AGAIN X_GET
struct argument { struct part part; };
`,
  'x/ioctl.h': ioctlHeader,
  'x/parts.h':
    '#include <x/deep.h>\nstruct part { struct deep deep; };\nstruct listed { int a; };\nstruct lonely { int a; };\n',
  'x/deep.h': 'struct deep { int a; };\n#define DEEP_ONE 1\n',
};

function selected(selection: Selection): Model {
  const [model] = select([modelOf(headers)], selection);
  return model as Model;
}

function namesIn({ types, enums, constants, ioctls, functions }: Model): Record<string, readonly string[]> {
  return {
    types: types.map(({ tag }) => tag),
    enums: enums.map(({ tag, enumerators }) => `${tag}: ${enumerators.map(({ name }) => name).join(' ')}`),
    constants: [...constants, ...functions].map(({ name }) => name),
    ioctls: ioctls.map(({ name }) => name),
  };
}

const nothing = { types: [], enums: [], constants: [], ioctls: [] };

describe('a selection', () => {
  it.each<[what: string, selection: Selection, left: Partial<ReturnType<typeof namesIn>>]>([
    ["adds the records of a record's members", { types: ['whole'] }, { types: ['deep', 'part', 'listed', 'whole'] }],
    ['accepts a type with its keyword', { types: ['struct apart'] }, { types: ['apart'] }],
    ['accepts an enum', { types: ['named'] }, { enums: ['named: N_ONE N_TWO N_THREE'] }],
    ['adds nothing to a constant', { constants: ['X_ONE'] }, { constants: ['X_ONE'] }],
    ['accepts strings and functions', { constants: ['X_TEXT', 'X_CALL'] }, { constants: ['X_TEXT', 'X_CALL'] }],
    [
      'accepts single enumerators without their enum',
      { constants: ['N_TWO', 'U_ONE'] },
      { enums: ['null: N_TWO', 'null: U_ONE'] },
    ],
    [
      'keeps the enumerators of a selected enum',
      { types: ['enum named'], constants: ['N_TWO'] },
      { enums: ['named: N_ONE N_TWO N_THREE'] },
    ],
    [
      'adds the argument of an ioctl',
      { constants: ['X_GET'] },
      { types: ['deep', 'part', 'argument'], constants: ['X_GET'], ioctls: ['X_GET'] },
    ],
    [
      'adds the ioctl of another name',
      { constants: ['X_GET_AGAIN'] },
      { types: ['deep', 'part', 'argument'], constants: ['X_GET', 'X_GET_AGAIN'], ioctls: ['X_GET'] },
    ],
    [
      'accepts regular expressions',
      { constants: [/^X_(ONE|TWO)$/, /^x_text$/i] },
      { constants: ['X_ONE', 'X_TWO', 'X_TEXT'] },
    ],
    ['accepts regular expressions as strings', { types: ['/^A/i'] }, { types: ['apart', 'deep', 'part', 'argument'] }],
    ['selects nothing if it is empty', { types: [] }, {}],
  ])('the selection %s', (_what, selection, left) => {
    const sorted = (names: Record<string, readonly string[] | undefined>): unknown =>
      Object.fromEntries(Object.entries(names).map(([key, list = []]) => [key, [...list].sort()]));
    expect(sorted(namesIn(selected(selection)))).toEqual(sorted({ ...nothing, ...left }));
  });

  it('the model records the selection, and without a selection the model does not change', () => {
    const model = modelOf(headers);
    expect(selected({ types: ['apart'], constants: [/^X_O/] }).selection).toEqual({
      types: ['apart'],
      constants: ['/^X_O/'],
    });
    expect(select([model], {})).toEqual([model]);
    expect(model).not.toHaveProperty('selection');
  });

  it('the flags of a regular expression do not affect the matches', () => {
    expect(selected({ constants: [/^X_(?:ONE|TWO)$/gy] }).constants).toHaveLength(2);
  });

  it('the selection gives modules of the remaining headers with their imports', () => {
    const whole = modelOf(headers);
    expect(whole.uses).toEqual({ 'x/main.h': ['x/parts.h'], 'x/parts.h': ['x/deep.h'] });
    expect(selected({ types: ['apart'] }).coveredHeaders).toEqual(['x/main.h']);
    const deep = selected({ constants: ['X_ONE', 'DEEP_ONE'] });
    expect(deep.coveredHeaders).toEqual(['x/main.h', 'x/deep.h']);
    expect(deep.uses).toEqual({ 'x/main.h': ['x/deep.h'] });
  });

  it('two headers give the same selection of a shared header', () => {
    const shared: Headers = {
      'x/a.h': '#include <x/parts.h>\nstruct a { struct part p; };\n',
      'x/b.h': '#include <x/parts.h>\nstruct b { struct listed l; struct part p; };\n',
      'x/parts.h': headers['x/parts.h'] as string,
      'x/deep.h': headers['x/deep.h'] as string,
    };
    const models = select([modelOf(shared, 'x/a.h'), modelOf(shared, 'x/b.h')], { types: ['a', 'b'] });
    expect(models.map(({ types }) => types.map(({ tag }) => tag).sort())).toEqual([
      ['a', 'deep', 'listed', 'part'],
      ['b', 'deep', 'listed', 'part'],
    ]);
    expect(emitFiles(models, { support: () => '' }).map(({ path }) => path)).toContain('x86_64/x/parts.ts');
  });
});

describe('a pattern that matches no name', () => {
  const problem = (selection: Selection): SelectionError => {
    try {
      selected(selection);
    } catch (error) {
      if (error instanceof SelectionError) return error;
    }
    throw new Error('it names something');
  };

  it.each<[what: string, selection: Selection, key: string, message: RegExp]>([
    [
      'is refused with its key',
      { types: ['apart', 'nothing'] },
      'types[1]',
      /^'nothing' matches none of the types of <x\/main\.h>$/,
    ],
    ['gets suggestions of similar names', { types: ['whol'] }, 'types[0]', /did you mean whole\?/],
    ['belongs to the other key', { types: ['X_ONE'] }, 'types[0]', /move it to 'constants', because it is one of them/],
    [
      'belongs to the other key',
      { constants: ['whole'] },
      'constants[0]',
      /move it to 'types', because it is one of them/,
    ],
  ])('the pattern %s: %o', (_what, selection, key, message) => {
    const error = problem(selection);
    expect(error.key).toBe(key);
    expect(error.problem).toMatch(message);
  });

  it('the error has the reason of an omission', () => {
    const model = modelOf({ 'x.h': '#define X_BAD something\n' });
    expect(() => select([model], { constants: ['X_BAD'] })).toThrow(/X_BAD is an omission: /);
  });

  it('the pattern is accepted if headers are missing', () => {
    expect(selectWithin([modelOf(headers)], { types: ['nothing'] })[0]?.types).toEqual([]);
  });
});
