import { beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { type Judgement, judged } from '../../../tools/lib/verified-layouts.js';
import { integersByCompiler } from '../../helpers/integers-in-c.js';

/** A macro `X` and the declarations that it needs. */
const integers = [
  '#define X 1',
  '#define X (-1)',
  '#define X 0xffffffffU',
  '#define X 0xffffffff',
  '#define X 1L',
  '#define X (1ULL << 63)',
  '#define X (-0x7fffffffffffffffLL - 1)',
  '#define X (1 << 31)',
  "#define X 'x'",
  "#define X '\\xff'",
  '#define X Y\n#define Y Z\n#define Z 5u',
  '#define X Y\n#define Y 1\n#undef Y\n#define Y 2',
  '#define X (Y + 1)\nenum e { Y = 6 };',
  '#define X X\nenum e { X = 7 };',
  'enum e { X = 7 };\n#define X (X - 1)',
  'enum e { Y, X = 0x80000000 };\n#define X (X * 2)',
  'enum e { X = 3, Y };\n#define X Y\n#define Y X',
  'enum e { X = 4 };\n#define X Y\n#define Y X + 1',
  'enum e { Z = 3 };\n#define X Z\n#define Z Y\n#define Y Z * 2',
  'enum e { X = 2 };\n#define X Y\n#define Y Z\n#define Z X',
  '#define X Y\n#define Y f\nenum e { f = 8 };\n#define f(x) x',
  '#define X f(3)\n#define f(x) ((x) * g(x))\n#define g(x) (x + 1)',
  '#define X cat(1, 2)\n#define cat(a, b) a ## b',
  '#define X sizeof(struct s)\nstruct s { char a; long b; };',
  '#define X later\nenum e { later = 9 };',
  '#define X (sizeof(t) / sizeof(t[0]))\nextern int t[5];',
  '#define X __builtin_offsetof(struct s, b)\nstruct s { char a; long b; };',
  '#define X ((u32)-1)\ntypedef unsigned int u32;',
  '#define X (u64)1\ntypedef unsigned long long u64;',
  '#define X ((unsigned char)300)',
  '#define X ((_Bool)2)',
  '#define X ((short)-5)',
  '#define X (1 ? -1 : 0u)',
  '#define X (0 ? 1 / 0 : 4)',
  '#define X A | B | \\\n  C\n#define A 1\n#define B (1 << 1)\n#define C 4ul',
  '#define X /* one */ 1 /* and */ + // one\n#undef X\n#define X 2 // two',
  '#define X __CHAR_BIT__ * __SIZEOF_LONG__',
  '#define X (~0UL >> 1)',
  '#define X ((E)3)\ntypedef enum { P = 1, Q = 0x100000000 } E;',
  '#define X ((unsigned long)&((struct s *)0)->b)\nstruct s { char a; long b; };',
  '#define X __extension__ (5)',
] as const;

/** Renames the names of a row, because all rows are compiled together. */
function withOwnNames(text: string, index: number): string {
  return text.replace(/\b(?:[A-CEP-QX-Z]|[efgst]|cat|later|u32|u64)\b/g, `$&_${index}`);
}

describe.skipIf(!hasCompiler)(`integer macros ${needsCompiler}`, () => {
  let want: readonly string[];
  beforeAll(() => {
    const names = integers.map((_, index) => `X_${index}`);
    want = integersByCompiler(names, integers.map(withOwnNames).join('\n'));
  });

  it.each(integers.map((text, index) => [text.replaceAll('\n', ' / '), text, index] as const))(
    'an integer macro has the value and the C type that GCC gives: %s',
    (_, text, index) => {
      const { constants, omissions } = modelOf({ 'x.h': text });
      const constant = constants.find(({ name }) => name === 'X');
      expect(omissions.filter(({ name }) => name === 'X')).toEqual([]);
      expect(`${constant?.type} ${constant?.value}`).toBe(want[index]);
    },
  );
});

interface Text {
  /** The body of the macro. */
  readonly body: string;
  readonly want: string;
  /** The number of bytes, including the terminator. */
  readonly bytes: number;
}

const strings: readonly Text[] = [
  { body: '""', want: '', bytes: 1 },
  { body: '"abc"', want: 'abc', bytes: 4 },
  { body: '("abc" "d")', want: 'abcd', bytes: 5 },
  { body: '"a" "b"   "c"', want: 'abc', bytes: 4 },
  { body: '"a" /* and */ "\\0" "b"', want: 'a\0b', bytes: 4 },
  { body: '"\\n\\t\\r\\a\\b\\f\\v\\e\\\\\\"\\\'\\?"', want: '\n\t\r\x07\b\f\v\x1b\\"\'?', bytes: 13 },
  { body: '"\\101\\60\\0601"', want: 'A001', bytes: 5 },
  { body: '"\\x41" "1"', want: 'A1', bytes: 3 },
  { body: '"é"', want: 'é', bytes: 3 },
  { body: '"\\u00e9"', want: 'é', bytes: 3 },
  { body: '"\\U0001F600"', want: '😀', bytes: 5 },
  { body: '"\\xc3\\xa9"', want: 'é', bytes: 3 },
  { body: '"\\xc3" "\\xa9"', want: 'é', bytes: 3 },
  { body: '"\\xff"', want: '\xff', bytes: 2 },
  { body: '"a\\x80\\xfe"', want: 'a\x80\xfe', bytes: 4 },
  { body: '"é\\xff"', want: '\xc3\xa9\xff', bytes: 4 },
  { body: '"\\xef\\xbb\\xbf" "a"', want: '\uFEFFa', bytes: 5 },
  { body: 'NAME "/" QUOTED(a  +b)', want: 'dev/a +b', bytes: 9 },
  { body: 'QUOTED(NAME)', want: 'NAME', bytes: 5 },
  { body: 'EXPANDED(NAME 1)', want: '"dev" 1', bytes: 8 },
  { body: '"line \\\n  continued"', want: 'line   continued', bytes: 17 },
];

describe.skipIf(!hasCompiler)(`string macros ${needsCompiler}`, () => {
  const macros = '#define NAME "dev"\n#define QUOTED(x) #x\n#define EXPANDED(x) QUOTED(x)\n';
  let judgement: Judgement;
  beforeAll(async () => {
    const defined = strings.map(({ body }, index) => `#define X_${index} ${body}\n`).join('');
    judgement = await judged({ 'x.h': macros + defined });
  });

  it.each(strings.map((text, index) => [text.body, text, index] as const))(
    'a string macro has the bytes that GCC gives: %s',
    (_, { want, bytes }, index) => {
      const name = `X_${index}`;
      expect(judgement.model.constants.find((constant) => constant.name === name)).toEqual({
        name,
        value: want,
        type: `char[${bytes}]`,
        location: { header: 'x.h', line: expect.any(Number) },
      });
      expect(judgement.failures.get(name) ?? []).toEqual([]);
    },
  );
});

describe('constants', () => {
  it.each([
    ['1', 1],
    ['0xffffffffu', 4294967295],
    ['-2147483647 - 1', -2147483648],
    ['1l', '1'],
    ['0xffffffffffffffff', '18446744073709551615'],
    ['(__int128)1 << 64', '18446744073709551616'],
    ['(_Bool)1', 1],
    ['sizeof(int)', '4'],
  ] as const)('%s is a number, or a string of digits where its type has more than 32 bits', (body, value) => {
    expect(modelOf({ 'x.h': `#define X ${body}` }).constants).toMatchObject([{ name: 'X', value }]);
  });

  it('constants are in the order of their last definition and have its location', () => {
    const text = '#define A 1\n#define B 2\n#undef A\n\n#define A \\\n 3\n#define GONE 4\n#undef GONE\n';
    expect(modelOf({ 'x.h': text }).constants).toEqual([
      { name: 'B', value: 2, type: 'int', location: { header: 'x.h', line: 2 } },
      { name: 'A', value: 3, type: 'int', location: { header: 'x.h', line: 5 } },
    ]);
  });

  it('constants do not include the macros that the target predefines', () => {
    expect(modelOf({ 'x.h': '#define A __x86_64__\n' }).constants.map(({ name }) => name)).toEqual(['A']);
  });

  it('a constant has the value of its macro at the end of the header', () => {
    const text = '#define A B\n#define B 1\nstruct s { char x[A]; };\n#undef B\n#define B 2\n';
    const { constants, types } = modelOf({ 'x.h': text });
    expect(constants).toMatchObject([
      { name: 'A', value: 2 },
      { name: 'B', value: 2 },
    ]);
    expect(types[0]?.size).toBe(1);
  });

  it('each constant is listed once, even if the bodies of macros redefine others', () => {
    const text = '#define A _Pragma("push_macro(\\"A\\")") _Pragma("pop_macro(\\"A\\")") 1\n#define B 2\n';
    const named = modelOf({ 'x.h': text }).constants.map(({ name, value }) => `${name} ${value}`);
    expect(named.toSorted()).toEqual(['A 1', 'B 2']);
  });
});
