import { describe, expect, it } from 'vitest';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const types =
  'typedef unsigned int u32;\ntypedef struct { u32 a; } handle;\nenum from_types { FT };\ntypedef enum { KT } kind;\n';

const covered: readonly (readonly [what: string, main: string, coveredHeaders: readonly string[]])[] = [
  ['nothing that is only included', '#include <b.h>\n#include <c.h>\nstruct s { int a; };', ['a.h']],
  ['a struct by value', '#include <b.h>\nstruct s { struct b b; };', ['a.h', 'b.h']],
  ['a struct in an array', '#include <b.h>\nstruct s { struct b b[2][3]; };', ['a.h', 'b.h']],
  ['a struct through typedefs', '#include <b.h>\nstruct s { b_list b; };', ['a.h', 'b.h']],
  [
    'a struct within an anonymous member',
    '#include <b.h>\nstruct s { union { int a; struct { struct b b; }; }; };',
    ['a.h', 'b.h'],
  ],
  ['a struct within an unnamed member', '#include <b.h>\nstruct s { struct { struct b b; } c; };', ['a.h', 'b.h']],
  [
    'a struct that a covered struct has',
    '#include <b.h>\n#include <c.h>\nstruct s { struct c c; };',
    ['a.h', 'b.h', 'c.h'],
  ],
  ['the argument of an ioctl', "#include <b.h>\n#define X _IOR('x', 1, struct b)", ['a.h', 'b.h']],
  [
    'the argument of an ioctl through a wrapper',
    "#include <b.h>\n#define W(t) _IOR('x', 1, t)\n#define X W(struct b)",
    ['a.h', 'b.h'],
  ],
  ['an array as the argument of an ioctl', "#include <b.h>\n#define X _IOR('x', 1, struct b[2])", ['a.h', 'b.h']],
  ['not what is only pointed to', '#include <b.h>\nstruct s { struct b *b; };', ['a.h']],
  ['not what an ioctl points to a pointer of', "#include <b.h>\n#define X _IOR('x', 1, struct b *)", ['a.h']],
  ['an enum', '#include <types.h>\nstruct s { enum from_types b[2]; };', ['a.h', 'types.h']],
  ['an enum through a typedef', '#include <types.h>\nstruct s { kind b; };', ['a.h', 'types.h']],
  ['what typeof finds', '#include <b.h>\nextern struct b v;\nstruct s { __typeof__(v) b; };', ['a.h', 'b.h']],
  ['not scalars', '#include <types.h>\nstruct s { u32 a; };', ['a.h']],
  ['not what a function or a variable has', '#include <b.h>\nextern struct b v;\nstruct b f(struct b);', ['a.h']],
  ['all that it includes where it says nothing itself', '#ifndef A\n#define A\n#include <b.h>\n#endif', ['a.h', 'b.h']],
  ['what a header that says nothing includes', '#include <nothing.h>\n#define S 1', ['a.h']],
  ['through headers that say nothing', '#include <nothing.h>', ['a.h', 'nothing.h', 'c.h', 'b.h']],
  ['what continues its name', '#include <asm/a.h>\n#define A 1', ['a.h', 'asm/a.h', 'generic/a-common.h']],
  ['not an ioctl whose argument is not defined', "#define X _IOR('x', 1, struct nowhere)", ['a.h']],
];

const others = {
  'nothing.h': '#include <c.h>',
  'asm/a.h': '#include <generic/a-common.h>\n#include <generic/ab.h>\n#define ASM_A 1\n',
  'generic/a-common.h': '#define COMMON 1\n',
  'generic/ab.h': '#define AB 1\n',
  'types.h': types,
  'b.h':
    '#ifndef B\n#define B 1\n#include <types.h>\nstruct b { u32 a; };\ntypedef struct b b_one;\ntypedef b_one b_list[2];\nenum in_b { IN_B };\n#endif\n',
  'c.h':
    '#ifndef C\n#define C 1\n#include <b.h>\nstruct c { struct b b; };\n#define C_FUNCTION(x) ((x) + 1)\n#define C_NOTHING\n#endif\n',
};

describe('a model covers', () => {
  it.each(covered)('%s', (_, main, covers) => {
    const model = modelOf({ 'a.h': main, ...others });
    expect(model.coveredHeaders).toEqual(covers);
    // Every header but the first is there as one before uses it: the others' modules lead to it.
    expect(new Set(Object.values(model.uses).flat())).toEqual(new Set(covers.slice(1)));
  });

  it('with all that a covered header declares, and nothing of others', () => {
    const main = '#include <c.h>\nstruct s { struct c c; };\n#define S 1\n';
    const { types, enums, constants, functions, omissions } = modelOf({ 'a.h': main, ...others });
    expect(types.map(({ tag, location }) => [tag, location])).toEqual([
      ['b', { header: 'b.h', line: 4 }],
      ['c', { header: 'c.h', line: 4 }],
      ['s', { header: 'a.h', line: 2 }],
    ]);
    expect(enums.map(({ tag }) => tag)).toEqual(['in_b']);
    expect(constants.map(({ name }) => name)).toEqual(['C', 'B', 'S']);
    expect(functions.map(({ name }) => name)).toEqual(['C_FUNCTION']);
    expect(omissions.map(({ name }) => name)).toEqual(['C_NOTHING']);
  });

  it('headers by the name they are included by', () => {
    const model = modelOf({
      'a.h': '#include "sub/b.h"\nstruct s { struct b b; };',
      'sub/b.h': '#include "../c.h"\nstruct b { int a; };',
      'c.h': '',
    });
    expect([model.header, model.coveredHeaders]).toEqual(['a.h', ['a.h', 'sub/b.h']]);
    expect(model.sources.map(({ name }) => name)).toEqual(['a.h', 'sub/b.h', 'c.h']);
  });

  it('and records each origin once', () => {
    const model = modelOf({ 'a.h': '#include <b.h>\n', 'b.h': '' });
    expect([model.origins, model.sources.map(({ origin }) => origin)]).toEqual([[{ kind: 'tree' }], [0, 0]]);
  });
});
