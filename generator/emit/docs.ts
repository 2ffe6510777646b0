/** The docstrings of the emitted code: facts of the layout in our own words. */

import type { Member } from '../model.js';
import type { PlacedMember } from './members.js';

/** A member as C declares it: `__u8 padding1[6]`. */
export function declarationOf(member: Member): string {
  const dims = (member.dims ?? []).map((length) => `[${length ?? ''}]`).join('');
  const width = member.bit ? `:${member.bit.width}` : '';
  const pointer = member.type.endsWith('*');
  return `${member.type}${pointer ? '' : ' '}${member.name ?? ''}${dims}${width}`;
}

export function describeMember({ member, offset }: PlacedMember): string {
  const facts = member.bit ? bitPlace(member, offset) : `offset ${offset}, ${bytes(member.size)}`;
  const order = 'byteOrder' in member.shape ? `; ${member.shape.byteOrder}-endian` : '';
  const counted = member.countedBy === undefined ? '' : `; \`${member.countedBy}\` elements`;
  const unit = member.unit === undefined ? '' : `; in ${member.unit}`;
  return `\`${declarationOf(member)}\`, ${facts}${order}${counted}${unit}.`;
}

function bitPlace(member: Member, offset: number): string {
  const { offset: first, width } = member.bit as NonNullable<typeof member.bit>;
  const last = first + width - 1;
  return `offset ${offset}, ${width === 1 ? `bit ${first}` : `bits ${first} to ${last}`}`;
}

export function bytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}
