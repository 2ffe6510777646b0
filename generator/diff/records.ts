/** Compares structs and unions: the records themselves, and their members. */

import type { Member, Model, RecordType } from '../model/model.js';
import type { ChangeOf, RecordFacts } from './changes.js';
import { type Context, type MemberChange, memberChanges } from './members.js';

export type RecordChange = ChangeOf<'struct'> | ChangeOf<'union'>;

/** Returns the new names of the records that have another name and the same members. */
export function recordRenames(before: Model, after: Model): Map<string, string> {
  const [old, now] = [before, after].map(({ types }) => new Set(types.map(({ cName }) => cName)));
  const gone = before.types.filter(({ cName }) => !now?.has(cName));
  const added = after.types.filter(({ cName }) => !old?.has(cName));
  const renames = new Map<string, string>();
  if (gone.length === 0 || added.length === 0) return renames;
  const same = (cName: string): string => cName;
  // A record can contain another record that has another name too.
  for (let known = -1; known < renames.size; ) {
    known = renames.size;
    const taken = new Set(renames.values());
    const candidates = groupBy(
      added.filter(({ cName }) => !taken.has(cName)),
      (type) => layoutOf(type, same),
    );
    const left = gone.filter(({ cName, members }) => !renames.has(cName) && members.length > 0);
    for (const [layout, [from, ...others]] of groupBy(left, (type) =>
      layoutOf(type, (name) => renames.get(name) ?? name),
    )) {
      const [to, ...more] = candidates.get(layout) ?? [];
      if (from && to && others.length + more.length === 0) renames.set(from.cName, to.cName);
    }
  }
  return renames;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const own = groups.get(key(item));
    if (own) own.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** Returns everything that two records must share to be one record with two names. */
function layoutOf({ kind, size, align, members }: RecordType, nameOf: (cName: string) => string): string {
  return JSON.stringify([kind, size, align, members.map((member) => memberLayout(member, nameOf))]);
}

function memberLayout(
  { name, offset, size, bit, dims, shape, members }: Member,
  nameOf: (cName: string) => string,
): unknown {
  const type = 'cName' in shape && shape.cName !== null ? { ...shape, cName: nameOf(shape.cName) } : shape;
  return [name, offset, size, bit, dims, type, members?.map((each) => memberLayout(each, nameOf))];
}

/** Returns the changes of records. Those of the members of a record come after the change of the record. */
export function recordChanges(
  before: Model,
  after: Model,
  renames: ReadonlyMap<string, string>,
  context: Context,
): (RecordChange | MemberChange)[] {
  const [old, now] = [before, after].map(({ types }) => new Map(types.map((type) => [type.cName, type])));
  const newNames = new Set(renames.values());
  const gone = before.types.filter(({ cName }) => !now?.has(cName));
  const added = after.types.filter(({ cName }) => !old?.has(cName) && !newNames.has(cName));
  return [
    ...gone.map((type) => goneChange(type, now?.get(renames.get(type.cName) ?? ''), context)),
    ...added.map(
      (type): RecordChange => ({
        ...{
          class: 'addition',
          breaking: false,
          kind: type.kind,
          name: type.cName,
          before: null,
          after: factsOf(type),
        },
        ...{ differs: [], symbols: { before: [], after: context.after.record(type) } },
      }),
    ),
    ...before.types.flatMap((type) => {
      const other = now?.get(type.cName);
      return other ? bothChanges(type, other, context) : [];
    }),
  ];
}

function goneChange(type: RecordType, other: RecordType | undefined, context: Context): RecordChange {
  return {
    ...{ class: 'removed', breaking: true, kind: type.kind, name: type.cName, before: factsOf(type) },
    after: other ? factsOf(other) : null,
    differs: other ? ['name'] : [],
    ...(other ? { renamed: { name: other.cName, because: 'both have the same members at the same offsets' } } : {}),
    symbols: { before: context.before.record(type), after: other ? context.after.record(other) : [] },
  };
}

function bothChanges(before: RecordType, after: RecordType, context: Context): (RecordChange | MemberChange)[] {
  const members = memberChanges(before, after, context);
  const [old, now] = [factsOf(before), factsOf(after)];
  const differs = (['size', 'align', 'discriminator', 'header'] as const).filter(
    (key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]),
  );
  const kindBefore = before.kind === after.kind ? {} : { kindBefore: before.kind };
  if (differs.length === 0 && before.kind === after.kind) return members;
  const judged = judge(before, after, members);
  const own: RecordChange = {
    ...judged,
    ...kindBefore,
    ...{ kind: after.kind, name: after.cName, before: old, after: now, differs },
    symbols: { before: context.before.record(before), after: context.after.record(after) },
  };
  return [own, ...members];
}

type Judged = Pick<RecordChange, 'class' | 'breaking'> & { readonly reason?: string; readonly causedBy?: string };

function judge(before: RecordType, after: RecordType, members: readonly MemberChange[]): Judged {
  if (before.kind !== after.kind)
    return { class: 'type', breaking: true, reason: `it is a ${after.kind} instead of a ${before.kind}` };
  if (before.size !== after.size) {
    const sizer = sizeMember(after);
    if (sizer !== undefined && after.size > before.size && onlyGrows(before, members)) {
      return {
        class: 'size',
        breaking: false,
        reason: `it grows only at its end, and ${sizer} says its size to the kernel`,
      };
    }
    const cause = members.find(({ class: each, causedBy }) => each === 'size' && causedBy !== undefined);
    return {
      class: 'size',
      breaking: true,
      ...(cause ? { causedBy: cause.causedBy, reason: cause.reason } : reasonOf(members)),
    } as Judged;
  }
  if (before.align !== after.align) {
    return { class: 'size', breaking: true, reason: `the alignment is ${after.align} instead of ${before.align}` };
  }
  if (JSON.stringify(before.discriminator) !== JSON.stringify(after.discriminator)) {
    const lost = before.discriminator !== undefined && before.discriminator.view !== after.discriminator?.view;
    return { class: 'type', breaking: lost, reason: 'other constants select the members of its union' };
  }
  return {
    ...{ class: 'none', breaking: false },
    reason: `<${after.location.header}> defines it instead of <${before.location.header}>`,
  };
}

function reasonOf(members: readonly MemberChange[]): { readonly reason?: string } {
  const short = ({ name }: MemberChange): string => name.slice(name.lastIndexOf('.') + 1);
  const verbs = { addition: 'is new', removed: 'is gone', size: 'has another size' } as const;
  for (const each of ['size', 'addition', 'removed'] as const) {
    const change = members.find((member) => member.class === each);
    if (change) return { reason: `${short(change)} ${verbs[each]}` };
  }
  return {};
}

/** Returns the member that says the size of the struct to the kernel, as in VFIO's and perf's interfaces. */
function sizeMember({ members }: RecordType): string | undefined {
  const isSize = ({ name, offset }: Member): boolean => name === 'argsz' || (name === 'size' && offset < 8);
  return members.find((member) => isSize(member) && ['u32', 'u64'].includes(member.shape.is))?.name ?? undefined;
}

/** Whether all members keep their places, and new members begin at or after the old end. */
function onlyGrows(before: RecordType, members: readonly MemberChange[]): boolean {
  return members.every((change) => {
    if (!change.breaking && change.class !== 'addition') return true;
    return change.class === 'addition' && (change.after?.offset ?? 0) >= before.size;
  });
}

function factsOf({ size, align, discriminator, location: { header } }: RecordType): RecordFacts {
  return { size, align, header, ...(discriminator === undefined ? {} : { discriminator }) };
}
