import { describe, expect, it } from 'vitest';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

/** What stands before the macro `X`, its body, and why it has no value. */
const reasons: readonly (readonly [before: string, body: string, reason: string])[] = [
  ['', '', 'defined as nothing: it has no value'],
  ['#define EMPTY', 'EMPTY', 'defined as nothing: it has no value'],
  ['', '1.5', 'a floating-point value, not an integer'],
  ['', '1e3', 'a floating-point value, not an integer'],
  ['', '(2.0 > 1)', 'a floating-point value, not an integer'],
  ['', 'unknown', "'unknown' is not defined"],
  ['', '(1 + unknown)', "'unknown' is not defined"],
  ['#define F(x) x', 'F', "'F' names a function-like macro, not a value"],
  ['extern int v;', 'v', "'v' is not a constant"],
  ['int f(int);', 'f(1)', "calls the function 'f', which is not a constant"],
  ['static inline int f(int x) { return x; }', 'f(1)', "calls the function 'f', which is not a constant"],
  ['', '__builtin_ctz(8)', "calls the function '__builtin_ctz', which is not a constant"],
  ['int (*f)(void);', '(*f)()', 'a call is not a constant'],
  ['', 'do_something(1)', "calls 'do_something', which is not defined"],
  ['extern int v;', '&v', 'not an integer constant expression'],
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
  ['', '"\\q"', 'unknown escape \\q'],
  ['', "''", 'empty character constant'],
  ['', "L'x'", "L'x' is not a constant of type int"],
  ['', '09', "'09' is not an integer constant"],
  ['', '0x', "'0x' is not an integer constant"],
  ['', '1uu', "'1uu' is not an integer constant"],
  ['', '1lL', "'1lL' is not an integer constant"],
  ['', '0b12', "'0b12' is not an integer constant"],
  ['', '99999999999999999999', "'99999999999999999999' does not fit in any integer type"],
  ['', '1 / 0', 'division by zero'],
  ['', '(1 % (2 - 2))', 'division by zero'],
  ['', '1 << 32', 'shift of a 32-bit value by 32'],
  ['', '1l << -1', 'shift of a 64-bit value by -1'],
  ['', 'sizeof(struct nowhere)', 'struct nowhere is not defined for x86_64: its size is unknown'],
  ['struct s { int a; };', 'sizeof(union s)', 'union s is not defined for x86_64: its size is unknown'],
  ['', 'sizeof(enum nowhere)', 'enum nowhere is not defined for x86_64: its size is unknown'],
  ['struct s { int a; };', 'offsetof(struct s, b)', "struct s has no member 'b'"],
  ['typedef struct { int a; } t;', 'offsetof(t, b)', "a struct without a tag has no member 'b'"],
  ['struct s { int a; };', 'offsetof(struct s, a.b)', "member 'b' of something that is no struct or union"],
  ['struct s { int a; };', 'offsetof(struct s, a[1])', 'an index after something that is no array'],
  ['', '(int[]){ 1 }', 'not an expression: a compound literal is not a constant expression'],
  ['', '({ 1; })', 'not an expression: a statement in an expression has no constant value'],
  ['', '{ 1, 2 }', 'an initialiser, not a value'],
  ['', '1, 2', 'a list, not a value'],
  ['', 'extern', 'a part of a declaration, not a value'],
  ['', '1;', 'statements, not a value'],
  ['', 'do { } while (0)', 'statements, not a value'],
  ['', '1 2', "not an expression: '2' is left over"],
  ['', '(1', "not an expression: expected ')' for the '(' before it, found the end"],
  ['', '1)', "not an expression: ')' is left over"],
  ['', '1 +', 'not an expression: expected an expression, found the end'],
  ['', '1 ? 2', "not an expression: expected ':' for the '?' before it, found the end"],
  ['', '@', "not an expression: expected an expression, found '@'"],
  ['', '"open', "not an expression: expected an expression, found '\"open'"],
  ['', '__attribute__((packed))', 'an attribute, not a value'],
  ['', 'a.b', 'names a member, not a value'],
  ['#define F(x) x', 'F(1, 2)', 'not an expression: macro F takes 1 argument, given 2'],
  ['#define F(x) x', 'F(', "not an expression: the arguments of macro F are never closed; add a ')'"],
  ['#define F(x, ...) x', '(F(1)', "not an expression: expected ')' for the '(' before it, found the end"],
  ['#define F(x) x ## +', 'F(a)', "not an expression: '##' of 'a' and '+' does not make one token"],
];

describe('the omissions of a model', () => {
  it.each(reasons.map(([before, body, reason]) => [`${before} / ${body}`, before, body, reason] as const))(
    '%s',
    (_, before, body, reason) => {
      const { constants, omissions } = modelOf({ 'x.h': `${before}\n\n#define X ${body}\n#define AFTER 1` });
      expect(omissions.filter(({ name }) => name === 'X')).toEqual([
        { kind: 'macro', name: 'X', reason, location: { header: 'x.h', line: 3 } },
      ]);
      // The header goes on after it.
      expect(constants.map(({ name }) => name)).toEqual(['AFTER']);
    },
  );

  it('has nothing of headers that are not covered', () => {
    const model = modelOf({ 'x.h': '#include <y.h>\n#define X unknown', 'y.h': '#define Y unknown' });
    expect(model.omissions.map(({ name }) => name)).toEqual(['X']);
  });

  it('and the constants and functions have every macro of the header once', () => {
    const names = ['A', 'B', 'C', 'D', 'E'];
    const text = '#define A\n#define B 1\n#define C(x) x\n#define D "d"\n#define E unknown\n';
    const { constants, functions, omissions } = modelOf({ 'x.h': text });
    expect([...constants, ...functions, ...omissions].map(({ name }) => name).sort()).toEqual(names);
  });
});

describe('a record without a name', () => {
  const reason = 'has no name: something else is declared with it';

  it.each([
    'extern struct { int a; } v;',
    'static const struct { int a; } list[] = { { 1 } };',
    'typedef struct { int a; } *p;',
    'struct { int a; } f(void);',
    'struct s { struct { int a; } *p; };',
    'typedef struct { int a; } list[2];',
  ])('is in the omissions: %s', (text) => {
    const entry = { kind: 'type', name: 'struct', reason, location: { header: 'x.h', line: 2 } };
    expect(modelOf({ 'x.h': `\n${text}` }).omissions).toEqual([entry]);
  });

  it.each([
    'typedef struct { int a; } t;',
    'struct s { struct { int a; }; };',
    'struct s { struct { int a; } b; };',
    'struct s { union { int a; } b[2][3]; };',
  ])('is in the model: %s', (text) => {
    expect(modelOf({ 'x.h': text }).omissions).toEqual([]);
  });

  it('of a header that is not covered is nowhere', () => {
    expect(modelOf({ 'x.h': '#include <y.h>\nint a;', 'y.h': 'extern struct { int a; } v;' }).omissions).toEqual([]);
  });
});

describe('what a target lacks', () => {
  const omissionsOf = (text: string): (readonly [string, string, string])[] =>
    modelOf({ 'x.h': text }).omissions.flatMap(({ kind, name, reason, skipped }) =>
      skipped ? [[kind, name, reason] as const] : [],
    );
  const reason = (group: string): string => `stands under '${group}', which does not hold for x86_64`;

  it('is in the omissions with the condition that it stands under: macros, ioctls and types', () => {
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

  it('is nothing that is declared in another group, or that a guard only keeps from coming twice', () => {
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
});
