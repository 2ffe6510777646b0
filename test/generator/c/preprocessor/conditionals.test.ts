import { beforeAll, describe, expect, it } from 'vitest';
import { preprocess as preprocessHere } from '../../../../generator/c/preprocessor/preprocessor.js';
import { standardAttributes } from '../../../../generator/targets/common/attributes.js';
import { gnuBuiltins } from '../../../../generator/targets/common/builtins.js';
import { targets } from '../../../../generator/targets/targets.js';
import { preprocess as byCompiler, compilerOf, isInstalled } from '../../../../tools/lib/compilers.js';
import { hasCompiler, needsCompiler, preprocessedByCompiler, tokensOf } from '../../../../tools/lib/gcc.js';
import { preprocessedOf, resolverOf, spellingsOf } from '../../../../tools/lib/headers-in-memory.js';

const conditions = [
  // the kinds of operands
  '0',
  '1',
  '-1',
  '0x0',
  '00',
  '010 == 8',
  '0xFf == 255',
  '0b101 == 5',
  '1u',
  '0UL',
  '1LL == 1ULL',
  "'a' == 97",
  "'\\0'",
  "'\\n' == 10",
  "'\\x41' == 0101",
  "'\\377' < 0",
  "'\\'' == 39",
  "'ab' == 'a' * 256 + 'b'",
  "'abcde' == 'bcde'",
  "L'\\xffffffff' < 0",
  "L'a' - L'b' < 0",
  "u'a' - u'b' < 0",
  "U'a' - U'b' < 0",
  "U'\\xffffffff' > 0",
  "u'\\uffff' == 65535",
  "L'é' == 233 && '\\u00e9' != 233",
  'unknown',
  'unknown == 0',
  'int + true',
  '(((2)))',
  // arithmetic
  '1 + 2 * 3 == 7',
  '(1 + 2) * 3 == 9',
  '10 - 3 - 2 == 5',
  '100 / 7 / 2 == 7',
  '-7 / 2 == -3',
  '-7 % 3 == -1',
  '7 % -3 == 1',
  '2 - -2 == 4',
  '- - 2 == 2',
  '~0 == -1',
  '~5 & 0xf',
  '!0 + !1 + !2 == 1',
  '+3 == 3',
  '1 << 4 == 16',
  '1 << 62 > 0',
  '-16 >> 2 == -4',
  '5 & 3 | 8 == 8',
  '5 ^ 3 == 6',
  '(5 ^ 3) == 6',
  '1 | 2 ^ 3 & 4',
  '3 > 2 > 1',
  '1 < 2 == 1',
  '2 != 2',
  '2 >= 2 && 2 <= 2',
  // everything is as wide as intmax_t
  '0xffffffff + 1 == 0x100000000',
  '2147483647 + 1 > 0',
  '1 << 31 > 0',
  '0x7fffffffffffffff > 0',
  '0xffffffffffffffff > 0',
  '-1 > 0',
  '-1 > 0u',
  '-1 == 0xffffffffffffffff',
  '0x8000000000000000 < 0',
  '18446744073709551615u == -1',
  '-9223372036854775807 - 1 < 0',
  '-1 / 2u > 1',
  '-1 >> 1 < 0',
  '-1u >> 63 == 1',
  '(2 - 3u) > 0',
  '0u - 1 > 0',
  '~0u == 0xffffffffffffffff',
  '-5 % 3u == 2',
  // values beyond the width
  '1 << 63 < 0',
  '1 << 64',
  '1u << 64',
  '1 << -1',
  '4 >> -1 == 8',
  '-1 >> 70',
  '2 >> 70',
  '1 << 18446744073709551615u',
  '18446744073709551615 > 0',
  '18446744073709551616',
  '9223372036854775808 > 0',
  '9223372036854775807 + 1 < 0',
  '-(-9223372036854775807 - 1) < 0',
  '(-9223372036854775807 - 1) / -1 < 0',
  '(-9223372036854775807 - 1) % -1 == 0',
  '0 ? 1 : 0u, 5',
  '1 ? 0 : 1, 2',
  // the comma and the conditional operator
  '1 ? 2 : 0',
  '0 ? 1 : 0',
  '0 ? 1 : 0 ? 1 : 2',
  '1 ? 0 ? 1 : 0 : 1',
  '(1 ? -1 : 0u) > 0',
  '(0 ? 0u : -1) > 0',
  '(1 ? -1 : 0) > 0',
  '2 ? 3, 0 : 1',
  '(0, 1)',
  '1 || 0 ? 0 : 1',
  // an unevaluated expression needs no value
  '0 && 1 / 0',
  '1 || 1 / 0',
  '0 && (1 || 1 / 0)',
  '1 ? 2 : 1 / 0',
  '0 ? 1 % 0 : 2',
  '1 || (2 / (3 - 3))',
  '0 || 0 && 1 / 0',
  // names
  'defined ONE',
  'defined(ONE)',
  'defined ( ONE )',
  '!defined ZERO',
  'defined UNKNOWN',
  'defined(UNKNOWN) || defined(EMPTY)',
  'defined ONE + defined ZERO + defined UNKNOWN == 2',
  'defined _Pragma',
  'defined __FILE__ && defined __LINE__ && defined __COUNTER__',
  'defined __has_include && defined(__has_attribute) && defined __has_builtin',
  'ONE',
  'ZERO',
  'ONE EMPTY + EMPTY 1 == 2',
  'EMPTY 1',
  'SUM(1, 2) == 3',
  'SUM(SUM(1, 2), ONE) == 4',
  'defined SUM',
  'SUM',
  'HAS_ONE',
  'HAS(UNKNOWN) || HAS(UNHEARD)',
  'HAS(UNKNOWN)',
  'SELF',
  'VERSION(6, 1, 0) >= VERSION(5, 19, 255)',
  '__SIZEOF_LONG__ == 8 && __CHAR_BIT__ == 8',
  '__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__',
  '__x86_64__ && __linux__',
  '__LINE__ > 2',
] as const;

const definitions = `
#define ONE 1
#define ZERO 0
#define EMPTY
#define SUM(a, b) (a + b)
#define HAS_ONE defined(ONE)
#define HAS(x) defined(x)
#define SELF (SELF + 1)
#define VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
`;

/** Returns one line for each condition: whether it holds. */
function asText(list: readonly string[]): string {
  return definitions + list.map((condition) => `#if ${condition}\n1\n#else\n0\n#endif\n`).join('');
}

function tokens(text: string): string[] {
  return spellingsOf(preprocessedOf({ 'text.h': text }), tokensOf);
}

describe.skipIf(!hasCompiler)(`conditions of #if ${needsCompiler}`, () => {
  let answers: readonly string[];
  beforeAll(() => {
    answers = tokensOf(preprocessedByCompiler([asText(conditions)])[0] as string);
    expect(answers).toHaveLength(conditions.length);
    expect(new Set(answers)).toEqual(new Set(['0', '1']));
  });
  it.each(conditions.map((condition, index) => [condition, index] as const))(
    'GCC gives the same result of #if %s',
    (condition, index) => {
      expect(tokens(asText([condition]))).toEqual([answers[index]]);
    },
  );
});

const signs = ["'\\377' < 0", "L'\\xffffffff' < 0", "'\\377' == 255", 'defined __CHAR_UNSIGNED__', "'ab' > 0"];

for (const target of targets) {
  const { cc, flags } = compilerOf(target);
  it.skipIf(!isInstalled(target))(`${cc} gives the same sign of characters in #if as ${target.name}`, async () => {
    const text = asText(signs);
    const want = tokensOf(await byCompiler({ cc, flags: [...flags, '-w'], include: [] }, text, '-P'));
    const here = preprocessHere('text.h', resolverOf({ 'text.h': text }), target);
    expect(spellingsOf(here, tokensOf)).toEqual(want);
  });
}

const groups: readonly (readonly [what: string, text: string])[] = [
  [
    '#ifdef and #ifndef',
    '#define D\n#ifdef D\na\n#else\nb\n#endif\n#ifndef D\nc\n#else\nd\n#endif\n#ifdef U\ne\n#endif\n#ifndef U\nf\n#endif',
  ],
  ['an #elif chain, first', '#define V 1\n#if V == 1\na\n#elif V == 2\nb\n#elif V == 3\nc\n#else\nd\n#endif'],
  ['an #elif chain, middle', '#define V 2\n#if V == 1\na\n#elif V == 2\nb\n#elif V == 2\nc\n#else\nd\n#endif'],
  ['an #elif chain, last', '#define V 4\n#if V == 1\na\n#elif V == 2\nb\n#elif V == 3\nc\n#else\nd\n#endif'],
  ['an #elif chain, none', '#define V 4\n#if V == 1\na\n#elif V == 2\nb\n#endif\nc'],
  ['#elif after #ifdef', '#ifdef U\na\n#elif 1\nb\n#endif\n#ifndef U\nc\n#elif 1\nd\n#endif'],
  [
    '#elifdef and #elifndef',
    '#define D\n#if 0\na\n#elifdef D\nb\n#else\nc\n#endif\n#if 0\nd\n#elifndef D\ne\n#elifndef U\nf\n#endif',
  ],
  [
    'nested groups',
    '#if 1\na\n#if 0\nb\n#if 1\nc\n#endif\nd\n#else\ne\n#ifdef U\nf\n#else\ng\n#endif\n#endif\nh\n#else\ni\n#endif',
  ],
  [
    'nested in a group that is skipped',
    '#if 0\n#if 1\na\n#else\nb\n#endif\n#ifdef X\n#elif 1\nc\n#endif\n#else\nd\n#endif',
  ],
  [
    '#else within a skipped group',
    '#if 0\n#if 0\n#else\na\n#endif\n#elif 1\nb\n#if 0\n#elif 0\n#else\nc\n#endif\n#endif',
  ],
  ['no #elif is evaluated after a taken group', '#if 1\na\n#elif 1 / 0\nb\n#elif ( + garbage\nc\n#elif\nd\n#endif'],
  [
    'no #if is evaluated within a skipped group',
    '#if 0\n#if 1 / 0\n#elif )(\n#else\n#endif\n#if\n#endif\n#ifdef\n#endif\n#ifndef 1\n#endif\n#endif\na',
  ],
  [
    'no directive is followed within a skipped group',
    '#if 0\n#define A 1\n#include <nowhere.h>\n#error no\n#include\n#undef\n#bogus 1\n#define\n# 12 "x"\n#pragma pack(3)\n#endif\nA',
  ],
  ['garbage within a skipped group', `#if 0\ndon't\n"open\n@ \\ \` $ 1e+e+e 'x\n} ) ]\n#endif\na`],
  ['comments within a skipped group', "#if 0\n/* don't\n#endif\n*/ // it's\n#else\na\n#endif"],
  ['a comment that hides a directive', '/*\n#if 0\n*/\na\n/*\n#endif */\nb // \\\n#if 0\nc'],
  ['a macro that makes a directive', '#define HASH #\n#define LINE #if 0\nHASH if 0\na\nLINE\nb'],
  ['a macro whose arguments hold a directive in parentheses', '#define id(x) x\nid((\n#if 1\na\n#else\nb\n#endif\n))'],
  ['more after #else, #endif and #ifdef', '#ifdef U X\n#else X Y\na\n#endif U\nb'],
  ['directives after white space and comments', '  #if 1 /* c */\na\n /**/ # /**/ else // d\nb\n\t#\tendif\nc'],
  ['a condition over lines', '#if 1 && \\\n  2 > \\\n  3\na\n#else\nb\n#endif\n#if /* a\n b */ 1\nc\n#endif'],
  [
    'macros defined in groups',
    '#if 1\n#define A 1\n#else\n#define A 2\n#endif\n#if A == 1\n#undef A\n#define A 3\n#endif\nA',
  ],
  ['a guard', '#ifndef GUARD_H\n#define GUARD_H\na\n#endif\n#ifndef GUARD_H\nb\n#endif'],
];

describe.skipIf(!hasCompiler)(`groups of conditionals ${needsCompiler}`, () => {
  let answers: readonly string[];
  beforeAll(() => {
    answers = preprocessedByCompiler(groups.map(([, text]) => text));
  });
  it.each(groups.map(([what, text], index) => [what, text, index] as const))(
    'GCC takes the same groups: %s',
    (_, text, index) => {
      const want = tokensOf(answers[index] as string);
      expect(want.length).toBeGreaterThan(0);
      expect(tokens(text)).toEqual(want);
    },
  );
});

/** Names that only clang has, or that no compiler has. */
const othersAttributes = ['overloadable', 'diagnose_if', 'ext_vector_type', 'no_such_attribute'];
const othersBuiltins = ['__builtin_readcyclecounter', '__builtin_no_such', 'no_such_function'];
const attributes = [
  ...new Set([...targets.flatMap((target) => [...target.attributes()]), ...standardAttributes.keys()]),
];
const builtins = [...gnuBuiltins(), ...othersBuiltins];

describe.skipIf(!hasCompiler)(`__has_attribute and similar macros ${needsCompiler}`, () => {
  const ask = (question: string, names: readonly string[]): string =>
    names.map((name) => `#if ${question}(${name})\n"${name}"\n#endif\n`).join('');

  it('GCC gives the same answers for __has_builtin', () => {
    const text = ask('__has_builtin', builtins);
    const want = tokensOf(preprocessedByCompiler([text])[0] as string);
    expect(tokens(text)).toEqual(want);
    expect(want).toHaveLength(gnuBuiltins().size);
  });

  it('GCC gives the same answers for attributes in double brackets, with and without their scope', () => {
    const names = [...attributes, ...othersAttributes, '__deprecated__', '_Noreturn', '__packed__'];
    const scoped = names.flatMap((name) => [name, `gnu::${name}`, `__gnu__::${name}`, `clang::${name}`]);
    const text = ['__has_c_attribute', '__has_cpp_attribute', '__has_attribute']
      .flatMap((question) =>
        scoped.map((name) => `#if ${question}(${name}) > 201900\nbig\n#elif ${question}(${name})\n1\n#else\n0\n#endif`),
      )
      .join('\n');
    expect(tokens(text)).toEqual(tokensOf(preprocessedByCompiler([text])[0] as string));
  });

  it('GCC gives the same answers in text, after macros and in longer conditions', () => {
    const text = [
      '#define has __has_attribute',
      '#define which packed',
      '#if has(which) && has(__packed__) && !has(no_such_thing)',
      'a',
      '#endif',
      '#if __has_attribute(packed) + __has_builtin(__builtin_expect) == 2',
      'b',
      '#endif',
      '#ifdef __has_attribute',
      'c',
      '#endif',
    ].join('\n');
    expect(tokens(text)).toEqual(tokensOf(preprocessedByCompiler([text])[0] as string));
  });
});

// clang knows other attributes, and the generator follows GCC.
const judges = targets.filter((target) => target.compiler.package.startsWith('gcc') && isInstalled(target));

describe.each(judges)('__has_attribute for $name', (target) => {
  it('the compiler knows the same attributes of all that a compiler of any target knows', async () => {
    const names = [...attributes, ...attributes.map((name) => `__${name}__`), ...othersAttributes];
    const text = names.map((name) => `#if __has_attribute(${name})\n"${name}"\n#endif\n`).join('');
    const want = tokensOf(await byCompiler(compilerOf(target), text, '-P'));
    expect(spellingsOf(preprocessedOf({ 'x.h': text }, 'x.h', undefined, target), tokensOf)).toEqual(want);
    const known = new Set([...target.attributes(), ...standardAttributes.keys()]);
    expect(want).toHaveLength(known.size * 2);
  });
});

describe.skipIf(!hasCompiler)(`_Pragma ${needsCompiler}`, () => {
  it('macros in the operand of _Pragma are expanded', () => {
    const text =
      '#define TEXT_(x) #x\n#define TEXT(x) TEXT_(x)\n#define DO(x) _Pragma(TEXT(x))\nint a; DO(pack(2)) int b;\n';
    expect(tokens(text)).toEqual(tokensOf(preprocessedByCompiler([text])[0] as string));
  });
});
