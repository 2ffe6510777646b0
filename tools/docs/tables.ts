/** Derives the tables of docs/internals/ from the tags of the tests. */

import type { TaggedTest } from './tags.js';

/** What a tag can name. */
export interface Subject {
  /** The name in a tag: `statement 5`, `security 3` or `KVM_GET_REGS`. */
  readonly name: string;
  /** The cell of the subject in the table. */
  readonly text: string;
}

/** The text of a document around its table. */
export interface TableHead {
  readonly heading: string;
  /** The text between the heading and the table. */
  readonly intro: string;
  /** The name of the column of the subjects. */
  readonly column: string;
}

/** The numbered statements of a document. A statement can have several lines. A tag names a statement by `word` and number. */
export function statementsOf(document: string, word: 'statement' | 'security'): readonly Subject[] {
  const found = document.matchAll(/^(\d+)\. (.+(?:\n {3,}\S.*)*)/gm);
  return [...found].map(([, number, text = '']) => ({
    name: `${word} ${number}`,
    text: `${number}. ${text.replace(/\s+/g, ' ')}`,
  }));
}

/** The ioctls of a model in JSON. */
export function ioctlsOf(model: string): readonly Subject[] {
  const { ioctls } = JSON.parse(model) as { readonly ioctls: readonly { readonly name: string }[] };
  return ioctls.map(({ name }) => ({ name, text: `\`${name}\`` }));
}

/** The names of the subjects that no test shows. */
export function subjectsWithoutTest(subjects: readonly Subject[], tests: readonly TaggedTest[]): readonly string[] {
  const shown = new Set(tests.flatMap((test) => test.subjects));
  return subjects.map(({ name }) => name).filter((name) => !shown.has(name));
}

/**
 * Checks the names in the tags.
 *
 * @throws Error when a tag names a subject that is not in the list.
 */
export function requireKnownSubjects(subjects: readonly Subject[], tests: readonly TaggedTest[]): void {
  const known = new Set(subjects.map(({ name }) => name));
  for (const { file, line, subjects: named } of tests) {
    const unknown = named.find((name) => !known.has(name));
    if (unknown === undefined) continue;
    throw new Error(
      `${file}:${line}: unknown subject '${unknown}'; expected 'statement N' of docs/race-free-exit.md, 'security N' of docs/security.md, an ioctl of kvm.h, or a row of tools/docs/parity/`,
    );
  }
}

/** A document with one row for each subject, in the order of the subjects. */
export function tableOf(
  { heading, intro, column }: TableHead,
  subjects: readonly Subject[],
  tests: readonly TaggedTest[],
): string {
  const rows = subjects.map(({ name, text }) => {
    const cells = testCells(tests.filter((test) => test.subjects.includes(name)));
    return `| ${cell(text)} | ${cell(cells)} |`;
  });
  return [`# ${heading}`, '', intro, '', `| ${column} | tests |`, '| --- | --- |', ...rows, ''].join('\n');
}

/** The files and the titles of tests, one a line. */
export function testCells(tests: readonly TaggedTest[]): string {
  return tests.map(({ file, title }) => `${file}: ${codeSpan(title)}`).join('<br>');
}

/** A title can have backquotes of its own. */
export function codeSpan(title: string): string {
  return title.includes('`') ? `\`\` ${title} \`\`` : `\`${title}\``;
}

/** The text of a cell. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
