/** Converts the changes of headers to changes of names of the emitted modules. */

import type { Change, ChangeOnTargets, EmittedSymbol } from '../diff/changes.js';
import { memberProperty, type Names, namesOf, secondProperty } from '../emit/export-names.js';
import { modulePath } from '../emit/modules.js';
import { promotedMembers } from '../emit/placed-members.js';
import type { Member, Model } from '../model/model.js';
import type { NameChange } from './changed-names.js';

/** Returns what changes do to the names of the bindings of `models`, which are the models before the changes. */
export function nameChangesOf(changes: readonly ChangeOnTargets[], models: readonly Model[]): NameChange[] {
  return changes.flatMap((change, index) => {
    if (change.class === 'none') return [];
    return change.targets.flatMap((target) => [
      ...symbolChanges(change, target, index),
      ...paddingChanges(change, target, index),
      ...membersThatGo(
        change,
        models.filter((model) => model.target === target),
        index,
      ),
    ]);
  });
}

function symbolChanges(change: Change, target: string, index: number): NameChange[] {
  const { before, after } = change.symbols;
  // The members of a new record or enum have no uses.
  const symbols = before.length > 0 ? before : after.filter(({ property }) => property !== undefined);
  return symbols.flatMap((symbol, position) => {
    const goes = !after.some((other) => isSame(symbol, other));
    if (!goes && !isConcerned(change, symbol, symbols.indexOf(symbol))) return [];
    const renamed = goes && change.renamed ? renamedTo(symbol, position, after) : undefined;
    return [
      {
        module: modulePath({ target }, symbol.header),
        name: symbol.export,
        ...(symbol.property === undefined ? {} : { member: symbol.property }),
        change: index,
        goes,
        ...(renamed === undefined ? {} : { renamed }),
        whole: wholeOf(change),
      } satisfies NameChange,
    ];
  });
}

/** Returns the padding members whose bytes became a member, or which have another name or form. */
function paddingChanges({ padding, symbols }: Change, target: string, index: number): NameChange[] {
  const own = [...symbols.before, ...symbols.after].find(
    ({ is, property }) => is === 'class' && property !== undefined,
  );
  if (!padding || !own) return [];
  const now = new Map(padding.after.map((each) => [each.name, JSON.stringify(each)]));
  return padding.before.flatMap((each) => {
    if (now.get(each.name) === JSON.stringify(each)) return [];
    return [memberProperty(each.name), secondProperty(each.name)].map((member) => ({
      module: modulePath({ target }, own.header),
      name: own.export,
      member,
      change: index,
      goes: !now.has(each.name),
      whole: ['layout'] as const,
    }));
  });
}

function isSame(a: EmittedSymbol, b: EmittedSymbol): boolean {
  return a.export === b.export && a.property === b.property;
}

/**
 * Whether a change concerns a name that stays. The first name of a record is that of its class. The names of a member
 * are its accessors, and the classes of its unnamed records, which have the size of the member.
 */
function isConcerned(change: Change, { property }: EmittedSymbol, position: number): boolean {
  if (change.kind === 'struct' || change.kind === 'union') return position === 0;
  return change.kind !== 'member' || property !== undefined || change.class === 'size';
}

/** Returns the new name of a symbol. The symbols of an item have the same order on both sides. */
function renamedTo(symbol: EmittedSymbol, position: number, after: readonly EmittedSymbol[]): string | undefined {
  const other = after[position];
  return other?.is === symbol.is && (other.property === undefined) === (symbol.property === undefined)
    ? (other.property ?? other.export)
    : undefined;
}

function wholeOf({ kind, class: ofChange, before, after }: Change): NameChange['whole'] {
  if (kind === 'struct' || kind === 'union') return ['layout'];
  if (kind === 'enumerator') return ['keys'];
  if (kind !== 'member') return [];
  const isNewOrGone = ofChange === 'removed' || before === null || after === null;
  return isNewOrGone ? ['keys', 'layout'] : ['layout'];
}

/** Returns the members of the classes of a record that is removed. They go with the class. */
function membersThatGo(change: Change, models: readonly Model[], index: number): NameChange[] {
  if ((change.kind !== 'struct' && change.kind !== 'union') || change.class !== 'removed' || change.renamed) return [];
  for (const model of models) {
    const type = model.types.find(({ cName }) => cName === change.name);
    if (!type) continue;
    const names = namesOf(model);
    const module = modulePath(model, type.location.header);
    return membersOf(type.members, names.record(type.cName), names).map((each) => ({
      module,
      ...each,
      change: index,
      goes: true,
      whole: [],
    }));
  }
  return [];
}

/** Returns the accessors of a class, and of the classes of its unnamed records. */
function membersOf(
  members: readonly Member[],
  name: string,
  names: Names,
): { readonly name: string; readonly member: string }[] {
  return promotedMembers(members).flatMap(({ member }) => {
    const own = [memberProperty(member.name), secondProperty(member.name)].map((each) => ({ name, member: each }));
    const isUnnamed = member.members !== undefined && member.members.length > 0;
    return isUnnamed ? [...own, ...membersOf(member.members, names.unnamed(member), names)] : own;
  });
}
