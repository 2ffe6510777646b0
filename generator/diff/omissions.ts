/** Compares the declarations that a model cannot express. */

import type { Member, Model, Omission } from '../model/model.js';
import type { Change, ChangeOf, OmissionFacts } from './changes.js';

type OmissionChange = ChangeOf<'omission'>;

/**
 * Returns the new names of typedefs that have another name. A typedef is an omission. That two typedefs are one with two
 * names shows in the members that spell them.
 */
export function typedefRenames(before: Model, after: Model): Map<string, string> {
  const [old, now] = [typedefsOf(before), typedefsOf(after)];
  const gone = new Set([...old].filter((name) => !now.has(name)));
  const added = new Set([...now].filter((name) => !old.has(name)));
  const renames = new Map<string, string>();
  if (gone.size === 0 || added.size === 0) return renames;
  const uses = new Map<string, Set<string>>();
  const others = new Map(after.types.map(({ cName, members }) => [cName, members]));
  for (const { cName, members } of before.types) collectUses(members, others.get(cName) ?? [], uses);
  for (const name of gone) {
    const [other, ...more] = uses.get(name) ?? [];
    if (other !== undefined && more.length === 0 && added.has(other)) renames.set(name, other);
  }
  return renames;
}

/** Collects the spellings of the type of each member on both sides. */
function collectUses(before: readonly Member[], after: readonly Member[], uses: Map<string, Set<string>>): void {
  for (const [index, member] of before.entries()) {
    const other = after.find(({ name }) => name === member.name && name !== null) ?? after[index];
    if (!other || other.name !== member.name) continue;
    if (member.members && other.members) collectUses(member.members, other.members, uses);
    else if (other.shape.is === member.shape.is) {
      const found = uses.get(member.type);
      if (found) found.add(other.type);
      else uses.set(member.type, new Set([other.type]));
    }
  }
}

function typedefsOf({ omissions }: Model): Set<string> {
  return new Set(omissions.filter(({ kind }) => kind === 'typedef').map(({ name }) => name));
}

/** Adds to each change of an item whether the side without the item has it as an omission. */
export function withOmissions(changes: readonly Change[], before: Model, after: Model): Change[] {
  const [old, now] = [before, after].map(({ omissions }) => new Map(omissions.map((each) => [each.name, each])));
  return changes.map((change) => {
    const omission =
      change.before === null ? old?.get(change.name) : change.after === null ? now?.get(change.name) : undefined;
    if (!omission) return change;
    const { kind, reason, skipped } = omission;
    return { ...change, omitted: { kind, reason, ...(skipped ? { skipped } : {}) } };
  });
}

/** Returns the changes of omissions. `isItem` finds the names that one side has as an item, whose changes are complete. */
export function omissionChanges(
  before: Model,
  after: Model,
  isItem: (name: string) => boolean,
  renames: ReadonlyMap<string, string>,
): OmissionChange[] {
  const [old, now] = [byKey(before), byKey(after)];
  const newNames = new Set(renames.values());
  const changes: OmissionChange[] = [];
  for (const [key, omission] of old) {
    const other = now.get(key) ?? renamedTo(omission, renames, after);
    if (isItem(omission.name)) continue;
    const own = {
      kind: 'omission',
      name: omission.name,
      breaking: false,
      before: factsOf(omission),
      symbols: none,
    } as const;
    if (!other) changes.push({ ...own, class: 'removed', after: null, differs: [] });
    else if (other.name !== omission.name) {
      const renamed = { name: other.name, because: 'the members that had the one type have the other type' };
      changes.push({ ...own, class: 'removed', after: factsOf(other), differs: ['name'], renamed });
    } else changes.push(...bothChange(omission, other));
  }
  for (const [key, omission] of now) {
    if (old.has(key) || isItem(omission.name)) continue;
    if (omission.kind === 'typedef' && newNames.has(omission.name)) continue;
    changes.push({
      ...{ class: 'addition', breaking: false, kind: 'omission', name: omission.name, before: null },
      ...{ after: factsOf(omission), differs: [], symbols: none },
    });
  }
  return changes;
}

const none: OmissionChange['symbols'] = { before: [], after: [] };

function renamedTo({ kind, name }: Omission, renames: ReadonlyMap<string, string>, after: Model): Omission | undefined {
  const other = kind === 'typedef' ? renames.get(name) : undefined;
  return after.omissions.find((each) => each.kind === 'typedef' && each.name === other);
}

function bothChange(before: Omission, after: Omission): OmissionChange[] {
  const [old, now] = [factsOf(before), factsOf(after)];
  const keys = ['kind', 'parameters', 'reason', 'skipped', 'header'] as const;
  const differs = keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
  if (differs.length === 0) return [];
  const reason = old.reason === now.reason ? 'the declaration is another one' : `the reason is now: ${now.reason}`;
  return [
    {
      ...{ class: 'none', breaking: false, kind: 'omission', name: after.name, before: old, after: now },
      ...{ differs, reason, symbols: none },
    },
  ];
}

/** Several types without a name have the same name, so they also have a number. */
function byKey({ omissions }: Model): Map<string, Omission> {
  const keyed = new Map<string, Omission>();
  for (const omission of omissions) {
    let key = omission.name;
    while (keyed.has(key)) key += '+';
    keyed.set(key, omission);
  }
  return keyed;
}

function factsOf({ name: _name, location, ...facts }: Omission): OmissionFacts {
  return { ...facts, header: location.header };
}
