/** Headers that could exhaust the reader. Each is refused with a location, or it is read in a short time. */

import { describe, expect, it } from 'vitest';
import { SourceError } from '../../generator/errors.js';
import { deepestNesting, mostTokens } from '../../generator/limits.js';
import type { Model } from '../../generator/model/model.js';
import { type Headers, modelOf } from '../../tools/lib/headers-in-memory.js';

const tooDeep = `nested more than ${deepestNesting} levels deep; reduce the nesting`;
const tooMany = `more than ${mostTokens} tokens, including included headers and macro expansions; remove repeated text, or read fewer headers at once`;

const many = 20_000;

/** Returns one line for each number. Each line uses the previous line. */
function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

function around(open: string, inside: string, close: string, count = many): string {
  return open.repeat(count) + inside + close.repeat(count);
}

function errorOf(headers: Headers): SourceError {
  try {
    modelOf(headers);
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  return expect.fail('it is taken for good');
}

/** Texts of declarations and conditions. By default, the location is in the first line. */
const deep: Readonly<Record<string, string>> = {
  'parentheses in a dimension': `struct s { int a[${around('(', '1', ')')}]; };`,
  'parentheses in a condition': `#if ${around('(', '1', ')')}\n#endif`,
  signs: `struct s { int a[${'- '.repeat(many)}1]; };`,
  casts: `struct s { int a[${'(int)'.repeat(many)}1]; };`,
  sizeof: `struct s { int a[${'sizeof '.repeat(many)}1]; };`,
  choices: `struct s { int a[${'1 ? 1 : '.repeat(many)}1]; };`,
  'choices in a choice': `struct s { int a[${around('1 ? ', '1', ' : 1')}]; };`,
  indices: `extern int x; struct s { int a[sizeof(${around('x[', '1', ']')})]; };`,
  'indices in a row': `extern int x; struct s { int a[sizeof(x${'[0]'.repeat(many)})]; };`,
  structs: around('struct {', 'int a;', '} b;', 10_000),
  'structs without a name': around('struct {', 'int a;', '};', 10_000),
  'structs in a dimension': `struct s ${around('{ int a[sizeof(struct ', '{ int a; }', ')]; }', 10_000)};`,
  declarators: `extern int ${around('(', 'x', ')')};`,
  pointers: `extern int ${'*'.repeat(many)}x;`,
  dimensions: `extern int x${'[1]'.repeat(many)};`,
  functions: `extern int x${'()'.repeat(many)};`,
  'pointers to functions': `extern int ${around('(*', 'x', ')()')};`,
  typeof: `extern ${around('__typeof__(', 'int', ')')} x;`,
  alignments: `struct s ${around('{ int a __attribute__((aligned(sizeof(struct ', '{ int a; }', ')))); }', 10_000)};`,
  'arguments of a macro': `#define F(x) x\nint a = ${around('F(', '1', ')')};`,
  'questions for an attribute': `#if ${around('__has_attribute(', 'packed', ')')}\n#endif`,
  typedefs: `typedef int t0;\n${lines(many, (n) => `typedef t${n} t${n + 1};`)}\nstruct s { t${many} a; };`,
  objects: `extern int x0;\n${lines(many, (n) => `extern __typeof__(x${n}) x${n + 1};`)}\nstruct s { __typeof__(x${many}) a; };`,
  'dimensions of each other': `extern char x0[1];\n${lines(many, (n) => `extern char x${n + 1}[sizeof(x${n})];`)}\nstruct s { char a[sizeof(x${many})]; };`,
  enums: `enum { A0 };\n${lines(many, (n) => `enum { A${n + 1} = A${n} + 1 };`)}\nstruct s { int a[A${many}]; };`,
  'enums that another operand decides': `enum { A0 };\n${lines(many, (n) => `enum { A${n + 1} = A${n} || 1 };`)}\nstruct s { int a[A${many}]; };`,
  'dimensions that another operand decides': `extern char x0[1];\n${lines(many, (n) => `extern char x${n + 1}[sizeof(x${n}) && 0 || 1];`)}\nstruct s { char a[sizeof(x${many})]; };`,
};

/** Headers of few lines that grow without a limit. */
const growing: Readonly<Record<string, Headers>> = {
  'macros that say another one ten times': {
    'x.h': `#define M0 a\n${lines(12, (n) => `#define M${n + 1} ${`M${n} `.repeat(10)}`)}\nint M12;`,
  },
  'macros that say nothing ten times': {
    'x.h': `#define M0\n${lines(12, (n) => `#define M${n + 1} ${`M${n} `.repeat(10)}`)}\nM12 int a;`,
  },
  'a macro that says its argument twice': {
    'x.h': `#define F(x) x x\nint ${around('F(', 'a', ')', 40)};`,
  },
  'a condition': {
    'x.h': `#define M0 1\n${lines(12, (n) => `#define M${n + 1} ${`M${n} + `.repeat(9)} M${n}`)}\n#if M12\n#endif`,
  },
  'names that are pasted': {
    'x.h': `#define P(x) P_(x, x)\n#define P_(a, b) a ## b\n#define M0 a\n${lines(40, (n) => `#define M${n + 1} P(M${n})`)}\nint M40;`,
  },
  'strings of strings': {
    'x.h': `#define S(x) S_(x)\n#define S_(x) #x\n#define M0 "\\\\"\n${lines(40, (n) => `#define M${n + 1} S(M${n})`)}\nM40`,
  },
  'headers that include another one twice': Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [
      n === 0 ? 'x.h' : `x${n}.h`,
      n === 39 ? '' : `#include "x${n + 1}.h"\n#include "x${n + 1}.h"\n`,
    ]),
  ),
  'a text of many tokens': { 'x.h': ';'.repeat(mostTokens + 1) },
};

describe('a header that is nested too deeply', () => {
  // Shows: security 8
  it.each(Object.entries(deep))('the header is refused: %s', (_, text) => {
    const error = errorOf({ 'x.h': text });
    expect(error.message).toMatch(/^\/include\/x\.h:\d+:\d+: /);
    expect(error.problem).toBe(tooDeep);
    expect(error.line).toBeLessThanOrEqual(text.split('\n').length);
  });

  it('a type that contains itself is refused, because it uses a name before its declaration', () => {
    const { problem } = errorOf({ 'x.h': 'extern __typeof__(x) x;\nstruct s { __typeof__(x) a; };' });
    expect(problem).toBe("'x' is used before its declaration at x.h:1; declare it first");
  });

  it('the header is accepted with one level less', () => {
    const levels = deepestNesting - 1;
    const { types } = modelOf({ 'x.h': `struct s { char a[${around('(', '3', ')', levels - 2)}]; };` });
    expect(types[0]?.size).toBe(3);
  });
});

describe('a header that grows', () => {
  // Shows: security 8
  it.each(Object.entries(growing))('the header is refused: %s', (_, headers) => {
    const error = errorOf(headers);
    expect(error.name).toBe('LimitError');
    expect(error.message).toMatch(/^\/include\/\w+\.h:\d+:\d+: /);
    expect(error.problem).toBe(tooMany);
  });

  // Shows: security 8
  it('the header is refused if the members of unnamed types exceed the limit', () => {
    const text = `extern struct { int a; } x0;\n${lines(
      40,
      (n) => `extern struct { __typeof__(x${n}) a, b; } x${n + 1};`,
    )}\nstruct s { __typeof__(x30) a; };`;
    expect(errorOf({ 'x.h': text })).toMatchObject({ name: 'LimitError', problem: expect.stringContaining('members') });
  });
});

/** Headers that are only long are read in a short time. */
const long: Readonly<Record<string, readonly [text: string, check: (model: Model) => void]>> = {
  'a sum of many': [
    `enum { A = 0 ${'+ 1 '.repeat(many)} };\n#define B (0 ${'+ 1 '.repeat(many)})\n#define C sizeof(0 ${'+ 1L '.repeat(many)})`,
    ({ enums, constants }) => {
      expect(enums[0]?.enumerators[0]?.value).toBe(many);
      expect(constants.map(({ value }) => value)).toEqual([many, '8']);
    },
  ],
  'an enum whose last enumerator is evaluated first': [
    `enum { ${Array.from({ length: many + 1 }, (_, n) => `A${n}`).join(', ')} };\nstruct s { char a[A${many}]; };`,
    ({ types }) => expect(types[0]?.size).toBe(many),
  ],
  'an enum each of which says the one before': [
    `enum { A0 = 1, ${Array.from({ length: many }, (_, n) => `A${n + 1} = A${n} + 1`).join(', ')} };\nstruct s { char a[A${many}]; };`,
    ({ types }) => expect(types[0]?.size).toBe(many + 1),
  ],
  'variables that do not decide a result': [
    `extern int v;\nenum { A = ${'v || '.repeat(many)}1 };\nstruct s { char a[${around('(v || ', '1', ')', 50)}]; };`,
    ({ enums, types }) => expect([enums[0]?.enumerators[0]?.value, types[0]?.size]).toEqual([1, 1]),
  ],
  'types whose measurement doubles': [
    `typedef char t0;\n${lines(50, (n) => `typedef t${n} t${n + 1} __attribute__((aligned(_Alignof(t${n}))));`)}
extern char x0;\n${lines(50, (n) => `extern char x${n + 1}[sizeof(x${n}) + sizeof(x${n}) - sizeof(x${n})];`)}
struct s { t50 a; char b[sizeof(x50)]; };`,
    ({ types }) => expect(types[0]?.size).toBe(2),
  ],
  "choices of GNU C's short form": [
    `struct s { char a[${around('(', '2', ' ?: 1)', 100)}]; };`,
    ({ types }) => expect(types[0]?.size).toBe(2),
  ],
  'a macro in many parentheses': [
    `#define A ${around('(', '1', ')', 200)}\n#define B ${around('(', '1', ')')}`,
    ({ constants, omissions }) => {
      expect(constants.map(({ name }) => name)).toEqual(['A']);
      expect(omissions.map(({ reason }) => reason)).toEqual([`not an expression: ${tooDeep}`]);
    },
  ],
  'a macro with much in a row': [
    [
      `#define A a${'[1]'.repeat(many)}\n#define B a${'.b'.repeat(many)}\n#define C a${'->b'.repeat(many)}`,
      `#define D a${'()'.repeat(many)}\n#define E &a${'[1]'.repeat(many)}\n#define F(x) x${'[1]'.repeat(many)}`,
    ].join('\n'),
    ({ omissions }) =>
      expect(Object.fromEntries(omissions.map(({ name, reason }) => [name, reason]))).toEqual({
        A: 'names a member, not a value',
        B: 'names a member, not a value',
        C: 'names a member, not a value',
        D: tooDeep,
        E: tooDeep,
        F: tooDeep,
      }),
  ],
  'macros, each for the one before': [
    `#define M0 1\n${lines(50_000, (n) => `#define M${n + 1} M${n}`)}\nstruct s { char a[M50000]; };`,
    ({ constants, types }) => {
      expect(constants.map(({ value }) => value)).toEqual(Array(50_001).fill(1));
      expect(types[0]?.size).toBe(1);
    },
  ],
  'macros, each for the one after': [
    `${lines(50_000, (n) => `#define M${n} M${n + 1}`)}\n#define M50000 "x"`,
    ({ constants }) => expect(constants.map(({ value }) => value)).toEqual(Array(50_001).fill('x')),
  ],
  'macros, each for the one after, to a line number': [
    `${lines(50_000, (n) => `#define M${n} M${n + 1}`)}\n#define M50000 __LINE__`,
    ({ omissions }) => {
      const reasons = new Set(omissions.map(({ reason }) => reason));
      expect([omissions.length, ...reasons]).toEqual([50_001, 'contains __LINE__, which is different at each use']);
    },
  ],
  'sums of macros that no declaration uses': [
    `#define M0 1\n${lines(12, (n) => `#define M${n + 1} ${`M${n} + `.repeat(9)} M${n}`)}\n#define A (B)\n#define B 3`,
    ({ constants, omissions }) => {
      const values = Object.fromEntries(constants.map(({ name, value }) => [name, value]));
      expect(values).toMatchObject({ M4: 10_000, A: 3, B: 3 });
      expect(omissions.at(-1)).toMatchObject({ name: 'M12', reason: 'its expansion has more than 64 tokens' });
    },
  ],
  'an argument of many tokens': [
    `#define G(...) __VA_ARGS__\nenum { G(${Array.from({ length: 150_000 }, (_, n) => `A${n}`).join(', ')}) };`,
    ({ enums }) => expect(enums[0]?.enumerators.length).toBe(150_000),
  ],
  'a string of many characters': [
    `#define A "${'a'.repeat(500_000)}"\n#define B '${'a'.repeat(500_000)}'`,
    ({ constants }) => expect(constants.map(({ type }) => type)).toEqual(['char[500001]', 'int']),
  ],
  'a number of many digits': [
    `#define A ${'9'.repeat(5_000_000)}\n#define B 0x${'0'.repeat(5_000_000)}7`,
    ({ constants, omissions }) => {
      expect(constants).toMatchObject([{ name: 'B', value: 7 }]);
      expect(omissions[0]?.reason).toMatch(/9' does not fit in any integer type$/);
    },
  ],
  'a line of quotes that are not closed': [
    `${'\\"'.repeat(500_000)}`
      .replace(/^/, '#if 0\n')
      .concat("\n'", `\\'`.repeat(500_000), '\n#endif\nstruct s { int a; };'),
    ({ types }) => expect(types.length).toBe(1),
  ],
  'many conditions': [
    `${'#if 1\n'.repeat(many)}struct s { int a; };\n${'#endif\n'.repeat(many)}`,
    ({ types }) => expect(types.length).toBe(1),
  ],
  'many members': [
    `struct s { ${Array.from({ length: 50_000 }, (_, n) => `int a${n};`).join(' ')} };`,
    ({ types }) => expect(types[0]?.size).toBe(200_000),
  ],
  'many alignments': [
    `struct s { int a __attribute__((${'aligned(8), '.repeat(150_000)}packed)); };`,
    ({ types }) => expect(types[0]?.align).toBe(8),
  ],
  'a condition with many words above many definitions': [
    `#if 0 ${'&& 1 '.repeat(50_000)}\n${lines(20_000, (n) => `#define A${n} 1`)}\n#endif\n`,
    ({ omissions }) => {
      expect(omissions.length).toBe(20_000);
      expect(omissions[0]?.reason.length).toBeLessThan(1000);
    },
  ],
};

describe('a header that is long', () => {
  it.each(Object.entries(long))('the header is read: %s', (_, [text, check]) => check(modelOf({ 'x.h': text })));
});
