import { describe, expect, it } from 'vitest';
import type { MacroExpression } from '../../../generator/model/model.js';
import { i386 } from '../../../generator/targets/i386.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const x: MacroExpression = { is: 'parameter', index: 0 };
const y: MacroExpression = { is: 'parameter', index: 1 };

function integer(value: number | string, kind: 's32' | 'u32' | 'u64' | 's64' = 's32'): MacroExpression {
  return { is: 'integer', kind, value };
}

/** The text before the macro `F`, its parameters and its body, and the expected expression. */
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

/** Macros that are not functions of values, with the reasons. */
const others: readonly (readonly [before: string, macro: string, reason: string])[] = [
  ['', '(x)', 'defined as nothing: it has no value'],
  ['', '(x) x', 'expands to its argument alone, which can have any type'],
  ['#define G(a) a', '(x) G(x)', 'expands to its argument alone, which can have any type'],
  ['', '(...) (1)', 'takes any number of arguments'],
  ['', '(x, rest...) x', 'takes any number of arguments'],
  ['', '(x, y) (x ## y)', 'makes a name of its argument: xy'],
  ['', '(x) (NAME_ ## x ## _SHIFT)', 'makes a name of its argument: NAME_x_SHIFT'],
  ['#define G(a) a ## UL', '(x) G(x)', 'makes a name of its argument: xUL'],
  ['', '(x) #x', 'makes a string of its argument: "x"'],
  ['', '(x) (x ## +)', "not an expression: '##' cannot paste 'x' and '+' into one token"],
  ['', '(x) sizeof(x)', 'uses the size of its argument, or of a type that contains its argument'],
  ['', '(x) sizeof(char[x])', 'uses the size of its argument, or of a type that contains its argument'],
  ['', '(x) _Alignof(x)', 'uses the size of its argument, or of a type that contains its argument'],
  ['', '(x) ((x)->a)', "uses member 'a' of its argument"],
  ['', '(x) ((x).a & 1)', "uses member 'a' of its argument"],
  [
    'struct s { int a; };',
    '(x) offsetof(struct s, x)',
    'uses its argument as the name of a member or the index of an element',
  ],
  [
    'struct s { int a[4]; };',
    '(x) offsetof(struct s, a[x])',
    'uses its argument as the name of a member or the index of an element',
  ],
  ['', '(x) (x)[0]', 'indexes an array with its argument, or indexes its argument'],
  ['', '(x) (*(x) + 1)', 'reads what its argument points to'],
  ['', '(x) (&(x))', 'takes the address of its argument'],
  ['', '(x) ((void *)(x))', 'converts its argument to a type that is not an integer'],
  ['', '(x) ((float)(x))', 'converts its argument to a type that is not an integer'],
  ['', '(x) ((__int128)(x))', 'computes in 128 bits'],
  ['', '(x, y) ((__typeof__(x))(y))', 'uses the type of its argument'],
  ['int f(int);', '(x) f(x)', 'calls f'],
  ['int f(int);', '(x) (f(1), x)', "calls the function 'f', which is not a constant"],
  ['', '(x) ((x) + 1.5)', 'a floating-point value, not an integer'],
  ['', '(x) ((x) + unknown)', "'unknown' is not defined"],
  ['', '(x) ((x) = 1)', 'assigns to an object'],
  ['', '(x) do { (x); } while (0)', 'statements, not a value'],
  ['', '(x) ({ x; })', 'not an expression: a statement in an expression has no constant value'],
  ['', '(x) { x }', 'an initialiser, not a value'],
  ['', '(x) ((struct x *)0 == 0)', 'uses the type of its argument'],
  ['', '(x) ((x)++)', 'assigns to an object'],
  ['', '(x) sizeof((int[]){ x })', 'uses the size of its argument, or of a type that contains its argument'],
  ['', '(x) _Generic((x), int: 1, default: 2)', 'uses the type of its argument'],
  ['', '(x) (1 + __LINE__ + (x))', 'contains __LINE__, which is different at each use'],
  ['', '(x) struct x', 'names a type, not a value'],
  ['#define F_(a, b) a', '(x) F_(x)', 'not an expression: macro F_ takes 2 arguments, but 1 is given'],
];

describe('a function-like macro', () => {
  it.each(functions.map(([before, macro, value]) => [`${before} / ${macro}`, before, macro, value] as const))(
    'the macro is a function of values: %s',
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
    'the macro is an omission: %s',
    (_, before, macro, reason) => {
      const { functions, omissions } = modelOf({ 'x.h': `${before}\n#define F${macro}\n#define AFTER(x) (x)` });
      const parameters = macro.slice(1, macro.indexOf(')')).split(', ').filter(Boolean);
      const entry = { kind: 'macro', name: 'F', parameters, reason, location: { header: 'x.h', line: 2 } };
      expect(omissions.filter(({ name }) => name === 'F')).toEqual([entry]);
      expect(functions.at(-1)?.name).toBe('AFTER');
    },
  );

  it('the function has the widths of its target', () => {
    const text = '#define F(x) ((unsigned long)(x) + sizeof(long))\n';
    const [macro] = modelOf({ 'x.h': text }, 'x.h', undefined, i386).functions;
    const left: MacroExpression = { is: 'convert', to: 'u32', of: x };
    expect(macro?.value).toEqual({ is: 'binary', operator: '+', left, right: integer(4, 'u32') });
  });

  it('the function uses the macros at the end of the header', () => {
    const text = '#define F(x) (x + N)\n#define N 1\n#undef N\n#define N 2\n';
    expect(modelOf({ 'x.h': text }).functions[0]?.value).toMatchObject({ right: { value: 2 } });
  });
});
