import { beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler, needsCompiler, preprocessedByCompiler, tokensOf } from '../../../../tools/lib/gcc.js';
import { preprocessedOf, spellingsOf } from '../../../../tools/lib/headers-in-memory.js';

type Snippet = readonly [what: string, text: string];

const objectLike: readonly Snippet[] = [
  ['a number', '#define ONE 1\nONE + ONE'],
  ['nothing', '#define EMPTY\na EMPTY b EMPTY'],
  ['several tokens', '#define PAIR 1 , 2\n[PAIR]'],
  ['another macro', '#define A B\n#define B C\n#define C 7\nA B C'],
  ['another macro, defined later', '#define LATE SOON\nLATE\n#define SOON 3\nLATE'],
  ['a redefinition', '#define R 1\nR\n#undef R\n#define R 2\nR\n#undef R\nR'],
  ['#undef of a name that is not a macro', '#undef NEVER\nNEVER'],
  ['parentheses after a space', '#define F (x) x\nF F(1)'],
  ['a keyword', '#define int long\nint x;\n#undef int\nint y;'],
  ['no expansion within longer names', '#define a 1\na aa a_ _a a1 1a 0xa .5a'],
  ['no expansion in strings and characters', `#define a 1\n"a" 'a' L"a" u8"a" a`],
  ['a digraph for #', '%:define D 1\nD\n%:undef D\nD'],
  ['# after white space', '  #  define S 1\n\t#\tdefine T 2\nS T'],
  ['a comment for a #', '/* c */ # /* c */ define /* c */ C /* c */ 1 /* c */ + /* c */ 2\nC'],
  ['a null directive', '#\na\n# \nb\n# /* c */\nc'],
  ['continuations', '#define LONG 1 + \\\n  2 + \\\n  3\nLONG\n#def\\\nine SPLIT\\\nNAME 4\nSPLITNAME'],
  ['a comment over lines', '#define OVER 1 /* a\n b */ + 2\nOVER'],
  ['a line comment', '#define LINE 1 // + 2\nLINE'],
  ['a line comment that continues', '#define LINE 1 // + 2 \\\n + 3\nLINE'],
];

const selfReference: readonly Snippet[] = [
  ['its own name', '#define X X\nX X'],
  ['its own name among others', '#define X (X - 1)\nX'],
  ['a cycle of two', '#define P Q + 1\n#define Q P + 2\nP Q'],
  ['a cycle of three', '#define P Q\n#define Q R\n#define R P\nP Q R'],
  ['a call of itself', '#define f(x) f(x + 1)\nf(f(0))'],
  ['itself as an argument', '#define f(x) [x]\nf(f)(1) f(f(f(2)))'],
  ['calls of each other', '#define f(x) g(x) + 1\n#define g(x) f(x) + 2\nf(0) g(0)'],
  ['itself through an argument', '#define f(x) x f\nf(f)(1)(2)'],
  ['painted for ever', '#define X X\n#define id(x) x\nid(X) id(id(X))'],
  ['painted, then pasted to a new name', '#define X X\n#define X2 found\n#define cat(a, b) a ## b\ncat(X, 2)'],
  ['pasted to its own name', '#define AB cat(A, B)\n#define cat(a, b) a ## b\nAB cat(A, B)'],
  ['its name and the parentheses after', '#define f(x) x + f\nf(1)(2)(3)'],
  ['its name out of another, parentheses after', '#define f(x) x g\n#define g f\nf(1)(2)(3)'],
];

const functionLike: readonly Snippet[] = [
  ['one parameter', '#define sq(x) ((x) * (x))\nsq(3) sq(a + b) sq(sq(2))'],
  ['no parameter', '#define f() 1\nf() f( ) f(/* c */) f'],
  ['several parameters', '#define max(a, b) ((a) > (b) ? (a) : (b))\nmax(max(1, 2), 3)'],
  ['a name without parentheses', '#define f(x) <x>\nf f; f + (1) f (1) f\n(2)'],
  ['arguments over lines', '#define f(a, b) [a|b]\nf(1\n+ 2\n,\n\n3)'],
  ['an empty argument', '#define f(x) [x]\nf() f( )'],
  ['empty arguments', '#define f(a, b, c) [a|b|c]\nf(,,) f(1,,) f(,2,) f(,,3)'],
  ['commas in parentheses', '#define f(x) [x]\nf((1, 2)) f(g(1, 2)) f((,))'],
  ['no protection by brackets', '#define f(a, b) <a|b>\nf([1, 2]) f({3, 4})'],
  ['arguments with parentheses in strings', '#define f(x) [x]\nf(")") f(\')\') f("(")'],
  ['parameters named as macros', '#define x 1\n#define f(x) x + y\n#define y x\nf(2)'],
  ['arguments that are macros', '#define a b\n#define b c\n#define f(x) x x\nf(a)'],
  ['arguments that make new arguments', '#define two 1, 2\n#define f(x) g(x)\n#define g(a, b) [a|b]\nf(two)'],
  ['a call from the name and the text after', '#define f(x) <x>\n#define name f\nname(1) name (2)'],
  ['a call whose parenthesis ends its macro', '#define f(x) <x>\n#define open f(\nopen 1)'],
  ['a call that ends after its macro', '#define f(a, b) <a|b>\n#define start f(1,\nstart 2)'],
  [
    'a deferred call',
    '#define EMPTY\n#define DEFER(m) m EMPTY\n#define f() 1\nDEFER(f)() EXPAND\n#define EXPAND(x) x\nEXPAND(DEFER(f)())',
  ],
  [
    'recursion by deferral',
    '#define E\n#define D(m) m E\n#define X(...) __VA_ARGS__\n#define r() n D(again)()()\n#define again() r\nr() X(r()) X(X(r()))',
  ],
  ['a name at the end of an argument', '#define f(x) <x>\n#define g(x) x(1)\ng(f) g(g)(2)'],
  [
    'a name before an argument list in another macro',
    '#define f(x) <x>\n#define args (1)\nf args\n#define both f args\nboth',
  ],
  [
    'directives among the arguments',
    '#define f(x) [x]\nf(1\n#define LATER 2\n+ LATER\n#ifdef LATER\n+ 3\n#else\n+ 4\n#endif\n)',
  ],
  ['a redefinition among the arguments', '#define f(x) [x m]\n#define m 1\nf(m\n#undef m\n#define m 2\nm)'],
  ['a digraph among the arguments', '#define f(x) x\nf(<: 1 :> <% 2 %>)'],
  [
    'a macro of the parentheses',
    '#define L (\n#define R )\n#define f(x) <x>\nf L 1 R\n#define call(x) x\ncall(f L 1 R)',
  ],
  ['many levels', '#define a(x) b(x)\n#define b(x) c(x)\n#define c(x) d(x)\n#define d(x) (x)\na(a(a(1)))'],
];

const stringify: readonly Snippet[] = [
  ['tokens', '#define str(x) #x\nstr(a + b) str(a+b) str( a  +   b ) str()'],
  ['no expansion of a quoted argument', '#define str(x) #x\n#define xstr(x) str(x)\n#define m 1\nstr(m) xstr(m)'],
  [
    'strings and characters',
    `#define str(x) #x\nstr("a") str('a') str('"') str("\\n") str('\\n') str("\\"") str('\\\\')`,
  ],
  ['a backslash outside of strings', '#define str(x) #x\nstr(a\\b) str(\\n) str("\\"" \\ "\\"")'],
  ['strings with a prefix', `#define str(x) #x\nstr(L"a\\n") str(u8"a") str(U'x')`],
  ['white space and comments', '#define str(x) #x\nstr(a /* c */ b) str(a/**/b) str(a\n\nb) str(\ta\t+\tb\t)'],
  [
    'white space out of nested macros',
    '#define str(x) #x\n#define xstr(x) str(x)\n#define s(x) -x\n#define t - x\nxstr(s(1)) xstr(- s(1)) xstr(-t) xstr(s(s(1))) xstr(s( 1 ))',
  ],
  [
    'white space around empty macros',
    '#define str(x) #x\n#define xstr(x) str(x)\n#define e\nxstr(a e b) xstr(a e) xstr(e a) xstr(a e e b) xstr([e]) xstr(-e-)',
  ],
  ['all arguments', '#define str(...) #__VA_ARGS__\nstr(a, b ,c,  d) str() str(,)'],
  ['# beside a parameter of several', '#define f(a, b) #a b # b a\nf(x y, "z")'],
  ['# in an object-like macro', '#define hash #x # x\nhash'],
  ['a punctuator', '#define str(x) #x\nstr(<<=) str(...) str(->) str(##) str(#) str(@) str(`)'],
  ['digraphs', '#define str(x) #x\nstr(<:) str(%:) str(a <% b)'],
  ['a digraph for #', '#define str(x) %:x\nstr(a b)'],
  ['numbers', '#define str(x) #x\nstr(1.5e+3) str(0x1p-2) str(1..2) str(0xe+1) str(.5.)'],
  ['a line continuation', '#define str(x) #x\nstr(a\\\nb) str("a\\\nb") str(a \\\n b)'],
  ['characters beyond ASCII', '#define str(x) #x\nstr(é ü) str("日本")'],
];

const vanishing: readonly Snippet[] = [
  'a EMPTY+b',
  'a NONE()+b',
  'a EMPTY b',
  'EMPTY a',
  'a EMPTY',
  'a EMPTY EMPTY+b',
  'a+EMPTY b',
  '-EMPTY-b',
  'a\nEMPTY+b',
  'a NONE( )+b',
  'a EMPTY NONE()+b EMPTY',
].map((text) => [
  `the space before what vanishes: ${text}`,
  `#define EMPTY\n#define NONE()\n#define S(x) #x\n#define F(x) S(x)\nF(${text})`,
]);

const paste: readonly Snippet[] = [
  ['two names', '#define cat(a, b) a ## b\ncat(x, y) cat(x, 1) cat(1, x) cat(0x, ff)'],
  ['with a fixed part', '#define pre(x) io_ ## x ## _t\npre(port) pre(1)'],
  [
    'no expansion of a pasted argument',
    '#define cat(a, b) a ## b\n#define xcat(a, b) cat(a, b)\n#define m n\ncat(m, m) xcat(m, m)',
  ],
  ['the result is expanded', '#define cat(a, b) a ## b\n#define xy found\ncat(x, y)'],
  ['the result is the name of a call', '#define cat(a, b) a ## b\n#define fn(x) <x>\ncat(f, n)(1)'],
  ['empty arguments', '#define cat(a, b) a ## b\n[cat(,)] [cat(x,)] [cat(,y)]'],
  ['three, some empty', '#define cat(a, b, c) a ## b ## c\n[cat(,,)] [cat(x,,z)] [cat(,y,)] [cat(x,y,z)] [cat(,,z)]'],
  ['only the ends of long arguments', '#define cat(a, b) a ## b\n#define bc no\n#define d D\ncat(a b, c d)'],
  ['punctuators', '#define cat(a, b) a ## b\ncat(<, <) cat(<, <=) cat(-, >) cat(+, +) cat(|, |) cat(!, =) cat(&, =)'],
  ['numbers', '#define cat(a, b) a ## b\ncat(1, 2) cat(1, u) cat(1, .5) cat(., 5) cat(1e, +5) cat(0x1p-, 3)'],
  ['in an object-like macro', '#define thing a ## b ## 1\nthing'],
  ['a ## that is an argument', '#define id(x) x\n#define cat(a, b) a ## b\nid(a ## b) id(##) cat(#, #)'],
  ['## made of ##', '#define hash # ## #\n#define f(x) [x]\nf(a hash b)'],
  ['a prefix and a string', '#define wide(x) L ## x\nwide("a") wide(\'a\')'],
  ['a parameter pasted and used', '#define f(x) x ## 1 x #x\n#define a b\nf(a)'],
  ['names with numbers that become suffixes', '#define U64(x) x ## ULL\nU64(1) U64(0xff)'],
  [
    'a pasted name of a macro in an argument',
    '#define cat(a, b) a ## b\n#define AB 1\n#define f(x) (x)\nf(cat(A, B)) cat(A, B)',
  ],
  ['nested pastes', '#define cat(a, b) a ## b\n#define xcat(a, b) cat(a, b)\nxcat(xcat(1, 2), 3) xcat(x, xcat(y, z))'],
  ['a percent for a digraph', '#define cat(a, b) a %:%: b\ncat(x, y)'],
  ['a name for a variadic rest', '#define cat(a, ...) a ## __VA_ARGS__\ncat(x) cat(x, y) cat(x, y, z) cat(, y)'],
];

const variadic: readonly Snippet[] = [
  ['all arguments', '#define f(...) [__VA_ARGS__]\nf() f(1) f(1, 2) f(1, (2, 3))'],
  ['the rest', '#define f(a, ...) [a|__VA_ARGS__]\nf(1) f(1,) f(1, 2) f(1, 2, 3) f(,)'],
  ['the rest, expanded', '#define f(a, ...) [a|__VA_ARGS__]\n#define two 1, 2\nf(two) f(two, two)'],
  ['the rest, handed on', '#define g(a, b, c) <a|b|c>\n#define f(...) g(__VA_ARGS__)\nf(1, 2, 3)'],
  ['a name for the rest', '#define f(a, rest...) [a|rest]\nf(1) f(1, 2) f(1, 2, 3)'],
  ['a name for all', '#define f(all...) [all]\nf() f(1) f(1, 2)'],
  ['a comma dropped', '#define f(a, ...) g(a, ## __VA_ARGS__)\nf(1) f(1,) f(1, 2) f(1, 2, 3) f()'],
  ['a comma dropped, by name', '#define f(a, rest...) g(a, ## rest)\nf(1) f(1,) f(1, 2) f(1, 2, 3)'],
  ['a comma dropped without other parameters', '#define f(...) g(0, ## __VA_ARGS__)\nf() f(1) f(1, 2)'],
  ['a comma before an empty macro', '#define e\n#define f(a, ...) g(a, ## __VA_ARGS__)\nf(1, e) f(1, e e)'],
  ['a comma and the rest, expanded', '#define two 1, 2\n#define f(a, ...) g(a, ## __VA_ARGS__)\nf(two, two)'],
  ['a comma with tokens after', '#define f(a, ...) g(a, ## __VA_ARGS__, z) h(a , ## __VA_ARGS__ z)\nf(1) f(1, 2)'],
  ['counting', '#define n(...) nth(__VA_ARGS__, 3, 2, 1, 0)\n#define nth(a, b, c, d, ...) d\nn(x) n(x, y) n(x, y, z)'],
  ['# of the rest', '#define f(a, ...) #a #__VA_ARGS__\nf(1) f(1, 2) f(1, 2 , 3)'],
  [
    'each of a list',
    '#define each(m, a, ...) m(a) each1(m, __VA_ARGS__)\n#define each1(m, a, ...) m(a)\n#define q(x) <x>\neach(q, 1, 2)',
  ],
];

const vaOpt: readonly Snippet[] = [
  ['a comma', '#define f(a, ...) g(a __VA_OPT__(,) __VA_ARGS__)\nf(1) f(1,) f(1, 2) f(1, 2, 3)'],
  ['an empty rest by a macro', '#define e\n#define f(...) [__VA_OPT__(x) __VA_ARGS__]\nf(e) f(e e) f(1) f()'],
  ['parameters within', '#define f(a, b, ...) [__VA_OPT__(a b __VA_ARGS__ (a))]\nf(1, 2) f(1, 2, 3, 4)'],
  ['nothing within', '#define f(...) [__VA_OPT__()]\nf() f(1)'],
  ['after a paste', '#define f(a, ...) a ## __VA_OPT__(x y)\nf(1) f(q) f(q, 2)'],
  ['before a paste', '#define f(a, ...) __VA_OPT__(x y) ## a\nf(1) f(q, 2)'],
  ['a paste within', '#define f(a, ...) __VA_OPT__(a ## 1 + #a)\nf(q) f(q, 2)'],
  ['with a name for the rest', '#define f(a, rest...) [a __VA_OPT__(,) rest]\nf(1) f(1, 2)'],
  ['a call within', '#define g(x) <x>\n#define f(...) __VA_OPT__(g(__VA_ARGS__))\nf() f(1)'],
  ['quoted', '#define f(a, ...) #__VA_OPT__(a __VA_ARGS__)\nf(1) f(1, 2)'],
];

// The examples of the standard, 6.10.3.5 of C17, rewritten with other macros.
const standardExamples: readonly Snippet[] = [
  [
    'a name redefined between definition and use',
    '#define reg base\n#define at(n) at(reg * (n))\n#undef reg\n#define reg 4\n#define self self[~ self]\n#define via at\n' +
      '#define open at(~\n#define two 0,1\n#define hug(n) n(two)\n#define id(n) n\n' +
      'at(p+1) + at(at(self)) % via(via(0) + via)(1);\nvia(reg+(7,8)-two) | open 5) & hug(at)\n^hug(hug);\n' +
      'struct s w[2] = { id(via)(6), via(8)(9), id(id)(7), id(id(via))(5) };\nchar v[3][4] = { id(via(1)), id() };',
  ],
  [
    'quoting and pasting through two levels',
    '#define quote(s) # s\n#define xquote(s) quote(s)\n#define log(m, n) print("n" # m "= %u, n" # n "= %p", \\\n n ## m, n ## n)\n' +
      '#define FILE(n) dev ## n\n#define glue(a, b) a ## b\n#define xglue(a, b) glue(a, b)\n#define UPDOWN "up"\n#define DOWN DOWN ", down"\n' +
      'log(3, 4);\nput(quote(cmp("x\\0y", "x", \'\\5\') // a comment\n== 1) quote(: @\\t), f);\nxquote(include FILE(3).h)\nglue(UP, DOWN);\nxglue(UP, DOWN)',
  ],
  [
    'placemarkers',
    '#define join(a,b,c,d) a ## b ## c ## d\nint v[] = { join(3,4,5,6), join(,7,8,9), join(1,,2,3), join(4,5,,6),\n join(7,,,8), join(,9,,),  join(1,,,), join(,,,) };',
  ],
  [
    '# and ## of # and ##',
    '#define both_hash # ## #\n#define quote(a) # a\n#define quoted(a) quote(a)\n#define between(a, b) quoted(a both_hash b)\nchar c[] = between(u, v);',
  ],
  [
    'variable arguments',
    '#define say(...) out(stream, __VA_ARGS__)\n#define names(...) list(# __VA_ARGS__)\n#define check(t, ...) ((t)?done(# t):out(__VA_ARGS__))\n' +
      'say("F");\nsay("V = %u\\n", v);\nnames(a, "b", and a third);\ncheck(v<w, "v %u, w %i", v, w);',
  ],
];

const computed: readonly Snippet[] = [
  ['__LINE__', '__LINE__\n\n__LINE__ __LINE__ /*\n*/ __LINE__ \\\n__LINE__\n__LINE__'],
  ['__LINE__ through macros', '#define here __LINE__\n#define id(x) x\nhere\nid(here)\nid(__LINE__)'],
  ['__LINE__ pasted', '#define cat(a, b) a ## b\n#define xcat(a, b) cat(a, b)\nxcat(n, __LINE__)\ncat(n, __LINE__)'],
  [
    '__COUNTER__',
    '__COUNTER__ __COUNTER__\n#define next __COUNTER__\nnext next\n#if __COUNTER__ == 4\nfour\n#endif\n__COUNTER__',
  ],
  ['__COUNTER__ as an argument', '#define twice(x) x x\ntwice(__COUNTER__) __COUNTER__'],
  [
    'defined predefined names',
    '#ifdef __LINE__\nline\n#endif\n#ifdef __COUNTER__\ncounter\n#endif\n#ifdef __FILE__\nfile\n#endif\n#if defined(__TIME__) && defined __DATE__\ntime\n#endif',
  ],
  [
    'what the target predefines',
    '__x86_64__ __LP64__ __CHAR_BIT__ __SIZEOF_LONG__ __SIZEOF_INT128__ __BYTE_ORDER__ __ORDER_BIG_ENDIAN__ __SIZE_TYPE__ __INT64_TYPE__\n' +
      '__UINT64_C(1) __INT64_C(1) __UINT32_C(1) __INT_MAX__ __LONG_MAX__ __SIZE_MAX__ __WCHAR_TYPE__ __BIGGEST_ALIGNMENT__ __STDC_VERSION__ linux unix __i386__ __clang__ __cplusplus',
  ],
  [
    'push_macro and pop_macro',
    '#define m 1\n#pragma push_macro("m")\n#undef m\nm\n#define m 2\nm\n#pragma pop_macro("m")\nm',
  ],
  [
    'push_macro twice',
    '#define m 1\n#pragma push_macro("m")\n#undef m\n#define m 2\n#pragma push_macro("m")\n#undef m\n#define m 3\nm\n#pragma pop_macro("m")\nm\n#pragma pop_macro("m")\nm\n#pragma pop_macro("m")\nm',
  ],
  ['push_macro of a name that is not a macro', '#pragma push_macro("m")\n#define m 1\nm\n#pragma pop_macro("m")\nm'],
  [
    'push_macro by _Pragma',
    '#define m 1\n_Pragma("push_macro(\\"m\\")")\n#undef m\nm\n_Pragma("pop_macro(\\"m\\")")\nm',
  ],
];

/** GCC prints every pragma. Of the remaining pragmas, the parser must only see pack. */
const packs: readonly Snippet[] = [
  ['#pragma pack', '#pragma pack(1)\na\n#pragma pack()\nb\n#  pragma  pack ( push , x , 2 )\nc\n#pragma pack(pop,x)'],
  ['_Pragma', '_Pragma("pack(1)") a _Pragma("pack()") b'],
  [
    '_Pragma out of a macro',
    '#define packed _Pragma("pack(push, 1)")\n#define normal _Pragma("pack(pop)")\npacked\nstruct s;\nnormal',
  ],
  ['_Pragma of a quoted argument', '#define P(x) _Pragma(#x)\nP(pack(4))\na\nP(pack())'],
];

const tables: Readonly<Record<string, readonly Snippet[]>> = {
  'object-like macros': objectLike,
  'self-reference': selfReference,
  'function-like macros': functionLike,
  '# makes strings of': stringify,
  'what vanishes leaves': vanishing,
  '## pastes': paste,
  'variadic macros': variadic,
  "traps of the standard's examples": standardExamples,
  'computed macros': computed,
  'pragmas for the parser': packs,
};

function tokens(text: string): string[] {
  return spellingsOf(preprocessedOf({ 'text.h': text }), tokensOf);
}

/** Asks the compiler once for the whole table. */
function compare(snippets: readonly Snippet[], standard: string): void {
  let answers: readonly string[];
  beforeAll(() => {
    answers = preprocessedByCompiler(
      snippets.map(([, text]) => text),
      [`-std=${standard}`],
    );
  });
  it.each(snippets.map(([what, text], index) => [what, text, index] as const))(
    'GCC gives the same tokens: %s',
    (_, text, index) => {
      const want = tokensOf(answers[index] as string);
      expect(want.length).toBeGreaterThan(0);
      expect(tokens(text)).toEqual(want);
    },
  );
}

describe.skipIf(!hasCompiler)(`macro expansion ${needsCompiler}`, () => {
  for (const [name, snippets] of Object.entries(tables)) describe(name, () => compare(snippets, 'gnu17'));
  // In C17 it is an ordinary name.
  describe('__VA_OPT__', () => compare(vaOpt, 'gnu2x'));
});
