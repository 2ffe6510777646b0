/**
 * Finds which constant selects which member of a union. The comment before a member has the constants. Kernel facts
 * have the rest.
 */

import type { MacroTable } from '../c/preprocessor/macros.js';
import type { RecordNode } from '../c/syntax.js';
import type { Token } from '../c/tokens.js';
import { bare } from '../c/types.js';
import { type SelectedUnion, selectedUnions, statedCases } from '../kernel/discriminators.js';
import type { Discriminator } from '../model/model.js';
import { commentsBetween, textOf } from './comment-places.js';

/** Returns the kernel facts about a record, by its name. */
export function selectedUnion({ tag, at }: RecordNode): SelectedUnion | undefined {
  return selectedUnions.find(({ header, record }) => record === tag && header === at.file.name);
}

/**
 * Returns the discriminator with only the constants that this header defines. The kernel facts list the constants of
 * all versions.
 */
export function discriminatorOf({ record, by, view, property }: SelectedUnion, macros: MacroTable): Discriminator {
  const rows = statedCases.filter((row) => row.record === record && row.member === null);
  return { member: by, view, property, selectsNone: rows.map(({ value }) => value).filter((name) => macros.has(name)) };
}

/** Returns the constants that select a member. */
export function casesOf(node: RecordNode, index: number, union: SelectedUnion, macros: MacroTable): string[] {
  const member = node.members[index] as RecordNode['members'][number];
  const type = bare(member.type);
  const first = type.kind === 'unnamed record' ? type.record.at : member.at;
  const before = node.members[index - 1]?.declaration.end ?? node.at;
  const rows = statedCases.filter((row) => row.record === union.record && row.member === member.name);
  const names = [...namedBetween(before, first, union.prefix), ...rows.map(({ value }) => value)];
  return [...new Set(names)].filter((name) => macros.has(name));
}

/**
 * Returns the names in comments that contain only names. A comment on the line of the previous declaration belongs to
 * that declaration.
 */
function namedBetween({ file, offset }: Token, end: Token, prefix: string): string[] {
  if (end.file !== file) return [];
  const name = `${prefix}\\w+`;
  const namesAlone = new RegExp(`^${name}(?:\\s*(?:[/,|]|and|or)\\s*${name})*(?:\\s*\\([^)]*\\))?[.:]?$`);
  return commentsBetween(file, offset, end.offset).flatMap((comment) => {
    if (!file.text.slice(offset, comment.start).includes('\n')) return [];
    const text = textOf(file, comment);
    return namesAlone.test(text) ? (text.match(new RegExp(name, 'g')) ?? []) : [];
  });
}
