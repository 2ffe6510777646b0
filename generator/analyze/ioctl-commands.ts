/** Adds to ioctls what the kernel facts say about their commands: the struct of each command, and its addresses. */

import { commandRows } from '../kernel/ioctl-commands.js';
import { rowsByKey } from '../kernel/rows-by-key.js';
import type { EnumType, Ioctl, IoctlCommand, Member, RecordType } from '../model/model.js';

const rowsOf = rowsByKey(commandRows, ({ ioctl }) => [ioctl]);

/** Headers of older kernels and of other architectures lack some of the commands or all of them. */
export function withCommands(
  ioctls: readonly Ioctl[],
  records: readonly RecordType[],
  enums: readonly EnumType[],
): Ioctl[] {
  return ioctls.map((ioctl) => {
    const rows = rowsOf.get(ioctl.name) ?? [];
    const commands = rows.flatMap((row) => commandOf(row, records, enums) ?? []);
    return commands.length === 0 ? ioctl : { ...ioctl, commands };
  });
}

/** Returns the command of a row, or undefined if the headers do not have the command or one of its structs. */
function commandOf(
  row: (typeof commandRows)[number],
  records: readonly RecordType[],
  enums: readonly EnumType[],
): IoctlCommand | undefined {
  const { command: name, fd, error, direction, addresses = [] } = row;
  const found = enums
    .flatMap(({ enumerators }) => enumerators)
    .find((each) => each.name === name && row.headers.includes(each.location.header));
  const recordOf = (tag: string): RecordType | undefined =>
    records.find((each) => each.tag === tag && row.headers.includes(each.location.header));
  const carrier = recordOf(row.carrier);
  const argument = row.argument === undefined ? undefined : recordOf(row.argument);
  if (!found || !carrier || (row.argument !== undefined && !argument)) return undefined;
  const tail = argument && tailOf(argument, records);
  return {
    name,
    id: Number(found.value),
    fd,
    carrier: carrier.cName,
    error,
    passes: row.passes ?? (argument ? 'pointer' : 'nothing'),
    argument: argument?.cName ?? null,
    direction,
    ...(tail === undefined ? {} : { tail }),
    addresses: addresses.map(({ member, direction: way, isGuestMemory }) => ({
      member,
      direction: way,
      ...(isGuestMemory === undefined ? {} : { isGuestMemory }),
    })),
  };
}

/** A member, with its offset in the record that contains it or contains the record with it. */
interface Placed {
  readonly member: Member;
  readonly offset: number;
}

/** Returns the flexible array at the end of a record, or of the record that is its last member. */
function tailOf(record: RecordType, records: readonly RecordType[]): IoctlCommand['tail'] {
  const members = flat(record.members, 0);
  const last = members.at(-1);
  if (last === undefined) return undefined;
  const { member, offset } = last;
  const count = members.find((each) => each.member.name === member.countedBy);
  if (member.dims?.[0] === null && member.elementSize !== undefined && count !== undefined) {
    const { member: counter, offset: countOffset } = count;
    return { offset, elementSize: member.elementSize, countOffset, countSize: counter.size };
  }
  const inner = 'cName' in member.shape ? records.find(({ cName }) => cName === shapeName(member)) : undefined;
  const tail = inner && tailOf(inner, records);
  return tail && { ...tail, offset: offset + tail.offset, countOffset: offset + tail.countOffset };
}

function shapeName({ shape }: Member): string | null {
  return 'cName' in shape ? shape.cName : null;
}

/** Returns members, with those of anonymous records in place of these. */
function flat(members: readonly Member[], start: number): Placed[] {
  return members.flatMap((member) => {
    const offset = start + member.offset;
    return member.name === null && member.members ? flat(member.members, offset) : [{ member, offset }];
  });
}
