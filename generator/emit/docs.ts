/** The docstrings of the emitted code. They state facts of the layout in our own words. */

import type { Member, Since } from '../model/model.js';
import { sinceText } from '../model/since.js';
import type { PlacedMember } from './placed-members.js';

/** Returns a string literal. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
}

/** Returns a docstring. It has several lines if its text has several lines. */
export function docstring(given: string, indent = ''): string {
  const text = given.replaceAll('*/', '*\\/');
  if (!text.includes('\n')) return `${indent}/** ${text} */`;
  const lines = text.split('\n').map((line) => `${indent} * ${line}`.trimEnd());
  return `${indent}/**\n${lines.join('\n')}\n${indent} */`;
}

/** The facts of an item that its docstring ends with. */
export interface DocumentedItem {
  readonly since?: Since | undefined;
  readonly comment?: string | undefined;
}

/** Returns our text, followed by the first kernel version with the item and by the header's comment, if they are known. */
export function documented(text: string, { since, comment }: DocumentedItem): string {
  return withComment(text + sinceSentence(since), comment);
}

/** Returns a sentence about the first kernel version of an item, to be added to a text. Empty if it is unknown. */
export function sinceSentence(since: Since | undefined): string {
  if (since === undefined) return '';
  const text = sinceText(since);
  return ` ${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Returns our text, followed by the header's comment if there is one. */
export function withComment(text: string, comment: string | undefined): string {
  return comment === undefined ? text : `${text}\n\n${escapeComment(comment)}`;
}

/** Escapes a text so that it neither ends a docstring nor contains TSDoc syntax. */
function escapeComment(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\n]/gu, ' ')
    .replace(/[\\@{}<>`]/g, '\\$&')
    .replaceAll('*/', '*\\/');
}

/** Returns a member's declaration in C: `__u8 padding1[6]`. */
function declarationOf(member: Member): string {
  const dims = member.dims ? member.dims.map((length) => `[${length ?? ''}]`).join('') : '';
  const width = member.bit ? `:${member.bit.width}` : '';
  const pointer = member.type.endsWith('*');
  return `${member.type}${pointer ? '' : ' '}${member.name ?? ''}${dims}${width}`;
}

export function describeMember({ member, offset, comment }: PlacedMember): string {
  const facts = member.bit ? bitPlace(member, offset) : `offset ${offset}, ${bytes(member.size)}`;
  const order = 'byteOrder' in member.shape ? `; ${member.shape.byteOrder}-endian` : '';
  const counted = member.countedBy === undefined ? '' : `; \`${member.countedBy}\` is the number of elements`;
  const unit = member.unit === undefined ? '' : `; in ${member.unit}`;
  return documented(`\`${declarationOf(member)}\`, ${facts}${order}${counted}${unit}.`, {
    since: member.since,
    comment,
  });
}

function bitPlace(member: Member, offset: number): string {
  const { offset: first, width } = member.bit as NonNullable<typeof member.bit>;
  const last = first + width - 1;
  return `offset ${offset}, ${width === 1 ? `bit ${first}` : `bits ${first} to ${last}`}`;
}

export function bytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}
