import { describe, expect, it } from 'vitest';
import type { CType, MemberNode, RecordNode } from '../../../../generator/c/syntax.js';
import { placeOf } from '../../../../generator/c/tokens.js';
import { parsed } from '../../../helpers/declarations.js';

function recordsOf(text: string): readonly RecordNode[] {
  return parsed(text).declarations.records;
}

function membersOf(text: string): readonly MemberNode[] {
  return recordsOf(text).at(-1)?.members ?? [];
}

function namesOf(text: string): (string | null)[] {
  return membersOf(text).map(({ name }) => name);
}

describe('records', () => {
  it.each([
    ['struct s { };', []],
    ['struct s { ; ; };', []],
    ['struct s { int a; };', ['a']],
    ['struct s { int a, b; long c; };', ['a', 'b', 'c']],
    ['struct s { int a, *b, c[2], (*d)(int), (*e)[3]; };', ['a', 'b', 'c', 'd', 'e']],
    ['struct s { int a; ; int b; };', ['a', 'b']],
    ['struct s { int a:3, b:4; unsigned :5, c:6; int :0; };', ['a', 'b', null, 'c', null]],
    ['struct s { struct { int a; }; union { int b; } c; };', [null, 'c']],
    ['struct s { struct { int a; } __attribute__((packed)); int b; };', [null, 'b']],
    ['struct s { struct tag { int a; }; int b; };', ['b']],
    ['struct s { struct tag { int a; } b, *c; };', ['b', 'c']],
    ['struct s { struct tag; int b; };', ['b']],
    ['struct s { enum { A, B }; int b; };', ['b']],
    ['struct s { enum e { A, B } b; };', ['b']],
    ['struct s { int a; _Static_assert(sizeof(int) == 4, "four"); int b; };', ['a', 'b']],
    ['struct s { __extension__ union { int a; }; __extension__ long long b; };', [null, 'b']],
    ['struct s { const struct { int a; }; volatile int b; };', [null, 'b']],
    ['struct s { int a __attribute__((aligned(8))), b __attribute__((packed)); };', ['a', 'b']],
    ['struct s { _Alignas(8) int a; int _Alignas(long) b; };', ['a', 'b']],
    ['struct s { int a:3 __attribute__((packed)), b:2 + 1; };', ['a', 'b']],
    ['struct s { char a[]; };', ['a']],
    ['typedef int t; struct s { t t; t a; };', ['t', 'a']],
    ['typedef int t; struct s { unsigned t; };', ['t']],
    ['typedef int t; struct s { t :3; t a:2; };', [null, 'a']],
    ['struct s { int (a), (*b), ((c[2])); };', ['a', 'b', 'c']],
    ['#define M(x) x, x##_too\nstruct s { int M(a); };', ['a', 'a_too']],
  ] as const)('the parser reads the members of %s', (text, want) => {
    expect(namesOf(text)).toEqual(want);
  });

  it('the parser distinguishes an unnamed bit-field from an anonymous record', () => {
    const members = membersOf('struct s { int :3; struct { int a; }; union { int b; }; };');
    expect(members.map(({ type, width }) => [type.kind, width === null])).toEqual([
      ['scalar', false],
      ['unnamed record', true],
      ['unnamed record', true],
    ]);
  });

  it('a record comes after the records inside it and has its tag', () => {
    const text = 'struct a { struct b { int x; } b; union { struct c { int y; } c; }; }; typedef struct { int z; } d;';
    expect(recordsOf(text).map(({ keyword, tag }) => `${keyword} ${tag}`)).toEqual([
      'struct b',
      'struct c',
      'union null',
      'struct a',
      'struct null',
    ]);
  });

  it('a record has the location of its tag, or of its keyword without a tag', () => {
    const records = recordsOf(
      'struct a {\n  union {\n    int x; } b;\n};\nstruct __attribute__((packed))\n  c { int y; };',
    );
    expect(records.map(({ at }) => placeOf(at))).toEqual(['x.h:2', 'x.h:1', 'x.h:6']);
  });

  it('a member has its location and the location of its semicolon', () => {
    const members = membersOf('struct s {\n  int a,\n    b\n  ;\n  struct { int c; }\n  ;\n  int :3;\n};');
    expect(members.map(({ at, declaration }) => [placeOf(at), placeOf(declaration.end)])).toEqual([
      ['x.h:2', 'x.h:4'],
      ['x.h:3', 'x.h:4'],
      ['x.h:5', 'x.h:6'],
      ['x.h:7', 'x.h:7'],
    ]);
  });

  it.each([
    ['struct __attribute__((packed)) s { int a; };', true, 0],
    ['struct s { int a; } __attribute__((packed));', true, 0],
    ['struct __attribute__((__packed__)) s { int a; } __attribute__((aligned(8)));', true, 1],
    ['struct s { int a; } __attribute__((packed, aligned(8), aligned));', true, 2],
    ['struct s { int a; } __attribute__((aligned(2))) __attribute__((unused)) __attribute__((packed));', true, 1],
    ['struct s { int a; } __attribute__((unused, deprecated("packed")));', false, 0],
    ['struct s { int a; } x __attribute__((packed));', false, 0],
    ['struct s { int a; }; __attribute__((packed)) int y;', false, 0],
  ] as const)('the parser reads the attributes of %s', (text, packed, aligned) => {
    const [record] = recordsOf(text);
    expect([record?.attributes.packed, record?.attributes.aligned.length]).toEqual([packed, aligned]);
  });

  it.each([
    ['struct s { int a; };', null],
    ['#pragma pack(2)\nstruct s { int a; };', 2],
    ['#pragma pack(1)\n#pragma pack()\nstruct s { int a; };', null],
    ['#pragma pack(4)\n#pragma pack(0)\nstruct s { int a; };', null],
    ['#pragma pack(push, 1)\n#pragma pack(pop)\nstruct s { int a; };', null],
    ['#pragma pack(4)\n#pragma pack(push)\n#pragma pack(1)\n#pragma pack(pop)\nstruct s { int a; };', 4],
    ['#pragma pack(push, a, 1)\n#pragma pack(push, b, 2)\n#pragma pack(pop, a)\nstruct s { int a; };', null],
    ['#pragma pack(8)\n#pragma pack(push, a, 1)\n#pragma pack(push, b, 2)\n#pragma pack(pop)\nstruct s { int a; };', 1],
    ['struct s { int a;\n#pragma pack(1)\n};', 1],
    ['#pragma pack(1)\nstruct s { int a; };\n#pragma pack()\n', 1],
    ['_Pragma("pack(2)") struct s { int a; };', 2],
  ] as const)('the parser reads the limit of #pragma pack: %j', (text, want) => {
    expect(recordsOf(text)[0]?.pack).toBe(want);
  });
});

describe('enums', () => {
  it.each([
    ['enum e { A };', ['A']],
    ['enum e { A, B, };', ['A', 'B']],
    ['enum e { A = 1, B = A << 2, C = (1, 2) };', ['A', 'B', 'C']],
    ['enum { A __attribute__((deprecated)), B __attribute__((unused)) = 3 };', ['A', 'B']],
    ['enum e { A = sizeof(struct { int x; }), B };', ['A', 'B']],
    ['#define LIST(x) x(A) x(B)\n#define ITEM(n) n,\nenum e { LIST(ITEM) };', ['A', 'B']],
    ['#define A A\nenum e { A, B = A };', ['A', 'B']],
  ] as const)('the parser reads the enumerators of %j', (text, want) => {
    expect(parsed(text).declarations.enums[0]?.enumerators.map(({ name }) => name)).toEqual(want);
  });
});

describe('declarations', () => {
  const typedefs = (text: string): string[] => [...parsed(text).declarations.typedefs.keys()];

  it('the parser uses the first of two equal typedefs with one name', () => {
    const { declarations } = parsed('typedef int t;\ntypedef int t;');
    expect(placeOf(declarations.typedefs.get('t')?.at ?? expect.fail())).toBe('x.h:1');
  });

  it('the parser lists every name of a typedef', () => {
    expect(typedefs('typedef int a, *b, c[2], (*d)(int), e(void);')).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('the parser keeps tags, typedefs and variables in separate name spaces', () => {
    const {
      tags,
      typedefs: types,
      objects,
    } = parsed('typedef struct x { int a; } x; struct y { int a; }; extern x y;').declarations;
    expect([[...tags.keys()], [...types.keys()], [...objects.keys()]]).toEqual([['x', 'y'], ['x'], ['y']]);
  });

  it('the parser ignores declarations in the body of a function', () => {
    const { declarations } = parsed(
      'static inline int f(struct p *p) { struct inside { int a; } x; typedef int t; return x.a; }',
    );
    expect([declarations.records, [...declarations.typedefs], [...declarations.objects.keys()]]).toEqual([
      [],
      [],
      ['f'],
    ]);
  });

  it('the parser marks a pointer to a const type', () => {
    const types = ['const int *a;', 'int const *a;', 'int *const a;', 'int *const *a;', 'const int a;'];
    const toConst = types.map((text) => {
      const type = parsed(text).declarations.objects.get('a')?.type as CType;
      return type.kind === 'pointer' && type.to.kind === 'qualified' && type.to.const === true;
    });
    expect(toConst).toEqual([true, true, false, true, false]);
  });
});
