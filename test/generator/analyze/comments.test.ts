/** Comments of a header: to which declaration each belongs, and how it is emitted. */

import { readFileSync } from 'node:fs';
import { Project } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import { analyzeHeader } from '../../../generator/analyze/analyze.js';
import { headerComments } from '../../../generator/analyze/comments.js';
import { emitFiles, openModel } from '../../../generator/core.js';
import { emitModules } from '../../../generator/emit/modules.js';
import { installedHeaders } from '../../../generator/index.js';
import { type Member, type Model, withoutComments } from '../../../generator/model/model.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { resolverOf } from '../../../tools/lib/headers-in-memory.js';

function commentedModel(text: string): Model {
  const files = { 'x.h': text };
  return analyzeHeader(
    'x.h',
    x86_64,
    resolverOf(files),
    (read) => ({
      kernel: null,
      files: read.map(({ name }) => ({ name, sha256: '', origin: { kind: 'tree' } })),
    }),
    { comments: headerComments },
  );
}

/** Returns the comment of each member of `struct s`, by name. Members of unnamed records come after their record. */
function memberComments(text: string): Record<string, string | undefined> {
  const { types } = commentedModel(text);
  const named = (members: readonly Member[]): [string, string | undefined][] =>
    members.flatMap((member) => [[member.name ?? '', member.comment] as const, ...named(member.members ?? [])]);
  return Object.fromEntries(named(types.find(({ tag }) => tag === 's')?.members ?? []));
}

describe('a kernel-doc comment', () => {
  it.each<[where: string, text: string, comments: Record<string, string | undefined>]>([
    [
      'before the struct',
      '/**\n * struct s - a thing\n * @a: the first\n *     of all\n * @b: second\n *\n * More of it.\n */\nstruct s { int a; int b; int c; };',
      { a: 'the first\nof all', b: 'second', c: undefined },
    ],
    [
      'before the struct, with a comment of the member',
      '/** struct s - a thing\n * @a: one\n */\nstruct s {\n int a; /* two */\n};',
      { a: 'one\ntwo' },
    ],
    [
      'at the member',
      'struct s {\n /** @a: one */\n int a;\n /**\n  * @b: two\n  * more\n  */\n int b;\n};',
      { a: 'one', b: 'two\nmore' },
    ],
    [
      'for members of unnamed records',
      '/**\n * struct s - x\n * @u: the part\n * @u.a: one\n * @b: two\n */\nstruct s {\n struct { int a; } u;\n union { int b; };\n};',
      { u: 'the part', a: 'one', b: 'two', '': undefined },
    ],
    [
      'at the member of an unnamed record',
      'struct s {\n struct {\n  /** @u.a: one */\n  int a;\n } u;\n};',
      { u: undefined, a: 'one' },
    ],
    ['for another name', '/**\n * struct s - x\n * @other: one\n */\nstruct s { int a; };', { a: undefined }],
  ])('a part belongs to the member that it names: %s', (_where, text, comments) => {
    expect(memberComments(text)).toEqual(comments);
  });

  it('the rest of the comment belongs to the struct, with the parts of other names', () => {
    const text =
      '/**\n * struct s - a thing\n * @a: one\n * @gone: two\n *\n * More:\n * text\n */\nstruct s { int a; };\n' +
      '/**\n * @x: one\n */\nunion u { int x; };\n/* no @x: part */\nstruct t { int x; };\n';
    const { types } = commentedModel(text);
    expect(types.map(({ comment }) => comment)).toEqual([
      'a thing\n@gone: two\n\nMore:\ntext',
      undefined,
      'no @x: part',
    ]);
  });

  it('a part belongs to the enumerator that it names', () => {
    const text =
      '/**\n * enum e - kinds\n * @A: one\n * @B: two\n */\nenum e { A, B, /* more */\n C };\nenum f {\n /** @D: three */\n D };';
    const [e, f] = commentedModel(text).enums;
    expect(e?.comment).toBe('kinds');
    expect(e?.enumerators.map(({ comment }) => comment)).toEqual(['one', 'two\nmore', undefined]);
    expect(f?.enumerators.map(({ comment }) => comment)).toEqual(['three']);
  });

  it('the docstring of a member has its part', () => {
    const model = commentedModel('/**\n * struct s - a thing\n * @a: the first\n */\nstruct s { int a; };');
    const [module] = emitModules(model);
    expect(module?.text).toContain(
      '   * `int a`, offset 0, 4 bytes.\n   *\n   * the first\n   */\n  get a(): number {',
    );
    expect(module?.text).toContain(' * `struct s`: 4 bytes, aligned to 4.\n *\n * a thing\n */\nexport class S');
  });
});

describe('the comment of a member', () => {
  it.each<[where: string, text: string, comments: Record<string, string | undefined>]>([
    ['after it', 'struct s { int a; /* one */\n int b; };', { a: 'one', b: undefined }],
    ['after it as a line', 'struct s {\n int a; // one\n int b;\n};', { a: 'one', b: undefined }],
    ['before it', 'struct s {\n /* one */\n int a;\n int b;\n};', { a: 'one', b: undefined }],
    ['before and after', 'struct s {\n /* one */\n int a; /* two */\n};', { a: 'one\ntwo' }],
    ['each its own on one line', 'struct s { int a; /* one */ int b; /* two */\n};', { a: 'one', b: 'two' }],
    [
      'continued in the column below',
      'struct s {\n\tint a;\t/* one */\n\t\t/* more */\n\tint b;\n};',
      { a: 'one\nmore', b: undefined },
    ],
    ['of several lines', 'struct s {\n /*\n  * one\n  *\n  *   more\n  */\n int a;\n};', { a: 'one\n\n  more' }],
    ['not across an empty line', 'struct s {\n /* one */\n\n int a;\n};', { a: undefined }],
    ['across a directive', 'struct s {\n /* one */\n#define X 1\n int a;\n};', { a: 'one' }],
    ['of all declared names', 'struct s {\n int a, b; /* one */\n};', { a: 'one', b: 'one' }],
    ['not of a brace before it', 'struct s { /* one */\n int a;\n};', { a: undefined }],
    [
      'for all of a direction',
      'struct s {\n /* in */\n int a;\n int b; /* one */\n /* out */\n int c;\n\n int d;\n};',
      { a: 'in', b: 'in\none', c: 'out', d: undefined },
    ],
    [
      'of several directions',
      'struct s {\n /* out (GET) / in (SET) */\n int a;\n int b;\n};',
      { a: 'out (GET) / in (SET)', b: 'out (GET) / in (SET)' },
    ],
    [
      'not of what only begins so',
      'struct s {\n /* in bytes */\n int a;\n int b;\n};',
      { a: 'in bytes', b: undefined },
    ],
    [
      'of an unnamed record and those in it',
      'struct s {\n /* one */\n struct {\n  int a; /* two */\n } u;\n};',
      { u: 'one', a: 'two' },
    ],
    [
      'where a macro makes the declaration',
      '#define FIELD(n) int n;\nstruct s {\n /* one */\n FIELD(a)\n int b; /* two */\n};',
      { a: 'one', b: 'two' },
    ],
  ])('a comment belongs to the member: %s', (_where, text, comments) => {
    expect(memberComments(text)).toEqual(comments);
  });
});

describe('the comment of a declaration', () => {
  it('a struct has the comment before it or after its brace', () => {
    const { types } = commentedModel(
      '/* one */\nstruct a { int x; };\nstruct b { /* two */\n int x;\n};\nstruct c { int x; };\n',
    );
    expect(types.map(({ comment }) => comment)).toEqual(['one', 'two', undefined]);
  });

  it('a struct that a typedef names has the comment before it', () => {
    expect(commentedModel('/* one */\ntypedef struct { int x; } t;\n').types[0]?.comment).toBe('one');
  });

  it('enums and enumerators have comments', () => {
    const { enums } = commentedModel('/* e */\nenum e {\n A, /* one */\n B = (1 + 2), // two\n /* three */\n C\n};\n');
    expect(enums[0]?.comment).toBe('e');
    expect(enums[0]?.enumerators.map(({ comment }) => comment)).toEqual(['one', 'two', 'three']);
  });

  it('macros of every kind have comments', () => {
    const text =
      '#define _IO(t,n) ((t)<<8|(n))\n#define _IOC_DIR(n) 0\n#define _IOC_TYPE(n) ((n)>>8)\n#define _IOC_NR(n) ((n)&255)\n' +
      '#define _IOC_SIZE(n) 0\n#define _IOC_READ 2\n#define _IOC_WRITE 1\n' +
      '/* one */\n#define A 1\n#define B 2 /* two */\n#define C \\\n 3 /* three */\n/* io */\n#define D _IO(1, 2)\n/* f */\n#define F(x) (x)\n#define G 4\n';
    const { constants, ioctls, functions } = commentedModel(text);
    const comments = Object.fromEntries(constants.map(({ name, comment }) => [name, comment]));
    expect(comments).toMatchObject({ A: 'one', B: 'two', C: 'three', D: 'io' });
    expect(constants.at(-1)).toEqual({ name: 'G', value: 4, type: 'int', location: { header: 'x.h', line: 17 } });
    expect(ioctls[0]?.comment).toBe('io');
    expect(functions.at(-1)?.comment).toBe('f');
  });
});

describe('comments in emitted modules', () => {
  const hostile = [
    'struct s {',
    '\t/* @throws {x} <b>`c` \\u0041 \u2028 \u0007 // */',
    '\tint a;',
    '\tint b; // ends */ export const evil = 1; /* and \\',
    'more',
    '};',
    '',
  ].join('\n');

  // Shows: security 11
  it('a comment never ends a docstring and never contains TSDoc syntax', () => {
    const [module] = emitModules(commentedModel(hostile));
    const text = module?.text ?? '';
    expect(text).not.toMatch(/evil = 1; (?!\/\*)$/m);
    const file = new Project({ useInMemoryFileSystem: true }).createSourceFile('x.ts', text);
    expect([...file.getExportedDeclarations().keys()]).toEqual(['$target', 'S']);
    const docs = ['a', 'b'].map((name) => file.getClassOrThrow('S').getGetAccessorOrThrow(name).getJsDocs());
    expect(docs.map((list) => list.length)).toEqual([1, 1]);
    expect(docs.flatMap(([doc]) => doc?.getTags() ?? [])).toEqual([]);
    expect(docs[0]?.[0]?.getDescription()).toContain('\\@throws \\{x\\} \\<b\\>\\`c\\` \\\\u0041');
    for (const letter of '\u2028\u0007\r') expect(text).not.toContain(letter);
  });

  it('written models never have comments, and modules have them only on request', () => {
    const model = commentedModel(
      '/* alpha */\nstruct s { int a; /* beta */ };\n/* gamma */\n#define A 1\nenum { B /* delta */ };\n',
    );
    const [module, written] = emitFiles([model], { support: '../support' });
    for (const each of ['alpha', 'beta', 'gamma']) expect(module?.text).toContain(each);
    expect(openModel(written?.text ?? '', 'x')).toEqual(withoutComments(model));
    const bare = emitFiles([withoutComments(model)], { support: '../support' }).map(({ text }) => text);
    for (const each of ['alpha', 'beta', 'gamma', 'delta']) expect(bare.join()).not.toContain(each);
  });
});

describe("the comments of this machine's kvm.h", () => {
  const model = installedHeaders({ comments: true }).model('linux/kvm.h');
  const project = new Project({ useInMemoryFileSystem: true });
  const docs = new Map<string, string[]>();
  for (const { path, text } of emitModules(model)) {
    for (const type of project.createSourceFile(path, text).getClasses()) {
      for (const getter of type.getGetAccessors()) {
        const known = docs.get(getter.getName()) ?? [];
        docs.set(getter.getName(), [...known, words(getter.getJsDocs()[0]?.getDescription() ?? '')]);
      }
    }
  }
  const fields = ['/usr/include/linux/kvm.h', '/usr/include/x86_64-linux-gnu/asm/kvm.h'].flatMap(commentedFields);

  it('at least 95 % of the fields with a comment have the comment in the model', () => {
    const lost = fields.filter(({ name, comment }) => !docs.get(name)?.some((doc) => doc.includes(comment)));
    expect(fields.length).toBeGreaterThan(100);
    expect(lost.length / fields.length, JSON.stringify(lost, null, 1)).toBeLessThanOrEqual(0.05);
  });
});

/** Returns only the letters and digits, because wrapping and escaping may differ. */
function words(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, ' ').trim();
}

/** Returns the fields of a header's text with a comment directly above or after them, found line by line. */
function commentedFields(path: string): { readonly name: string; readonly comment: string }[] {
  // A group for another architecture is no declaration here; and each comment is brought onto one line.
  const text = readFileSync(path, 'utf8')
    .replace(/^#ifdef __KVM_S390\n[\s\S]*?^#endif\n/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/\s+/g, ' '));
  const found: { name: string; comment: string }[] = [];
  const opened: (string | undefined)[] = [];
  let above: string | undefined;
  for (const line of text.split('\n')) {
    const comment = /\/\*.*\*\//.exec(line)?.[0];
    const code = line.replace(/\/\*.*\*\//, '').trim();
    if (code === '') {
      above = comment === undefined ? undefined : words(comment);
      continue;
    }
    if (code.startsWith('#')) continue;
    if (code.endsWith('{')) opened.push(above);
    else {
      const isEnd = code.startsWith('}');
      const own = isEnd ? opened.pop() : above;
      const after = comment === undefined ? undefined : words(comment);
      const isField = opened.length > 0 && code.endsWith(';');
      const names = isField ? code.replace(/\[[^\]]*\]|:\s*\d+|;/g, '').split(',') : [];
      for (const each of names) {
        const name = /(\w+)\s*$/.exec(each)?.[1];
        for (const said of [own, after]) if (name && said) found.push({ name, comment: said });
      }
    }
    above = undefined;
  }
  return found;
}
