/** The kernel facts about ioctls of old headers, compared with the headers of this machine. */

import { describe, expect, it } from 'vitest';
import { MissingHeaderError } from '../../../generator/errors.js';
import { installedHeaders } from '../../../generator/index.js';
import { addressRows } from '../../../generator/kernel/addresses.js';
import { ioctlGroups } from '../../../generator/kernel/arguments/index.js';
import { passedOf } from '../../../generator/kernel/arguments/rows.js';
import type { Member, Model } from '../../../generator/model/model.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';

const headers = installedHeaders();

/** The model of a header, or undefined if this machine does not have it. */
function modelHere(header: string): Model | undefined {
  try {
    return headers.model(header);
  } catch (error) {
    if (error instanceof MissingHeaderError) return undefined;
    throw error;
  }
}

/** The members of a record, including those of its anonymous members. */
const promoted = (members: readonly Member[]): Member[] =>
  members.flatMap((member) => (member.name === null ? promoted(member.members ?? []) : [member]));

const groups = ioctlGroups.flatMap(({ headers: names, ...group }) => names.map((header) => ({ header, ...group })));

describe('the kernel facts about ioctls', () => {
  it('every row is about one ioctl of one header, and names its source', () => {
    const rows = groups.flatMap(({ header, ioctls }) => Object.keys(ioctls).map((name) => `${header} ${name}`));
    expect(new Set(rows).size).toBe(rows.length);
    for (const { source } of groups) expect(source).toMatch(/\.(?:c|rst)\b/);
  });

  it.each([...new Set(groups.map(({ header }) => header))])(
    'the ioctls of the header are those of the rows: %s',
    (header) => {
      const model = modelHere(header);
      if (!model) return;
      const own = model.ioctls.filter(({ location }) => location.header === header);
      for (const { ioctls, sizedBy } of groups.filter((group) => group.header === header)) {
        for (const [name, text] of Object.entries(ioctls)) {
          const constant = model.constants.find((each) => each.name === name && each.location.header === header);
          if (!constant) continue;
          const ioctl = own.find((each) => each.name === name);
          const { passes, argument = null, direction } = passedOf(text);
          expect([name, ioctl?.passes, ioctl?.argument, ioctl?.override?.direction]).toEqual([
            name,
            passes,
            argument,
            direction,
          ]);
          expect(ioctl?.shape === null).toBe(argument === null);
          expect(ioctl?.sizedBy).toBe(passes === 'pointer' ? sizedBy : undefined);
        }
      }
    },
  );

  // A test of its own has the rows of linux/kvm.h.
  const others = addressRows.filter(({ headers }) => !headers.includes('linux/kvm.h'));
  it.each(others.flatMap(({ headers, record, member }) => headers.map((header) => [header, record, member] as const)))(
    'the member with an address exists: %s %s.%s',
    (header, record, member) => {
      const type = modelHere(header)?.types.find(({ tag }) => tag === record);
      if (!type) return;
      let siblings: readonly Member[] = promoted(type.members);
      const names = member.split('.');
      for (const name of names.slice(0, -1)) {
        siblings = promoted(siblings.find((each) => each.name === name)?.members ?? []);
      }
      const found = siblings.find(({ name }) => name === names.at(-1));
      expect(found?.shape.is).toBe('u64');
      expect(found?.address).toBeDefined();
      const counter = found?.address?.countedBy;
      if (counter !== undefined) expect(siblings.map(({ name }) => name)).toContain(counter);
    },
  );
});

describe('an ioctl that is a plain number', () => {
  const text = `
#define LOOP_CTL_GET_FREE 0x4C82
#define LOOP_SET_FD 0x4C00
#define LOOP_GET_STATUS64 0x4C05
#define LOOP_OTHER 0x4C99
#define LOOP_SAME LOOP_SET_FD
struct loop_info64 { unsigned long long lo_device; char name[64]; };
`;

  it('the ioctl has the argument and the direction of the kernel facts, without linux/ioctl.h', () => {
    const { ioctls, constants } = modelOf({ 'linux/loop.h': text });
    expect(ioctls).toMatchObject([
      {
        name: 'LOOP_CTL_GET_FREE',
        request: 0x4c82,
        direction: 'none',
        type: 0x4c,
        nr: 0x82,
        passes: 'nothing',
        size: 0,
      },
      { name: 'LOOP_SET_FD', passes: 'value', argument: 'unsigned long', plainNumber: true },
      {
        name: 'LOOP_GET_STATUS64',
        passes: 'pointer',
        argument: 'struct loop_info64',
        shape: { is: 'struct', cName: 'struct loop_info64' },
        override: { direction: 'read' },
      },
    ]);
    expect(constants.flatMap(({ name, aliasOf }) => (aliasOf === undefined ? [] : [[name, aliasOf]]))).toEqual([
      ['LOOP_SAME', 'LOOP_SET_FD'],
    ]);
  });

  it('the number in another header is only a constant', () => {
    expect(modelOf({ 'linux/other.h': text }).ioctls).toEqual([]);
  });
});
