import { describe, expect, it } from 'vitest';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const types =
  'typedef unsigned int u32;\ntypedef struct { u32 a; } handle;\nenum from_types { FT };\ntypedef enum { KT } kind;\n';

const covered: readonly (readonly [what: string, main: string, coveredHeaders: readonly string[]])[] = [
  ['a header that is only included does not count', '#include <b.h>\n#include <c.h>\nstruct s { int a; };', ['a.h']],
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
  ['a type that is only pointed to does not count', '#include <b.h>\nstruct s { struct b *b; };', ['a.h']],
  [
    'a pointer to a pointer does not count as an argument',
    "#include <b.h>\n#define X _IOR('x', 1, struct b *)",
    ['a.h'],
  ],
  ['an enum', '#include <types.h>\nstruct s { enum from_types b[2]; };', ['a.h', 'types.h']],
  ['an enum through a typedef', '#include <types.h>\nstruct s { kind b; };', ['a.h', 'types.h']],
  ['the type of typeof', '#include <b.h>\nextern struct b v;\nstruct s { __typeof__(v) b; };', ['a.h', 'b.h']],
  [
    "a struct of one of the generator's own headers",
    '#include <stddef.h>\nstruct s { max_align_t b; };',
    ['a.h', 'stddef.h'],
  ],
  [
    "a scalar of one of the generator's own headers does not count",
    '#include <stddef.h>\nstruct s { size_t b; };',
    ['a.h'],
  ],
  ['scalars do not count', '#include <types.h>\nstruct s { u32 a; };', ['a.h']],
  [
    'the types of functions and variables do not count',
    '#include <b.h>\nextern struct b v;\nstruct b f(struct b);',
    ['a.h'],
  ],
  ['all includes of a header without declarations', '#ifndef A\n#define A\n#include <b.h>\n#endif', ['a.h', 'b.h']],
  ['a header without declarations between two headers', '#include <nothing.h>\n#define S 1', ['a.h']],
  ['a chain of headers without declarations', '#include <nothing.h>', ['a.h', 'nothing.h', 'c.h', 'b.h']],
  ['a header that continues the name', '#include <asm/a.h>\n#define A 1', ['a.h', 'asm/a.h', 'generic/a-common.h']],
  [
    'a private part that several headers may include',
    '#define A_H 1\n#include <part.h>\n#include <b.h>\n',
    ['a.h', 'part.h', 'part-of-part.h'],
  ],
  [
    'a part that refuses by #if, #ifndef and #elif',
    '#define A_H 1\n#include <refusing.h>\n#include <other-refusing.h>\n',
    ['a.h', 'refusing.h', 'other-refusing.h'],
  ],
  ['a header whose #error is about something else', '#define A_H 1\n#include <with-error.h>\n', ['a.h']],
  ['a part in the folder bits', '#define A_H 1\n#include <bits/part.h>\n', ['a.h', 'bits/part.h']],
  ['a part with reserved names only', '#define A_H 1\n#include <bits/types.h>\n', ['a.h']],
  ['an undefined argument of an ioctl does not count', "#define X _IOR('x', 1, struct nowhere)", ['a.h']],
];

const others = {
  'part.h':
    '#if !defined A_H && !defined OTHER_H\n#error "never include this"\n#endif\n#define PART_H\n#include <part-of-part.h>\nstruct part { int x; };\n',
  'part-of-part.h': '#ifndef PART_H\n#error\n#endif\n#define INNER 1\n',
  'refusing.h': '#ifndef REFUSING\n#define REFUSING\n#ifndef A_H\n# error\n#endif\nenum refusing { ONE };\n#endif\n',
  'other-refusing.h': '#if 0\n#elif !A_H\n#error\n#endif\ntypedef struct { int x; } other;\n',
  'with-error.h': '#if __WORDSIZE == 48\n#error\n#endif\n#define W 1\n#if W != 1\n#error\n#endif\n',
  'bits/part.h': '#define PART 1\n',
  'bits/types.h': '#define _BITS_TYPES 1\ntypedef int __dev_t;\ntypedef __dev_t dev_t;\nstruct __fsid { int x; };\n',
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

describe('covered headers', () => {
  it.each(covered)('the model covers the right headers: %s', (_, main, covers) => {
    const model = modelOf({ 'a.h': main, ...others });
    expect(model.coveredHeaders).toEqual(covers);
    // An earlier header uses every header except the first, so the modules of the others export it.
    expect(new Set(Object.values(model.uses).flat())).toEqual(new Set(covers.slice(1)));
  });

  it('the model has all declarations of covered headers and none of others', () => {
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
    expect(omissions.map(({ name }) => name)).toEqual(['C_NOTHING', 'b_one', 'b_list']);
  });

  it('a covered header has the name of its include', () => {
    const model = modelOf({
      'a.h': '#include "sub/b.h"\nstruct s { struct b b; };',
      'sub/b.h': '#include "../c.h"\nstruct b { int a; };',
      'c.h': '',
    });
    expect([model.header, model.coveredHeaders]).toEqual(['a.h', ['a.h', 'sub/b.h']]);
    expect(model.sources.map(({ name }) => name)).toEqual(['a.h', 'sub/b.h', 'c.h']);
  });

  it('the model records each origin once', () => {
    const model = modelOf({ 'a.h': '#include <b.h>\n', 'b.h': '' });
    expect([model.origins, model.sources.map(({ origin }) => origin)]).toEqual([[{ kind: 'tree' }], [0, 0]]);
  });
});
