import { describe, expect, it } from 'vitest';
import type { MacroExpression } from '../../../generator/model/model.js';
import { i386 } from '../../../generator/targets/i386.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const x: MacroExpression = { is: 'parameter', index: 0 };
const y: MacroExpression = { is: 'parameter', index: 1 };

function integer(value: number | string, kind: 's32' | 'u32' | 'u64' | 's64' = 's32'): MacroExpression {
  return { is: 'integer', kind, value };
}

/** What stands before the macro `F`, its parameters and its body, and what the body says of the arguments. */
const functions: readonly (readonly [before: string, macro: string, value: MacroExpression])[] = [
  ['', '() 1', integer(1)],
  ['', '(x) (x)', x],
  ['', '(x) (1 ? x : (x))', { is: 'conditional', test: integer(1), whenTrue: x, whenFalse: x }],
  ['', '(x, y) x % y', { is: 'binary', operator: '%', left: x, right: y }],
  ['', '(x, y) (x, y)', y],
  ['', '(x, y) (y)', y],
  ['', '(x) -x', { is: 'unary', operator: '-', of: x }],
  ['', '(x) (x ?: 7)', { is: 'conditional', test: x, whenTrue: x, whenFalse: integer(7) }],
  ['#define M 0xffull', '(x) ((x) & M)', { is: 'binary', operator: '&', left: x, right: integer('255', 'u64') }],
  ['enum { E = 4 };', '(x) (x << E)', { is: 'binary', operator: '<<', left: x, right: integer(4) }],
  ['#define G(a) (a + 1)', '(x) G(x)', { is: 'binary', operator: '+', left: x, right: integer(1) }],
  [
    'struct s { int a, b; };',
    '(x) (x + sizeof(struct s))',
    { is: 'binary', operator: '+', left: x, right: integer('8', 'u64') },
  ],
  ['typedef unsigned short u16;', '(x) ((u16)(x))', { is: 'convert', to: 'u16', of: x }],
  ['enum e { A };', '(x) ((enum e)x)', { is: 'convert', to: 'u32', of: x }],
  ['', '(x) ((_Bool)x)', { is: 'convert', to: 'bool', of: x }],
  ['', '(x) ((long)x)', { is: 'convert', to: 's64', of: x }],
  [
    'static inline unsigned swap(unsigned a) { return a; }',
    '(x) (__builtin_constant_p(x) ? -x : swap(x))',
    {
      is: 'conditional',
      test: integer(1),
      whenTrue: { is: 'unary', operator: '-', of: x },
      whenFalse: integer(0, 'u32'),
    },
  ],
];

/** Those that are no functions of values, and why. */
const others: readonly (readonly [before: string, macro: string, reason: string])[] = [
  ['', '(x)', 'defined as nothing: it has no value'],
  ['', '(x) x', 'stands for its argument, whatever that is'],
  ['#define G(a) a', '(x) G(x)', 'stands for its argument, whatever that is'],
  ['', '(...) (1)', 'takes any number of arguments'],
  ['', '(x, rest...) x', 'takes any number of arguments'],
  ['', '(x, y) (x ## y)', 'makes a name of its argument: xy'],
  ['', '(x) (NAME_ ## x ## _SHIFT)', 'makes a name of its argument: NAME_x_SHIFT'],
  ['#define G(a) a ## UL', '(x) G(x)', 'makes a name of its argument: xUL'],
  ['', '(x) #x', 'makes a string of its argument: "x"'],
  ['', '(x) (x ## +)', "not an expression: '##' of 'x' and '+' does not make one token"],
  ['', '(x) sizeof(x)', 'asks for the size of its argument, or of a type with its argument in it'],
  ['', '(x) sizeof(char[x])', 'asks for the size of its argument, or of a type with its argument in it'],
  ['', '(x) _Alignof(x)', 'asks for the size of its argument, or of a type with its argument in it'],
  ['', '(x) ((x)->a)', "uses member 'a' of its argument"],
  ['', '(x) ((x).a & 1)', "uses member 'a' of its argument"],
  ['struct s { int a; };', '(x) offsetof(struct s, x)', 'names a member or an element by its argument'],
  ['struct s { int a[4]; };', '(x) offsetof(struct s, a[x])', 'names a member or an element by its argument'],
  ['', '(x) (x)[0]', 'indexes an array by its argument, or its argument'],
  ['', '(x) (*(x) + 1)', 'reads what its argument points to'],
  ['', '(x) (&(x))', 'takes the address of its argument'],
  ['', '(x) ((void *)(x))', 'converts its argument to what is no integer'],
  ['', '(x) ((float)(x))', 'converts its argument to what is no integer'],
  ['', '(x) ((__int128)(x))', 'computes in 128 bits'],
  ['', '(x, y) ((__typeof__(x))(y))', 'uses the type of its argument'],
  ['int f(int);', '(x) f(x)', 'calls f'],
  ['int f(int);', '(x) (f(1), x)', "calls the function 'f', which is not a constant"],
  ['', '(x) ((x) + 1.5)', 'a floating-point value, not an integer'],
  ['', '(x) ((x) + unknown)', "'unknown' is not defined"],
  ['', '(x) ((x) = 1)', "not an expression: expected ')' for the '(' before it, found '='"],
  ['', '(x) do { (x); } while (0)', 'statements, not a value'],
  ['', '(x) ({ x; })', 'not an expression: a statement in an expression has no constant value'],
  ['', '(x) { x }', 'an initialiser, not a value'],
  ['', '(x) ((struct x *)0 == 0)', 'a pointer, not an integer'],
  ['', '(x) struct x', 'names a type, not a value'],
  ['#define F_(a, b) a', '(x) F_(x)', 'not an expression: macro F_ takes 2 arguments, given 1'],
];

describe('a function-like macro', () => {
  it.each(functions.map(([before, macro, value]) => [`${before} / ${macro}`, before, macro, value] as const))(
    'is a function of values: %s',
    (_, before, macro, value) => {
      const { functions, constants, omissions } = modelOf({ 'x.h': `${before}\n#define F${macro}\n` });
      const parameters = macro.slice(1, macro.indexOf(')')).split(', ').filter(Boolean);
      expect(functions.filter(({ name }) => name === 'F')).toEqual([
        { name: 'F', parameters, value, location: { header: 'x.h', line: 2 } },
      ]);
      expect([...constants, ...omissions].filter(({ name }) => name === 'F')).toEqual([]);
    },
  );

  it.each(others.map(([before, macro, reason]) => [`${before} / ${macro}`, before, macro, reason] as const))(
    'is in the omissions: %s',
    (_, before, macro, reason) => {
      const { functions, omissions } = modelOf({ 'x.h': `${before}\n#define F${macro}\n#define AFTER(x) (x)` });
      const parameters = macro.slice(1, macro.indexOf(')')).split(', ').filter(Boolean);
      const entry = { kind: 'macro', name: 'F', parameters, reason, location: { header: 'x.h', line: 2 } };
      expect(omissions.filter(({ name }) => name === 'F')).toEqual([entry]);
      expect(functions.at(-1)?.name).toBe('AFTER');
    },
  );

  it('has the widths of its target', () => {
    const text = '#define F(x) ((unsigned long)(x) + sizeof(long))\n';
    const [macro] = modelOf({ 'x.h': text }, 'x.h', undefined, i386).functions;
    const left: MacroExpression = { is: 'convert', to: 'u32', of: x };
    expect(macro?.value).toEqual({ is: 'binary', operator: '+', left, right: integer(4, 'u32') });
  });

  it('is what the macros are at the end of the header', () => {
    const text = '#define F(x) (x + N)\n#define N 1\n#undef N\n#define N 2\n';
    expect(modelOf({ 'x.h': text }).functions[0]?.value).toMatchObject({ right: { value: 2 } });
  });
});
