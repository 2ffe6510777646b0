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
  ['', []],
  ['\n\n', []],
  ['\\\n', []],
];

describe('the lexer', () => {
  it.each(kinds)('knows the kinds of %s', (text, want) => {
    expect(
      lex(text)
        .map(({ kind }) => kind)
        .join(' '),
    ).toBe(want);
  });

  it.each(spellings.map(([text, want]) => [JSON.stringify(text), text, want] as const))(
    'splits %s',
    (_, text, want) => {
      expect(lex(text).map((token) => token.text)).toEqual(want);
    },
  );

  it('says where white space stands before a token, and where a line begins', () => {
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

  it('takes a line with a continuation as one line', () => {
    expect(lex('a \\\nb\nc').map(({ first }) => first)).toEqual([true, false, true]);
  });

  it('ends with a token at the end', () => {
    const { tokens } = lexFile(fileOf('a\n b '));
    const end = tokens.at(-1) as Token;
    expect([end.kind, end.offset, end.first]).toEqual(['end', 5, true]);
    expect(tokens.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  });

  it('keeps comments aside, with their places', () => {
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

  it('lexes a file once', () => {
    const file = fileOf('a b c');
    expect(lexFile(file)).toBe(lexFile(file));
  });

  it('lexes other text as if it were of a file, without an end', () => {
    expect(lexText(fileOf(''), 'a ## 1').map(({ text }) => text)).toEqual(['a', '##', '1']);
  });

  it.each([
    ['é\n  日本 x', ['1:1', '2:3', '2:6']],
    ['"é" x', ['1:1', '1:5']],
    ['/* é */ x', ['1:9']],
    ['"😀" x', ['1:1', '1:6']],
    ['\uFEFFx y', ['1:1', '1:3']],
    ['é\\\né x', ['1:1', '2:3']],
  ] as const)('counts columns in UTF-16 code units: %j', (text, want) => {
    expect(lex(text).map(placeOf)).toEqual(want);
  });
});

/** The names `m1`, `m2`, … are where GCC is asked for the place. */
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
];

describe.skipIf(!hasCompiler)(`tokens stand where GCC says ${needsCompiler}`, () => {
  it.each(places.map((text) => [JSON.stringify(text), text] as const))('%s', (_, text) => {
    const want = diagnosticsOf(text)
      .filter(({ message }) => message.startsWith('data definition has no type'))
      .map(({ line, column }) => `${line}:${column}`);
    expect(want.length).toBeGreaterThan(0);
    expect(
      lex(text)
        .filter((token) => /^m\d$/.test(token.text))
        .map(placeOf),
    ).toEqual(want);
  });
});
