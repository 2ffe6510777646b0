/** The docstrings of the emitted code. They state facts of the layout in our own words. */

import type { Member } from '../model/model.js';
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
  return withComment(`\`${declarationOf(member)}\`, ${facts}${order}${counted}${unit}.`, comment);
}

function bitPlace(member: Member, offset: number): string {
  const { offset: first, width } = member.bit as NonNullable<typeof member.bit>;
  const last = first + width - 1;
  return `offset ${offset}, ${width === 1 ? `bit ${first}` : `bits ${first} to ${last}`}`;
}

export function bytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}
