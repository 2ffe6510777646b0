/** Compares two models of one header on one target. */

import { UsageError } from '../errors.js';
import type { Model } from '../model/model.js';
import { type Change, type ChangeOf, type ChangeOnTargets, type ChangesOf, changeClasses } from './changes.js';
import { enumChanges } from './enums.js';
import { functionChanges } from './functions.js';
import { ioctlChanges } from './ioctls.js';
import type { Context } from './members.js';
import { omissionChanges, typedefRenames, withOmissions } from './omissions.js';
import { recordChanges, recordRenames } from './records.js';
import { Symbols } from './symbols.js';
import { valueChanges, valuesOf } from './values.js';

/**
 * Compares two models of one header on one target and returns each difference as one change. Breaking changes come
 * first, then the classes in the order of `changeClasses`. Lines, comments and first versions are not compared. The members of a record
 * that only one side has are not changes of their own, because the record is.
 *
 * @example
 * ```ts
 * const changes = diffModels(modelFromJson(before, 'before.json'), modelFromJson(after, 'after.json'));
 * for (const { class: kind, name } of changes.filter(({ breaking }) => breaking)) console.log(kind, name);
 * ```
 *
 * @throws UsageError if the models have different targets or different headers.
 */
export function diffModels(before: Model, after: Model): Change[] {
  for (const key of ['target', 'header'] as const) {
    if (before[key] === after[key]) continue;
    const remedy = `compare two models of one ${key}`;
    throw new UsageError(`the models have different ${key}s, ${before[key]} and ${after[key]}; ${remedy}`);
  }
  const records = recordRenames(before, after);
  const typedefs = typedefRenames(before, after);
  const symbols = { before: new Symbols(before), after: new Symbols(after) };
  const sizes = new Map(before.types.map(({ cName, size }) => [cName, size]));
  const resized = new Set(
    after.types.filter(({ cName, size }) => (sizes.get(cName) ?? size) !== size).map((type) => type.cName),
  );
  const context: Context = {
    ...symbols,
    renamed: (type) => records.get(type) ?? typedefs.get(type),
    isResized: (cName) => resized.has(cName),
  };
  const enums = enumChanges(before, after, symbols);
  const [old, now] = [before, after].map(({ ioctls }) => new Set(ioctls.map(({ name }) => name)));
  const values = valueChanges(
    valuesOf(before, symbols.before, (name) => old?.has(name) === true),
    valuesOf(after, symbols.after, (name) => now?.has(name) === true),
    (cName) => enums.renamed.get(cName),
  );
  const changes = [
    ...recordChanges(before, after, records, context),
    ...enums.changes,
    ...withKindChanges([
      ...values,
      ...ioctlChanges(before, after, context),
      ...functionChanges(before, after, symbols),
    ]),
  ];
  const items = new Set([...itemNames(before), ...itemNames(after)]);
  const omissions = omissionChanges(before, after, (name) => items.has(name), typedefs);
  return sorted([...withOmissions(changes, before, after), ...omissions]);
}

/**
 * Returns the changes of a header that only one side has: one change of the header, and one for each of its items.
 */
export function wholeHeader(model: Model, is: 'added' | 'removed'): Change[] {
  const empty: Model = { ...model, types: [], enums: [], constants: [], ioctls: [], functions: [], omissions: [] };
  const items = is === 'added' ? diffModels(empty, model) : diffModels(model, empty);
  const facts = { items: items.length };
  const header: ChangeOf<'header'> = {
    ...{ kind: 'header', name: model.header, differs: [], symbols: { before: [], after: [] } },
    ...(is === 'added'
      ? { class: 'addition', breaking: false, before: null, after: facts }
      : { class: 'removed', breaking: true, before: facts, after: null }),
  };
  return [header, ...items.map((change) => ({ ...change, causedBy: model.header }))];
}

/**
 * Combines the changes of several headers and targets. Equal changes are one change, with the lists of their headers and
 * targets.
 */
export function mergeChanges(parts: readonly ChangesOf[]): ChangeOnTargets[] {
  const merged = new Map<
    string,
    { readonly change: Change; readonly targets: Set<string>; readonly headers: Set<string> }
  >();
  for (const { target, header, changes } of parts) {
    for (const change of changes) {
      const key = JSON.stringify(change);
      const known = merged.get(key);
      if (known) {
        known.targets.add(target);
        known.headers.add(header);
      } else merged.set(key, { change, targets: new Set([target]), headers: new Set([header]) });
    }
  }
  return sorted(
    [...merged.values()].map(({ change, targets, headers }) => ({
      ...change,
      targets: [...targets],
      headers: [...headers],
    })),
  );
}

type ValueKind = 'constant' | 'enumerator' | 'ioctl' | 'function';

const kindNames: Readonly<Record<ValueKind, string>> = {
  constant: 'a constant',
  enumerator: 'an enumerator',
  ioctl: 'an ioctl',
  function: 'a function-like macro',
};

/** Combines the removal and the addition of one name into one change of its kind. */
function withKindChanges(changes: readonly ChangeOf<ValueKind>[]): Change[] {
  const gone = new Map(changes.filter(({ after }) => after === null).map((change) => [change.name, change]));
  const replaced = new Set<ChangeOf<ValueKind>>();
  const combined = changes.map((change) => {
    const old = change.before === null ? gone.get(change.name) : undefined;
    if (!old) return change;
    replaced.add(old);
    return {
      ...change,
      ...{ class: 'type', breaking: true, kindBefore: old.kind },
      reason: `it is ${kindNames[change.kind]} instead of ${kindNames[old.kind]}`,
      symbols: { before: old.symbols.before, after: change.symbols.after },
    };
  });
  return combined.filter((change) => !replaced.has(change as ChangeOf<ValueKind>)) as Change[];
}

function itemNames({ types, enums, constants, ioctls, functions }: Model): string[] {
  return [
    ...types.map(({ cName }) => cName),
    ...enums.flatMap(({ cName, enumerators }) => [
      ...(cName === null ? [] : [cName]),
      ...enumerators.map(({ name }) => name),
    ]),
    ...[...constants, ...ioctls, ...functions].map(({ name }) => name),
  ];
}

function sorted<T extends Pick<Change, 'class' | 'breaking'>>(changes: readonly T[]): T[] {
  const rank = (change: T): number =>
    changeClasses.indexOf(change.class) - (change.breaking ? changeClasses.length : 0);
  return changes.toSorted((a, b) => rank(a) - rank(b));
}
