import { describe, expect, it } from 'vitest';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

/** The text before the macro `X`, its body, and the reason why it has no value. */
const reasons: readonly (readonly [before: string, body: string, reason: string])[] = [
  ['', '', 'defined as nothing: it has no value'],
  ['#define EMPTY', 'EMPTY', 'defined as nothing: it has no value'],
  ['', '1.5', 'a floating-point value, not an integer'],
  ['', '1e3', 'a floating-point value, not an integer'],
  ['', '(2.0 / 0)', 'not an integer constant expression'],
  ['', 'unknown', "'unknown' is not defined"],
  ['', '(1 + unknown)', "'unknown' is not defined"],
  ['#define F(x) x', 'F', "'F' names a function-like macro, not a value"],
  ['extern int v;', 'v', "'v' is not a constant"],
  ['int f(int);', 'f(1)', "calls the function 'f', which is not a constant"],
  ['static inline int f(int x) { return x; }', 'f(1)', "calls the function 'f', which is not a constant"],
  ['extern int v;', '__builtin_ctz(v)', "'v' is not a constant"],
  ['', '__builtin_apply_args()', "calls the function '__builtin_apply_args', which is not a constant"],
  ['int (*f)(void);', '(*f)()', 'a call is not a constant'],
  ['', 'do_something(1)', "calls 'do_something', which is not defined"],
  ['extern int v;', '&v', 'a pointer, not an integer'],
  ['extern int v;', '(long)&v', 'the address of an object is not a constant'],
  ['extern int v;', 'v = 1', "not an expression: unexpected '=' after it"],
  ['extern int v;', '(v = 1)', 'an assignment is not a constant'],
  ['', '(1, 2)', 'a comma is not allowed in a constant'],
  ['', '__LINE__', 'contains __LINE__, which is different at each use'],
  ['#define Y (1 + __COUNTER__)', '(Y)', 'contains __COUNTER__, which is different at each use'],
  ['#define Y(x) __FILE__', 'Y(1)', 'contains __FILE__, which is different at each use'],
  ['extern int v[];', 'sizeof(v)', "'sizeof' of an array without a length"],
  ['struct s { int a : 3; };', 'sizeof(((struct s *)0)->a)', "'sizeof' of a bit-field"],
  ['struct s { int a : 3; };', 'offsetof(struct s, a)', "'offsetof' of bit-field 'a'"],
  ['', '(1 ? 1 : nowhere)', "'nowhere' is not defined"],
  ['', 'sizeof(!(nowhere))', "'nowhere' is not defined"],
  ['', '((void *)0)', 'a pointer, not an integer'],
  ['', '(double)1', 'a floating-point value, not an integer'],
  ['struct s { int a; };', '((struct s *)8)', 'a pointer, not an integer'],
  ['struct s { int a; };', 's', "'s' names the tag of a struct, not a value"],
  ['enum e { E };', 'e', "'e' names the tag of an enum, not a value"],
  ['struct s { struct { int a; } b; };', 'a', "'a' names a member, not a value"],
  ['struct s { struct { int a[2]; } b; };', 'b.a[0]', 'names a member, not a value'],
  ['extern struct { int a; } v;', 'v.a', 'not an integer constant expression'],
  ['', 'int', 'names a type, not a value'],
  ['', 'unsigned long', 'names a type, not a value'],
  ['struct s { int a; };', 'struct s', 'names a type, not a value'],
  ['typedef int t;', 't', 'names a type, not a value'],
  ['', 'const', 'names a type, not a value'],
  ['', '"text" + 1', 'a string, not an integer'],
  ['', 'L"wide"', 'L"wide" is not a string of char'],
  ['', '"narrow" L"wide"', 'L"wide" is not a string of char'],
  ['', "''", 'empty character constant'],
  ['', '09', "'09' is not an integer constant"],
  ['', '0x', "'0x' is not an integer constant"],
  ['', '1uu', "'1uu' is not an integer constant"],
  ['', '1lL', "'1lL' is not an integer constant"],
  ['', '0b12', "'0b12' is not an integer constant"],
  ['', '9'.repeat(65), `'${'9'.repeat(65)}' does not fit in any integer type`],
  ['', '1 / 0', 'division by zero'],
  ['', '(1 % (2 - 2))', 'division by zero'],
  ['', '1l << -1', 'shift of a 64-bit value by -1'],
  ['', 'sizeof(struct nowhere)', 'struct nowhere is not defined for x86_64: its size is unknown'],
  ['struct s { int a; };', 'sizeof(union s)', 'union s is not defined for x86_64: its size is unknown'],
  ['', 'sizeof(enum nowhere)', 'enum nowhere is not defined for x86_64: its size is unknown'],
  ['struct s { int a; };', 'offsetof(struct s, b)', "struct s has no member 'b'"],
  ['typedef struct { int a; } t;', 'offsetof(t, b)', "a struct without a tag has no member 'b'"],
  ['struct s { int a; };', 'offsetof(struct s, a.b)', "member 'b' of a value that is not a struct or union"],
  ['struct s { int a; };', 'offsetof(struct s, a[1])', 'an index needs an array before it'],
  ['', '(int[]){ 1 }', 'a pointer, not an integer'],
  ['', '(int){ 1 }', 'not an integer constant expression'],
  ['', '({ 1; })', 'not an expression: a statement in an expression has no constant value'],
  ['', '{ 1, 2 }', 'an initialiser, not a value'],
  ['', '1, 2', 'a list, not a value'],
  ['', 'extern', 'a part of a declaration, not a value'],
  ['', '1;', 'statements, not a value'],
  ['', 'do { } while (0)', 'statements, not a value'],
  ['', '1 2', "not an expression: unexpected '2' after it"],
  ['', '(1', "not an expression: expected ')' for the '(' before it, found the end"],
  ['', '1)', "not an expression: unexpected ')' after it"],
  ['', '1 +', 'not an expression: expected an expression, found the end'],
  ['', '1 ? 2', "not an expression: expected ':' for the '?' before it, found the end"],
  ['', '@', "not an expression: expected an expression, found '@'"],
  ['', '"open', "not an expression: expected an expression, found '\"open'"],
  ['', '__attribute__((packed))', 'an attribute, not a value'],
  ['', 'a.b', 'names a member, not a value'],
  ['#define F(x) x', 'F(1, 2)', 'not an expression: macro F takes 1 argument, but 2 are given'],
  ['#define F(x) x', 'F(', "not an expression: the arguments of macro F are never closed; add the missing ')'"],
  ['#define F(x, ...) x', '(F(1)', "not an expression: expected ')' for the '(' before it, found the end"],
  ['#define F(x) x ## +', 'F(a)', "not an expression: '##' cannot paste 'a' and '+' into one token"],
];

describe('the omissions of a model', () => {
  it.each(reasons.map(([before, body, reason]) => [`${before} / ${body}`, before, body, reason] as const))(
    'the macro is an omission with its reason: %s',
    (_, before, body, reason) => {
      const { constants, omissions } = modelOf({ 'x.h': `${before}\n\n#define X ${body}\n#define AFTER 1` });
      expect(omissions.filter(({ name }) => name === 'X')).toEqual([
        { kind: 'macro', name: 'X', reason, location: { header: 'x.h', line: 3 } },
      ]);
      // The header goes on after it.
      expect(constants.map(({ name }) => name)).toEqual(['AFTER']);
    },
  );

  it('the omissions have no declaration of a header that is not covered', () => {
    const model = modelOf({ 'x.h': '#include <y.h>\n#define X unknown', 'y.h': '#define Y unknown' });
    expect(model.omissions.map(({ name }) => name)).toEqual(['X']);
  });

  it('the omissions, constants and functions together have every macro of the header once', () => {
    const names = ['A', 'B', 'C', 'D', 'E'];
    const text = '#define A\n#define B 1\n#define C(x) x\n#define D "d"\n#define E unknown\n';
    const { constants, functions, omissions } = modelOf({ 'x.h': text });
    expect([...constants, ...functions, ...omissions].map(({ name }) => name).sort()).toEqual(names);
  });
});

describe('a record without a name', () => {
  const reason = 'has no name, because it is only the type of another declaration';

  it.each([
    'extern struct { int a; } v;',
    'static const struct { int a; } list[] = { { 1 } };',
    'typedef struct { int a; } *p;',
    'struct { int a; } f(void);',
    'struct s { struct { int a; } *p; };',
    'typedef struct { int a; } list[2];',
  ])('the record is an omission: %s', (text) => {
    const entry = { kind: 'type', name: 'struct', reason, location: { header: 'x.h', line: 2 } };
    const { omissions } = modelOf({ 'x.h': `\n${text}` });
    expect(omissions.filter(({ kind }) => kind === 'type')).toEqual([entry]);
  });

  it.each([
    'typedef struct { int a; } t;',
    'struct s { struct { int a; }; };',
    'struct s { struct { int a; } b; };',
    'struct s { union { int a; } b[2][3]; };',
  ])('the record is in the model: %s', (text) => {
    expect(modelOf({ 'x.h': text }).omissions).toEqual([]);
  });

  it('a record of a header that is not covered is not listed', () => {
    const { omissions } = modelOf({ 'x.h': '#include <y.h>\nint a;', 'y.h': 'extern struct { int a; } v;' });
    expect(omissions.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('a declaration without a form in TypeScript', () => {
  const another = (type: string): string => `another name of the type '${type}'; members of this type are in the model`;
  const aFunction = 'a function, which only C code can call';
  const aVariable = 'a variable, whose value only a running program has';

  it.each([
    ['typedef unsigned int handle;', [['typedef', 'handle', another('unsigned int')]]],
    [
      'typedef struct s { int a; } alias, *pointer;',
      [
        ['typedef', 'alias', another('struct s')],
        ['typedef', 'pointer', another('struct s *')],
      ],
    ],
    ['typedef struct { int a; } first, second;', [['typedef', 'second', another('first')]]],
    ['typedef enum { A } first, second;', [['typedef', 'second', another('first')]]],
    ['typedef int list[4];', [['typedef', 'list', another('int []')]]],
    [
      'int f(const char *path), (*p)(int), g(void);',
      [
        ['function', 'f', aFunction],
        ['variable', 'p', aVariable],
        ['function', 'g', aFunction],
      ],
    ],
    [
      'typedef int of(int); of f;',
      [
        ['typedef', 'of', another('int (int)')],
        ['function', 'f', aFunction],
      ],
    ],
    ['static inline int f(int x) { return x; }', [['function', 'f', aFunction]]],
    [
      'extern int v; int w[2] = { 1, 2 };',
      [
        ['variable', 'v', aVariable],
        ['variable', 'w', aVariable],
      ],
    ],
  ])('the declaration is an omission of a kind of its own: %s', (text, expected) => {
    const { omissions } = modelOf({ 'x.h': `\n${text}` });
    expect(omissions.map(({ kind, name, reason }) => [kind, name, reason])).toEqual(expected);
    expect(omissions.map(({ location }) => location)).toEqual(expected.map(() => ({ header: 'x.h', line: 2 })));
  });

  it('a function or variable that several headers declare has the location in the covered header', () => {
    const both = 'int f(int);\nextern int v;\n';
    for (const [main, line] of [
      [`${both}#include <y.h>\n`, 1],
      [`#include <y.h>\n${both}`, 2],
    ] as const) {
      const { omissions, coveredHeaders } = modelOf({ 'x.h': `${main}int own;\n`, 'y.h': `${both}int other;\n` });
      expect(coveredHeaders).toEqual(['x.h']);
      expect(omissions.map(({ name, location }) => [name, location])).toEqual([
        ['f', { header: 'x.h', line }],
        ['v', { header: 'x.h', line: line + 1 }],
        ['own', { header: 'x.h', line: 4 }],
      ]);
    }
  });

  it('a typedef that names a record or an enum of the model is not an omission', () => {
    const { types, enums, omissions } = modelOf({ 'x.h': 'typedef struct { int a; } s;\ntypedef enum { A } e;\n' });
    expect([...types, ...enums].map(({ cName }) => cName)).toEqual(['s', 'e']);
    expect(omissions).toEqual([]);
  });
});

describe('a declaration that a target lacks', () => {
  const omissionsOf = (text: string): (readonly [string, string, string])[] =>
    modelOf({ 'x.h': text }).omissions.flatMap(({ kind, name, reason, skipped }) =>
      skipped ? [[kind, name, reason] as const] : [],
    );
  const reason = (group: string): string => `declared under '${group}', which does not hold for x86_64`;

  it('the declaration is an omission with its condition: macros, ioctls and types', () => {
    const text = `
#ifdef __arm__
#define X_VALUE 1
#define X_GET _IOR(1, 2, int)
struct x_state { int a; struct x_inner { int b; } c; };
enum x_kind { X_KIND };
#  if 0
#define X_DEEP 1
#  endif
#elif defined(__s390x__) && 1
union x_any { int a; };
#endif
`;
    expect(omissionsOf(text)).toEqual([
      ['macro', 'X_VALUE', reason('#ifdef __arm__')],
      ['ioctl', 'X_GET', reason('#ifdef __arm__')],
      ['type', 'struct x_state', reason('#ifdef __arm__')],
      ['type', 'struct x_inner', reason('#ifdef __arm__')],
      ['type', 'enum x_kind', reason('#ifdef __arm__')],
      ['macro', 'X_DEEP', reason('#ifdef __arm__')],
      ['type', 'union x_any', reason('#elif defined(__s390x__) && 1')],
    ]);
  });

  it('a declaration is not an omission if another group declares it, or if an include guard skips it', () => {
    const text = `
#ifndef X_GUARD
#define X_GUARD
#ifdef __arm__
#define X_VALUE 1
struct x_state { int a; };
#else
#define X_VALUE 2
struct x_state { long a; };
#endif
#include "x.h"
#endif
`;
    expect(omissionsOf(text)).toEqual([]);
  });

  it('members of a group that is not taken are an omission, if a tested name is defined nowhere', () => {
    const text = `
#define VERSION 2
struct s {
  int a;
#if defined NOWHERE
  int b;
#elif VERSION < 2
  int c;
#endif
  struct {
#ifdef NOWHERE
    int d;
#endif
    int e;
  } inner;
#if VERSION < 2
  int known;
#endif
#ifdef __cplusplus
  int method;
#endif
#ifdef NOWHERE
  int f;
#else
  long f;
#endif
};
#ifdef NOWHERE
extern int outside;
#endif
`;
    const { omissions } = modelOf({ 'x.h': text });
    expect(
      omissions.map(({ kind, name, reason, location, skipped }) => [kind, name, reason, location.line, skipped]),
    ).toEqual([
      [
        'type',
        'struct s',
        "the members under '#if defined NOWHERE' and '#elif VERSION < 2', which do not hold: NOWHERE is not defined",
        5,
        true,
      ],
      ['type', 'struct s', "the members under '#ifdef NOWHERE', which does not hold: NOWHERE is not defined", 11, true],
    ]);
  });

  it('a record whose opening brace is in a macro lacks only the members between its tag and its closing brace', () => {
    const group = '#ifdef NOWHERE\nint x;\n#endif\n';
    const text = `#define BEGIN {\n${group}struct s BEGIN\n  int a;\n${group}};\n${group}`;
    const { omissions } = modelOf({ 'x.h': text });
    expect(omissions.flatMap(({ kind, location }) => (kind === 'type' ? [location.line] : []))).toEqual([7]);
  });
});

describe('a pragma that GCC ignores', () => {
  it('the pragma is an omission with its location, and the layout does not change', () => {
    const text =
      '#pragma pack(pop)\n#pragma pack(N)\nstruct s { char a; int b; };\n#pragma pack(push, x, 1)\n#pragma pack(pop, y)';
    const { types, omissions } = modelOf({ 'x.h': text });
    expect(types[0]).toMatchObject({ size: 8 });
    expect(omissions).toEqual(
      [
        [1, 'pack(pop)', 'there is no push before this pop'],
        [2, 'pack(N)', 'expected pack([push|pop,] [n])'],
        [5, 'pack(pop, y)', "no push before this pop has the label 'y'"],
      ].map(([line, name, problem]) => {
        const reason = `GCC ignores this pragma: ${problem}`;
        return { kind: 'pragma', name, reason, location: { header: 'x.h', line } };
      }),
    );
  });
});
