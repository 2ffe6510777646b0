/** Mutations of headers. A mutation changes a header in place, keeps the ids, and returns whether it applied. */

import {
  type DeclaredHeader,
  type DeclaredRecord,
  type Field,
  type Group,
  isGroup,
  layoutOf,
  scalarOf,
  scalarSizes,
} from './declared.js';
import type { Maker } from './random-header.js';

/** Changes one record. */
type RecordMutation = (record: DeclaredRecord, header: DeclaredHeader, make: Maker) => boolean;

const recordMutations: Readonly<Record<string, RecordMutation>> = {
  'rename a member': (record, _, { random }) => {
    const field = random.pick(valuesOf(record));
    field.name = `${field.name}_new`;
    return true;
  },
  'insert a member': (record, header, make) => {
    record.items.splice(make.random.below(record.items.length + 1), 0, make.field(before(header, record)));
    return true;
  },
  'wrap members in an anonymous group': ({ items }, _, { random }) => {
    const first = random.below(items.length);
    const keyword = random.pick(['struct', 'union'] as const);
    const length = keyword === 'union' ? 1 : 1 + random.below(items.length - first);
    items.splice(first, length, { keyword, items: items.slice(first, first + length) });
    return true;
  },
  'widen a member': (record, header, { random }) => {
    const field = random.pick(valuesOf(record));
    const scalar = scalarOf(field.type, header);
    const wider = { 1: '__u16', 2: '__u32', 4: '__u64' }[scalarSizes[scalar ?? ''] ?? 8];
    if (wider === undefined) return false;
    field.type = { scalar: wider };
    return true;
  },
  'reorder two members': ({ items }, _, { random }) => {
    const first = random.below(items.length - 1);
    const [a, b] = items.slice(first, first + 2);
    if (!a || !b) return false;
    items.splice(first, 2, b, a);
    return true;
  },
  'change the sign of a member': (record, header, { random }) => {
    const field = random.pick(valuesOf(record));
    const scalar = scalarOf(field.type, header);
    if (scalar === undefined) return false;
    field.type = { scalar: scalar.startsWith('__u') ? scalar.replace('__u', '__s') : scalar.replace('__s', '__u') };
    return true;
  },
  'make an integer an array of bytes': (record, header, { random }) => {
    const field = random.pick(valuesOf(record));
    const scalar = scalarOf(field.type, header);
    if (scalar === undefined || field.count !== undefined) return false;
    field.count = scalarSizes[scalar] as number;
    field.type = { scalar: '__u8' };
    return true;
  },
  'remove a member': (record, _, { random }) => {
    const field = random.pick(valuesOf(record));
    const { items } = groupOf(record, field);
    if (items.length < 2 || valuesOf(record).length < 2) return false;
    items.splice(items.indexOf(field), 1);
    return true;
  },
  'make a part of padding a member': (record, header, make) => {
    const padding = record.items.find((item): item is Field => !isGroup(item) && item.isPadding === true);
    if (!padding) return false;
    const { items } = groupOf(record, padding);
    const placed = layoutOf(record, header).placed.find(({ field }) => field === padding);
    const [offset, length] = [placed?.offset ?? 0, padding.count ?? 0];
    const fitting = Object.keys(scalarSizes).filter((each) => {
      const size = scalarSizes[each] as number;
      return offset % size === 0 && size <= length;
    });
    const id = make.id();
    const scalar = make.random.pick(fitting);
    const rest = length - (scalarSizes[scalar] as number);
    const field: Field = { id, name: `${make.word()}_${id}`, type: { scalar } };
    items.splice(items.indexOf(padding), 1, field, ...(rest > 0 ? [{ ...padding, count: rest }] : []));
    return true;
  },
  'rename a record': (record) => {
    record.tag = `${record.tag}_new`;
    return true;
  },
};

/** Changes what is not in a record. */
type OtherMutation = (header: DeclaredHeader, make: Maker) => boolean;

const otherMutations: Readonly<Record<string, OtherMutation>> = {
  'change the comment': (header) => {
    header.comment = '/* Another comment. */\n\n/* It has two parts. */';
    return true;
  },
  'reverse the order of macros, ioctls and enums': ({ macros, ioctls, enums }) => {
    for (const list of [macros, ioctls, enums]) list.reverse();
    return true;
  },
  'add a record': (header, make) => header.records.push(make.record(header)) > 0,
  'remove a record': ({ records, ioctls }) => {
    const isUsed = ({ id }: DeclaredRecord): boolean =>
      ioctls.some(({ record }) => record === id) ||
      records.some((record) => fieldsOf(record).some((field) => 'record' in field.type && field.type.record === id));
    const at = records.findIndex((record) => !isUsed(record));
    return at !== -1 && records.splice(at, 1).length > 0;
  },
  'rename a macro': ({ macros }, { random }) => {
    const macro = random.pick(macros);
    macro.name = `${macro.name}_NEW`;
    return true;
  },
  'change the value of a macro': ({ macros }, { random }) => {
    random.pick(macros).value += 1_000_000;
    return true;
  },
  'move a macro to another header': ({ macros }, { random }) => {
    const macro = random.pick(macros);
    macro.isInAsm = !macro.isInAsm;
    return true;
  },
  'remove a macro': ({ macros }, { random }) => macros.splice(random.below(macros.length), 1).length > 0,
  'add a macro': ({ macros }, make) => macros.push(make.macro()) > 0,
  'insert an enumerator': ({ enums }, make) => {
    const { enumerators } = make.random.pick(enums);
    enumerators.splice(make.random.below(enumerators.length + 1), 0, make.enumerator());
    return true;
  },
  'remove an enumerator': ({ enums }, { random }) => {
    const { enumerators } = random.pick(enums);
    return enumerators.length > 1 && enumerators.splice(random.below(enumerators.length), 1).length > 0;
  },
  'rename an enumerator': ({ enums }, { random }) => {
    const enumerator = random.pick(random.pick(enums).enumerators);
    enumerator.name = `${enumerator.name}_NEW`;
    return true;
  },
  'rename an enum': ({ enums }, { random }) => {
    const type = random.pick(enums);
    type.tag = `${type.tag}_new`;
    return true;
  },
  'rename an ioctl': ({ ioctls }, { random }) => {
    const ioctl = random.pick(ioctls);
    ioctl.name = `${ioctl.name}_NEW`;
    return true;
  },
  'change the direction of an ioctl': ({ ioctls }, { random }) => {
    const ioctl = random.pick(ioctls);
    ioctl.direction = ioctl.direction === 3 ? 1 : 3;
    return true;
  },
  'change the number of an ioctl': ({ ioctls }, make) => {
    make.random.pick(ioctls).nr = make.id();
    return true;
  },
  'give an ioctl another argument': ({ ioctls, records }, { random }) => {
    random.pick(ioctls).record = random.pick(records).id;
    return true;
  },
  'remove an ioctl': ({ ioctls }, { random }) => ioctls.splice(random.below(ioctls.length), 1).length > 0,
  'add an ioctl': (header, make) => header.ioctls.push(make.ioctl(header)) > 0,
};

/** Changes a typedef and everything that uses it, so no other mutation is combined with it. */
const typedefMutations: Readonly<Record<string, OtherMutation>> = {
  'rename a typedef': ({ typedefs }, { random }) => {
    const typedef = random.pick(typedefs);
    typedef.name = typedef.name.replace('own', 'other');
    return true;
  },
  'change the type of a typedef': ({ typedefs }, make) => {
    make.random.pick(typedefs).scalar = make.scalar();
    return true;
  },
};

/** The names of all mutations. */
export const mutationNames: readonly string[] = [
  ...Object.keys(recordMutations),
  ...Object.keys(otherMutations),
  ...Object.keys(typedefMutations),
];

/** Changes a header by one to four mutations. Returns their names. No two of them change the same record. */
export function mutate(header: DeclaredHeader, make: Maker): string[] {
  const { random } = make;
  if (random.oneIn(8)) {
    const name = random.pick(Object.keys(typedefMutations));
    return typedefMutations[name]?.(header, make) ? [name] : [];
  }
  const untouched = [...header.records];
  const others = Object.keys(otherMutations);
  const applied: string[] = [];
  for (const _ of random.some(1, 4, () => 0)) {
    if (random.oneIn(3)) {
      // Two mutations of one kind of item could change the same item.
      const [name = ''] = others.splice(random.below(others.length), 1);
      if (applied.some((each) => kindOf(each) === kindOf(name))) continue;
      if (otherMutations[name]?.(header, make)) applied.push(name);
      continue;
    }
    const [record] = untouched.splice(random.below(untouched.length), 1);
    const name = random.pick(Object.keys(recordMutations));
    if (!record || !header.records.includes(record)) continue;
    if (recordMutations[name]?.(record, header, make)) applied.push(name);
  }
  return applied;
}

/** Returns the kind of item of a mutation. */
function kindOf(mutation: string): string {
  return /\b(?:macro|enum|ioctl|record|comment)/.exec(mutation)?.[0] ?? mutation;
}

function fieldsOf({ items }: Group): Field[] {
  return items.flatMap((item) => (isGroup(item) ? fieldsOf(item) : [item]));
}

/** Returns the members that hold values. Each record has at least one. */
function valuesOf(record: DeclaredRecord): Field[] {
  return fieldsOf(record).filter(({ isPadding }) => !isPadding);
}

function groupOf(group: Group, field: Field): Group {
  if (group.items.includes(field)) return group;
  for (const item of group.items) if (isGroup(item) && fieldsOf(item).includes(field)) return groupOf(item, field);
  throw new Error(`no group contains ${field.name}`);
}

/** Returns a header with the records before a record, which its members can contain. */
function before(header: DeclaredHeader, record: DeclaredRecord): DeclaredHeader {
  return { ...header, records: header.records.slice(0, header.records.indexOf(record)) };
}
