import { describe, expect, it } from 'vitest';
import { lexFile, lexText } from '../../../generator/c/lexer.js';
import type { Token } from '../../../generator/c/tokens.js';
import { SourceFile } from '../../../generator/headers/files.js';
import { diagnosticsOf, hasCompiler, needsCompiler } from '../../../tools/lib/gcc.js';

function fileOf(text: string): SourceFile {
  return new SourceFile('x.h', '/include/x.h', 0, new TextEncoder().encode(text));
}

function lex(text: string): readonly Token[] {
  return lexFile(fileOf(text)).tokens.slice(0, -1);
}

function placeOf({ file, offset }: Token): string {
  const error = file.errorAt(offset, '');
  return `${error.line}:${error.column}`;
}

const kinds: readonly (readonly [text: string, kinds: string])[] = [
  ['a _a a1 $a a$', 'identifier identifier identifier identifier identifier'],
  ['é 日本 aé1', 'identifier identifier identifier'],
  ['1 0x1f 1.5 .5 1e+5 0x1p-3 1ULL 1.2.3 0b1', 'number number number number number number number number number'],
  ['"a" L"a" u8"a" u"a" U"a" ""', 'string string string string string string'],
  [`'a' L'a' '\\'' '\\\\' 'ab'`, 'character character character character character'],
  ['"a\\"b" "\\\\"', 'string string'],
  ['x"a" 1"a"', 'identifier string number string'],
  ['@ ` \\', 'other other other'],
  [`"open a`, 'other'],
  [`L"open a\nb`, 'other identifier'],
  [`don't a`, 'identifier other'],
  ['😀', 'identifier'],
  ['a\u00a0b \u0300a ×', 'identifier other identifier other identifier other'],
  ['R"(a)" LR"x(")x" u8R"()" xR"(a)"', 'string string string identifier string'],
  ['<a//b> #include <a//b>', 'punctuator identifier'],
  [
    '\n#include <a//b>\n# import <c>\n#include < x',
    'punctuator identifier header name punctuator identifier header name punctuator identifier punctuator identifier',
  ],
  [
    '__has_include ( <a//b> ) f(<a>)',
    'identifier punctuator header name punctuator identifier punctuator punctuator identifier punctuator punctuator',
  ],
];

const spellings: readonly (readonly [text: string, want: readonly string[]])[] = [
  ['a+++b', ['a', '++', '+', 'b']],
  ['a<<=b>>=c', ['a', '<<=', 'b', '>>=', 'c']],
  ['a->b--->c', ['a', '->', 'b', '--', '->', 'c']],
  ['....5', ['...', '.5']],
  ['..', ['.', '.']],
  ['a==b!=c<=d>=e&&f||g', ['a', '==', 'b', '!=', 'c', '<=', 'd', '>=', 'e', '&&', 'f', '||', 'g']],
  ['*=/=%=+=-=&=^=|=', ['*=', '/=', '%=', '+=', '-=', '&=', '^=', '|=']],
  ['###', ['##', '#']],
  ['<:<%%:%>:>', ['[', '{', '#', '}', ']']],
  ['%:%: %:%', ['##', '#', '%']],
  ['1e+1+2 0xe+1 1p-2', ['1e+1', '+', '2', '0xe+1', '1p-2']],
  ['1.e5.f', ['1.e5.f']],
  ['a/**/b', ['a', 'b']],
  ['a//b\nc', ['a', 'c']],
  ['a / / b /* * / // */ c', ['a', '/', '/', 'b', 'c']],
  ['"/*" a "*/" \'//\' b', ['"/*"', 'a', '"*/"', "'//'", 'b']],
  ['/*/ a */ b', ['b']],
  ['/***/ a /****/ b', ['a', 'b']],
  ['a\\\nb', ['ab']],
  ['a \\\n b', ['a', 'b']],
  ['a\\\r\nb', ['ab']],
  ['a\\\n\\\n\\\nb', ['ab']],
  ['"a\\\nb"', ['"ab"']],
  ['+\\\n+', ['++']],
  ['/\\\n* a *\\\n/ b', ['b']],
  ['// a \\\n b\nc', ['c']],
  ['1\\\n2', ['12']],
  ['\uFEFFa', ['a']],
  ['a\fb\vc\td', ['a', 'b', 'c', 'd']],
  ['a\r\nb', ['a', 'b']],
  ['a\rb\r\rc', ['a', 'b', 'c']],
  ['a\\\rb \\ \t\f\r\nc', ['ab', 'c']],
  ['// a \\ \n b\nc', ['c']],
  ['a\0b', ['a', 'b']],
  ['caf\\u00e9 \\U000000e9t\\u00E9 \\u0041', ['café', 'été', '\\', 'u0041']],
  ['R"(a\\n"b\\\n)" u8R"-(\\)-"', ['"a\\\\n\\"b\\\\\\n"', 'u8"\\\\"']],
  ['', []],
  ['\n\n', []],
  ['\\\n', []],
];

describe('the lexer', () => {
  it.each(kinds)('the lexer finds the kinds of %s', (text, want) => {
    expect(
      lex(text)
        .map(({ kind }) => kind)
        .join(' '),
    ).toBe(want);
  });

  it.each(spellings.map(([text, want]) => [JSON.stringify(text), text, want] as const))(
    'the lexer splits %s',
    (_, text, want) => {
      expect(lex(text).map((token) => token.text)).toEqual(want);
    },
  );

  it('the lexer marks tokens after white space and at the start of a line', () => {
    const tokens = lex('a b/**/c\nd\n  e f//\ng(h)');
    expect(tokens.map(({ text, space, first }) => `${first ? '^' : ''}${space ? ' ' : ''}${text}`)).toEqual([
      '^a',
      ' b',
      ' c',
      '^d',
      '^ e',
      ' f',
      '^g',
      '(',
      'h',
      ')',
    ]);
  });

  it('the lexer treats a continued line as one line', () => {
    expect(lex('a \\\nb\nc').map(({ first }) => first)).toEqual([true, false, true]);
  });

  it('the lexer adds an end token', () => {
    const { tokens } = lexFile(fileOf('a\n b '));
    const end = tokens.at(-1) as Token;
    expect([end.kind, end.offset, end.first]).toEqual(['end', 5, true]);
    expect(tokens.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  });

  it('the lexer stores comments with their positions', () => {
    const text = 'a /* one */ b // two\n/* three\nlines */ c /\\\n* four */ // five';
    const { comments } = lexFile(fileOf(text));
    expect(comments.map(({ start, end }) => text.slice(start, end))).toEqual([
      '/* one */',
      '// two',
      '/* three\nlines */',
      '/\\\n* four */',
      '// five',
    ]);
  });

  it('the lexer lexes a file once', () => {
    const file = fileOf('a b c');
    expect(lexFile(file)).toBe(lexFile(file));
  });

  it('the lexer lexes other text as part of a file, without an end token', () => {
    expect(lexText(fileOf(''), 'a ## 1').map(({ text }) => text)).toEqual(['a', '##', '1']);
  });

  it.each([
    ['é\n  日本 x', ['1:1', '2:3', '2:6']],
    ['"é" x', ['1:1', '1:5']],
    ['/* é */ x', ['1:9']],
    ['"😀" x', ['1:1', '1:6']],
    ['\uFEFFx y', ['1:1', '1:3']],
    ['é\\\né x', ['1:1', '2:3']],
  ] as const)('the lexer counts columns in UTF-16 code units: %j', (text, want) => {
    expect(lex(text).map(placeOf)).toEqual(want);
  });
});

/** GCC is asked for the positions of the names `m1`, `m2`, …. */
const places = [
  'm1; m2;',
  '  m1;\n\n\tm2; /* c */ m3;',
  '/* a\n b */ m1; // c\nm2;',
  'int a; \\\n  m1; \\\n\\\n m2;\nm3;',
  'm\\\n1; m2;\nm3;',
  'm1\\\n; m2;',
  'int a\\\nb\\\nc; m1;\nm2;',
  'int /* c \\\n */ a; m1;',
  'int a = 1 +\\\n2; m1; \\\n\n m2;',
  '// c \\\n m0;\nm1;',
  '#define LONG \\\n  int a; \\\n  int b;\nLONG m1;\nm2;',
  'char *s = "a\\\nb"; m1;',
  '#if 1 && \\\n 1\nm1; m2;\n#endif\n m3;',
  '\r\nm1;\r\n m2; \\\r\n m3;\r\n',
  'int a;\rm1;\r\r m2; \\\r m3;\r\n m4;\n\r m5;',
  'int a; \\ \t\n m1; // \\ \n m0;\nm2;',
  'int caf\\\n\\u00e9; m1;',
];

describe.skipIf(!hasCompiler)(`the positions of tokens ${needsCompiler}`, () => {
  it.each(places.map((text) => [JSON.stringify(text), text] as const))(
    'GCC gives the same positions of tokens: %s',
    (_, text) => {
      const want = diagnosticsOf(text)
        .filter(({ message }) => message.startsWith('data definition has no type'))
        .map(({ line, column }) => `${line}:${column}`);
      expect(want.length).toBeGreaterThan(0);
      expect(
        lex(text)
          .filter((token) => /^m\d$/.test(token.text))
          .map(placeOf),
      ).toEqual(want);
    },
  );
});
