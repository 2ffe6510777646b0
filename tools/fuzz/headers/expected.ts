/**
 * The changes between a header and its mutant. Declarations are paired by id, not by name, so a rename is known and not
 * guessed. A change is spelled as its class, with `!` if it breaks, its name, its new name, and its facts before and after:
 * `!moved struct own_1.flags_2 4+4 -> 8+4`.
 */

import {
  type DeclaredHeader,
  type DeclaredRecord,
  type Layout,
  layoutOf,
  type Placed,
  recordName,
  recordOf,
  requestOf,
  scalarOf,
  typeText,
  valuesOf,
} from './declared.js';

/** A part of a change: the class with `!` if the change breaks, and the names. */
interface Facts {
  readonly before?: string | number | undefined;
  readonly after?: string | number | undefined;
}

export function spelled(what: string, { before, after }: Facts): string {
  return `${what} ${before ?? 'nothing'} -> ${after ?? 'nothing'}`;
}

/** Returns the changes, sorted. */
export function expectedChanges(before: DeclaredHeader, after: DeclaredHeader): string[] {
  return [
    ...recordChanges(before, after),
    ...typedefChanges(before, after),
    ...macroChanges(before, after),
    ...enumChanges(before, after),
    ...ioctlChanges(before, after),
  ].sort();
}

/** Calls `compare` for each id of the two lists. */
function paired<T extends { readonly id: number }>(
  before: readonly T[],
  after: readonly T[],
  compare: (old: T | undefined, now: T | undefined) => string[],
): string[] {
  const ids = new Set([...before, ...after].map(({ id }) => id));
  const find = (list: readonly T[], id: number): T | undefined => list.find((each) => each.id === id);
  return [...ids].flatMap((id) => compare(find(before, id), find(after, id)));
}

function recordChanges(before: DeclaredHeader, after: DeclaredHeader): string[] {
  return paired(before.records, after.records, (old, now) => {
    const [from, to] = [old && layoutOf(old, before), now && layoutOf(now, after)];
    const facts = { before: from?.size, after: to?.size };
    if (!old || !from) return now ? [spelled(`addition ${recordName(now)}`, facts)] : [];
    if (!now || !to) return [spelled(`!removed ${recordName(old)}`, facts)];
    if (old.tag !== now.tag) {
      if (isSameLayout([old, before], [now, after]))
        return [spelled(`!removed ${recordName(old)} → ${recordName(now)}`, facts)];
      return [
        spelled(`!removed ${recordName(old)}`, { before: from.size }),
        spelled(`addition ${recordName(now)}`, { after: to.size }),
      ];
    }
    const isChanged = from.size !== to.size || from.align !== to.align;
    return [
      ...(isChanged ? [spelled(`!size ${recordName(now)}`, facts)] : []),
      ...new MemberChanges(recordName(now), [from, before], [to, after]).all(),
    ];
  });
}

/** Whether two records have the same members. A record that has another name is the same type. */
function isSameLayout(...sides: [DeclaredRecord, DeclaredHeader][]): boolean {
  const [from, to] = sides.map(([record, header]) => {
    const { size, align, placed } = layoutOf(record, header);
    return JSON.stringify([
      ...[size, align],
      ...placed.map(({ field: { name, type, count }, offset, size: bytes, within }) => [
        ...[name, scalarOf(type, header) ?? type, count, offset, bytes, within],
      ]),
    ]);
  });
  return from === to;
}

type Side = readonly [layout: Layout, header: DeclaredHeader];

class MemberChanges {
  readonly #record: string;
  readonly #before: Side;
  readonly #after: Side;
  /** Whether all values that both sides have stay where they are. */
  readonly #nothingMoves: boolean;

  constructor(record: string, before: Side, after: Side) {
    this.#record = record;
    this.#before = before;
    this.#after = after;
    this.#nothingMoves = before[0].placed.every((old) => {
      const now = after[0].placed.find(({ field }) => field.name === old.field.name);
      return old.field.isPadding || !now || (now.offset === old.offset && now.size === old.size);
    });
  }

  all(): string[] {
    const [old, now] = [this.#before, this.#after].map(([{ placed }]) =>
      placed.map((each) => ({ id: each.field.id, ...each })),
    );
    return paired(old ?? [], now ?? [], (from, to) => {
      if (from?.field.isPadding || to?.field.isPadding) return this.#padding(from, to);
      if (!from) return to ? [this.#added(to)] : [];
      if (!to) return [this.#removed(from)];
      if (from.field.name === to.field.name) return this.#both(from, to);
      if (this.#isSameMember(from, to)) return [this.#renamed(from, to)];
      return [this.#removed(from), this.#added(to)];
    });
  }

  #spell(what: string, from: Placed | undefined, to: Placed | undefined): string {
    const [before, after] = [from, to].map((each) => each && `${each.offset}+${each.size}`);
    return spelled(what, { before, after });
  }

  #name({ field }: Placed): string {
    return `${this.#record}.${field.name}`;
  }

  #added(to: Placed): string {
    return this.#spell(`${this.#isFree(to, this.#before) ? 'padding' : 'addition'} ${this.#name(to)}`, undefined, to);
  }

  #removed(from: Placed): string {
    return this.#spell(`!removed ${this.#name(from)}`, from, undefined);
  }

  #renamed(from: Placed, to: Placed): string {
    return this.#spell(`!removed ${this.#name(from)} → ${this.#name(to)}`, from, to);
  }

  #both(from: Placed, to: Placed): string[] {
    const what = this.#classOf(from, to);
    return what === undefined ? [] : [this.#spell(`${what} ${this.#name(to)}`, from, to)];
  }

  #classOf(from: Placed, to: Placed): string | undefined {
    if (from.offset !== to.offset) return '!moved';
    if (from.size !== to.size) return '!size';
    if (this.#typeOf(from, 0) !== this.#typeOf(to, 1)) return '!type';
    const [old, now] = [typeText(from.field.type, this.#before[1]), typeText(to.field.type, this.#after[1])];
    // Only a record that has the same layout is recognised as the same record.
    if (old !== now && 'record' in from.field.type)
      return this.#isSameRecord(from.field.type.record) ? 'type' : '!type';
    return old !== now || from.within !== to.within ? 'none' : undefined;
  }

  /** Whether two members have the same bytes and the same type, so that a comparison can recognise a new name. */
  #isSameMember(from: Placed, to: Placed): boolean {
    const { type } = from.field;
    const isSamePlace = from.offset === to.offset && from.size === to.size;
    if (!isSamePlace || this.#typeOf(from, 0) !== this.#typeOf(to, 1)) return false;
    if (!('record' in type)) return true;
    return (
      typeText(type, this.#before[1]) === typeText(to.field.type, this.#after[1]) || this.#isSameRecord(type.record)
    );
  }

  #isSameRecord(id: number): boolean {
    const [old, now] = [this.#before[1], this.#after[1]];
    return isSameLayout([recordOf(old, id), old], [recordOf(now, id), now]);
  }

  /** Returns the type of a member without typedefs, and without the names of records. */
  #typeOf({ field: { type, count } }: Placed, side: 0 | 1): string {
    const header = side === 0 ? this.#before[1] : this.#after[1];
    return JSON.stringify([scalarOf(type, header) ?? type, count]);
  }

  /** Whether the bytes of a member have no meaning on the other side. */
  #isFree({ offset, size }: Placed, [layout]: Side): boolean {
    const end = offset + size;
    const isTaken = layout.placed.some(
      (each) => !each.field.isPadding && each.offset < end && offset < each.offset + each.size,
    );
    return this.#nothingMoves && end <= layout.size && !isTaken;
  }

  /** The change of padding is a part of the change of a member that took or became its bytes. */
  #padding(from: Placed | undefined, to: Placed | undefined): string[] {
    const named = to ?? from;
    if (!named) return [];
    const values = (layout: Layout, others: Layout): Placed[] =>
      layout.placed.filter(
        ({ field }) => !field.isPadding && !others.placed.some((each) => each.field.name === field.name),
      );
    const [old, now] = [this.#before, this.#after];
    const taking = values(now[0], old[0]).filter((member) => this.#isFree(member, old));
    const leaving = values(old[0], now[0]).filter((member) => this.#isFree(member, now));
    const changing = [...taking, ...leaving];
    const overlaps = (a: Placed, b: Placed): boolean => a.offset < b.offset + b.size && b.offset < a.offset + a.size;
    const sides = [from, to].filter((each) => each !== undefined);
    const isMeaningless = sides.every((each) =>
      [old, now].every(
        ([{ placed, size }]) =>
          each.offset + each.size <= size &&
          placed.every(
            (other) =>
              other.field.isPadding || !overlaps(each, other) || changing.some((member) => overlaps(member, other)),
          ),
      ),
    );
    if (this.#nothingMoves && isMeaningless) {
      if (changing.some((member) => sides.some((each) => overlaps(each, member)))) return [];
      const isSame = from && to && this.#classOf(from, to) === undefined;
      const isOnlyWrapped = from && to && this.#classOf(from, to) === 'none';
      return isSame ? [] : [this.#spell(`${isOnlyWrapped ? 'none' : 'padding'} ${this.#name(named)}`, from, to)];
    }
    if (!from) return [this.#spell(`addition ${this.#name(named)}`, from, to)];
    if (!to) return [this.#spell(`removed ${this.#name(named)}`, from, to)];
    const what = this.#classOf(from, to);
    return what === undefined ? [] : [this.#spell(`${what.replace('!', '')} ${this.#name(named)}`, from, to)];
  }
}

/** A typedef with another name is recognised if a member has it. */
function typedefChanges(before: DeclaredHeader, after: DeclaredHeader): string[] {
  return paired(before.typedefs, after.typedefs, (old, now) => {
    if (!old || !now) throw new Error('no mutation adds or removes a typedef');
    const both = { before: 'a typedef', after: 'a typedef' };
    if (old.name === now.name) return old.scalar === now.scalar ? [] : [spelled(`none ${now.name}`, both)];
    const isUsed = before.records.some((record) =>
      layoutOf(record, before).placed.some(({ field: { type } }) => 'typedef' in type && type.typedef === old.id),
    );
    if (isUsed) return [spelled(`removed ${old.name} → ${now.name}`, both)];
    return [
      spelled(`removed ${old.name}`, { before: 'a typedef' }),
      spelled(`addition ${now.name}`, { after: 'a typedef' }),
    ];
  });
}

function macroChanges(before: DeclaredHeader, after: DeclaredHeader): string[] {
  return paired(before.macros, after.macros, (old, now) => {
    const facts = { before: old?.value, after: now?.value };
    if (!old) return now ? [spelled(`addition ${now.name}`, facts)] : [];
    if (!now) return [spelled(`!removed ${old.name}`, facts)];
    if (old.name !== now.name) return [spelled(`!removed ${old.name} → ${now.name}`, facts)];
    if (old.value !== now.value) return [spelled(`!value ${now.name}`, facts)];
    return old.isInAsm === now.isInAsm ? [] : [spelled(`none ${now.name}`, facts)];
  });
}

function enumChanges(before: DeclaredHeader, after: DeclaredHeader): string[] {
  return paired(before.enums, after.enums, (old, now) => {
    if (!old || !now) throw new Error('no mutation adds or removes an enum');
    const isRenamed = old.tag !== now.tag;
    const [from, to] = [valuesOf(old), valuesOf(now)];
    const own = spelled(`!removed enum ${old.tag} → enum ${now.tag}`, { before: 4, after: 4 });
    const enumerators = paired(old.enumerators, now.enumerators, (a, b) => {
      const facts = { before: a && from.get(a.id), after: b && to.get(b.id) };
      if (!a) return b ? [spelled(`addition ${b.name}`, facts)] : [];
      if (!b) return [spelled(`!removed ${a.name}`, facts)];
      if (a.name !== b.name) return [spelled(`!removed ${a.name} → ${b.name}`, facts)];
      if (facts.before !== facts.after) return [spelled(`!value ${b.name}`, facts)];
      return isRenamed ? [spelled(`none ${b.name}`, facts)] : [];
    });
    return [...(isRenamed ? [own] : []), ...enumerators];
  });
}

function ioctlChanges(before: DeclaredHeader, after: DeclaredHeader): string[] {
  return paired(before.ioctls, after.ioctls, (old, now) => {
    const facts = { before: old && requestOf(old, before), after: now && requestOf(now, after) };
    if (!old) return now ? [spelled(`addition ${now.name}`, facts)] : [];
    if (!now) return [spelled(`!removed ${old.name}`, facts)];
    const isSameNumber = facts.before === facts.after;
    if (old.name !== now.name) {
      if (isSameNumber) return [spelled(`!removed ${old.name} → ${now.name}`, facts)];
      return [
        spelled(`!removed ${old.name}`, { before: facts.before }),
        spelled(`addition ${now.name}`, { after: facts.after }),
      ];
    }
    if (!isSameNumber) {
      const isOnlySize = old.nr === now.nr && old.direction === now.direction;
      return [spelled(`${isOnlySize ? '!size' : '!value'} ${now.name}`, facts)];
    }
    if (old.record !== now.record) return [spelled(`!type ${now.name}`, facts)];
    const [from, to] = [recordOf(before, old.record), recordOf(after, now.record)];
    if (from.tag === to.tag) return [];
    const isSame = isSameLayout([from, before], [to, after]);
    return [spelled(`${isSame ? 'type' : '!type'} ${now.name}`, facts)];
  });
}
