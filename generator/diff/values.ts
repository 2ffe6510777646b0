/** Compares constants and enumerators. A name can change from a macro to an enumerator and back. */

import type { Constant, Enumerator, EnumType, IntegerValue, Model } from '../model/model.js';
import type { ChangeOf, ValueFacts } from './changes.js';
import { similarPairs } from './similar-names.js';
import type { Symbols } from './symbols.js';

/** A constant or enumerator that C code reads under its name. */
export interface Value {
  readonly name: string;
  readonly kind: 'constant' | 'enumerator';
  readonly facts: ValueFacts;
  readonly symbols: ChangeOf<'constant'>['symbols']['before'];
}

export type ValueChange = ChangeOf<'constant'> | ChangeOf<'enumerator'>;

/** Returns the values of a model by name. `isIoctl` names the values that are compared as ioctls. */
export function valuesOf(model: Model, symbols: Symbols, isIoctl: (name: string) => boolean): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const type of model.enums) {
    for (const each of type.enumerators)
      if (!isIoctl(each.name)) values.set(each.name, enumeratorValue(each, type, symbols));
  }
  for (const constant of model.constants) {
    const { name, value } = constant;
    // A macro that repeats an enumerator is only a sign that the enumerator exists.
    if (isIoctl(name) || values.get(name)?.facts.value === value) continue;
    values.set(name, constantValue(constant, symbols));
  }
  return values;
}

function enumeratorValue({ name, value, type, aliasOf, location }: Enumerator, of: EnumType, symbols: Symbols): Value {
  const { header } = location;
  const facts = { value, type, header, enum: of.cName, ...(aliasOf === undefined ? {} : { aliasOf }) };
  return { name, kind: 'enumerator', facts, symbols: symbols.value(name, header, 'constant', of) };
}

function constantValue({ name, value, type, isVariable, aliasOf, location }: Constant, symbols: Symbols): Value {
  const { header } = location;
  const facts = {
    ...{ value, type, header },
    ...(isVariable === undefined ? {} : { isVariable }),
    ...(aliasOf === undefined ? {} : { aliasOf }),
  };
  return { name, kind: 'constant', facts, symbols: symbols.value(name, header, 'constant') };
}

export function valueChanges(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  renamedEnum: (cName: string) => string | undefined,
): ValueChange[] {
  const gone = [...before.values()].filter(({ name }) => !after.has(name));
  const added = [...after.values()].filter(({ name }) => !before.has(name));
  const renames = renamesOf(gone, added);
  const newNames = new Set(renames.values());
  return [
    ...gone.map((value) => goneChange(value, renames.get(value))),
    ...added.filter((value) => !newNames.has(value)).map(addedChange),
    ...[...before.values()].flatMap((value) => {
      const now = after.get(value.name);
      return now ? bothChange(value, now, renamedEnum) : [];
    }),
  ];
}

function goneChange({ name, kind, facts, symbols }: Value, now: Value | undefined): ValueChange {
  const own = { class: 'removed', breaking: true, name, before: facts } as const;
  if (!now) return { ...own, kind, after: null, differs: [], symbols: { before: symbols, after: [] } };
  const because = `both have the value ${valueText(facts.value)}, and the names are similar`;
  return {
    ...own,
    kind,
    after: now.facts,
    differs: ['name'],
    renamed: { name: now.name, because },
    symbols: { before: symbols, after: now.symbols },
  };
}

function addedChange({ name, kind, facts, symbols }: Value): ValueChange {
  return {
    ...{ class: 'addition', breaking: false, kind, name, before: null, after: facts, differs: [] },
    symbols: { before: [], after: symbols },
  };
}

type Judged = Pick<ValueChange, 'class' | 'breaking'> & { readonly reason?: string; readonly causedBy?: string };

function bothChange(before: Value, after: Value, renamedEnum: (cName: string) => string | undefined): ValueChange[] {
  const [old, now] = [before.facts, after.facts];
  const keys = ['value', 'type', 'header', 'enum', 'isVariable', 'aliasOf'] as const;
  const differs: string[] = keys.filter((key) => old[key] !== now[key]);
  const isOtherKind = before.kind !== after.kind;
  if (differs.length === 0 && !isOtherKind) return [];
  const judged = judgeValue(before, after, differs, renamedEnum);
  return [
    {
      ...judged,
      ...{ kind: after.kind, name: after.name, before: old, after: now, differs },
      ...(isOtherKind ? { kindBefore: before.kind } : {}),
      symbols: { before: before.symbols, after: after.symbols },
    },
  ];
}

function judgeValue(
  before: Value,
  after: Value,
  differs: readonly string[],
  renamedEnum: (cName: string) => string | undefined,
): Judged {
  const [old, now] = [before.facts, after.facts];
  if (old.value !== now.value && !isSameNumber(old.value, now.value)) return judgeNumber(after.name, old, now);
  if (typeof old.value !== typeof now.value) {
    return { class: 'type', breaking: true, reason: `the C type is ${now.type} instead of ${old.type}` };
  }
  if (differs.includes('aliasOf')) return { class: 'type', breaking: true, reason: 'it is another kind of name' };
  // The object of a named enum loses the key.
  if (old.enum !== now.enum && typeof old.enum === 'string') {
    if (renamedEnum(old.enum) === now.enum) {
      return { class: 'none', breaking: false, causedBy: old.enum, reason: `${old.enum} has another name` };
    }
    return { class: 'type', breaking: true, reason: `${old.enum} no longer has it` };
  }
  if (differs.includes('type') || differs.includes('isVariable')) {
    return { class: 'type', breaking: false, reason: `the C type is ${now.type} instead of ${old.type}` };
  }
  if (before.kind !== after.kind) {
    const names = { constant: 'a macro', enumerator: 'an enumerator' };
    return { class: 'none', breaking: false, reason: `it is ${names[after.kind]} instead of ${names[before.kind]}` };
  }
  if (differs.includes('enum')) return { class: 'none', breaking: false, reason: 'its enum got a name' };
  return { class: 'none', breaking: false, reason: `<${now.header}> defines it instead of <${old.header}>` };
}

function judgeNumber(name: string, old: ValueFacts, now: ValueFacts): Judged {
  const [from, to] = [numberOf(old.value), numberOf(now.value)];
  if (isVersion(name)) return { class: 'value', breaking: false, reason: 'it is the version of the interface' };
  if (from !== undefined && to !== undefined) {
    if (isCounter(name) && to > from) {
      return { class: 'value', breaking: false, reason: 'it counts names, and names were added' };
    }
    if (isMask(name) && (from & to) === from) {
      return { class: 'value', breaking: false, reason: 'it combines flags, and flags were added' };
    }
  }
  return { class: 'value', breaking: true };
}

/** Whether a constant counts other names: `KVM_NR_INTERRUPTS`, `__NL80211_ATTR_MAX`. */
function isCounter(name: string): boolean {
  return /(?:^|_)(?:MAX|NR|NUM|COUNT|CNT|LAST|END|SIZE_VER)$|(?:^|_)(?:NR|NUM|MAX)_/i.test(name);
}

/** Whether a constant is a version that grows with compatible changes. */
function isVersion(name: string): boolean {
  return /^LINUX_VERSION_|(?:^|_)(?:VERSION_(?:MINOR|EXTRA)|MINOR_VERSION)$/.test(name);
}

/** Whether a constant combines all flags of a member: `KVM_SYNC_X86_VALID_FIELDS`. */
function isMask(name: string): boolean {
  return /(?:_|^)(?:MASK|ALL|VALID|SUPPORTED)(?:_|$)/i.test(name);
}

function numberOf(value: IntegerValue): bigint | undefined {
  return typeof value === 'number' || /^-?\d+$/.test(value) ? BigInt(value) : undefined;
}

function isSameNumber(a: IntegerValue, b: IntegerValue): boolean {
  return typeof a !== typeof b && numberOf(a) !== undefined && numberOf(a) === numberOf(b);
}

/** Returns a value for a text. Strings have quotes. */
function valueText(value: IntegerValue): string {
  return typeof value === 'number' || /^-?\d+$/.test(value) ? String(value) : JSON.stringify(value);
}

/** Pairs values that are gone with new values: the same value, type and kind, and similar names. */
function renamesOf(gone: readonly Value[], added: readonly Value[]): Map<Value, Value> {
  const key = ({ kind, facts: { value, type } }: Value): string => JSON.stringify([kind, value, type]);
  const candidates = new Map<string, Value[]>();
  for (const each of added) candidates.set(key(each), [...(candidates.get(key(each)) ?? []), each]);
  const old = new Map<string, Value[]>();
  for (const each of gone) if (candidates.has(key(each))) old.set(key(each), [...(old.get(key(each)) ?? []), each]);
  return new Map([...old].flatMap(([each, values]) => [...similarPairs(values, candidates.get(each) ?? [])]));
}
