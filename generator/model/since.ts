/**
 * The first kernel version that has an item: a type, a member, a constant, an enumerator, an ioctl or a function-like
 * macro. No header says it. `headers/since.json` has the facts, and `withSince` adds them to a model.
 *
 * A version is a series, such as `6.1`. It includes the updates of the series. The facts come from some versions only, so
 * an item can be older than the first of these versions that has it.
 */

import type { Enumerator, Location, Member, Model, Since } from './model.js';

/** The version of the form of the facts. */
export const sinceSchema = 'kvm-uapi/since/1';

/** Facts about the items of some headers. */
export interface SinceFacts {
  readonly schema: typeof sinceSchema;
  /** The header sets that the facts come from, oldest first. */
  readonly sets: readonly SinceSet[];
  /** The headers whose items have facts, spelled as in an `#include`. */
  readonly headers: readonly string[];
  /** Maps each target to the versions whose headers were read, oldest first. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  /** The items of the newest version. The items of a group have the same first version on every target. */
  readonly groups: readonly SinceGroup[];
}

export interface SinceSet {
  /** The kernel version, such as `6.1.176`. */
  readonly kernel: string;
  /** The package, or the kind of the source. */
  readonly origin: string;
  /** The hash of the set for each architecture, by the kernel's name for the architecture. */
  readonly sha256: Readonly<Record<string, string>>;
}

export interface SinceGroup {
  /** Maps a version to the targets on which it is the first version with the items. */
  readonly first: Readonly<Record<string, readonly string[]>>;
  /** Types by their `cName`, and constants, enumerators, ioctls and function-like macros by their names. */
  readonly names: readonly string[];
  /**
   * Members by the `cName` of their type. The member of an anonymous member is a member of the type itself. The path of a
   * member of an unnamed record has dots: `io.direction`.
   */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

/** Returns the model with `since` in each item that the facts know. */
export function withSince(model: Model, facts: SinceFacts): Model {
  const known = factsOf(facts, model.target);
  const headers = new Set(facts.headers);
  if (!model.coveredHeaders.some((header) => headers.has(header))) return model;
  const dated = <T extends { readonly location: Location }>(item: T, name: string | null): T => {
    const since = name !== null && headers.has(item.location.header) ? known.get(name) : undefined;
    return since ? { ...item, since } : item;
  };
  const named = <T extends Pick<Enumerator, 'name' | 'location'>>(item: T): T => dated(item, item.name);
  return {
    ...model,
    types: model.types.map((type) => {
      if (!headers.has(type.location.header)) return type;
      return dated({ ...type, members: datedMembers(type.members, type.cName, known) }, type.cName);
    }),
    enums: model.enums.map((type) => dated({ ...type, enumerators: type.enumerators.map(named) }, type.cName)),
    constants: model.constants.map(named),
    ioctls: model.ioctls.map(named),
    functions: model.functions.map(named),
  };
}

function datedMembers(members: readonly Member[], path: string, known: ReadonlyMap<string, Since>): Member[] {
  return members.map((member) => {
    const own = member.name === null ? path : `${path}.${member.name}`;
    const since = member.name === null ? undefined : known.get(own);
    const inner = member.members ? { members: datedMembers(member.members, own, known) } : {};
    return { ...member, ...inner, ...(since ? { since } : {}) };
  });
}

/** Returns the names of all items of a model, as the facts have them. A member is `<cName>.<path>`. */
export function datedNames({ types, enums, constants, ioctls, functions }: Model): string[] {
  return [
    ...types.flatMap(({ cName, members }) => [cName, ...memberPaths(members, cName)]),
    ...enums.flatMap(({ cName, enumerators }) => [cName ?? [], enumerators.map(({ name }) => name)].flat()),
    ...[...constants, ...ioctls, ...functions].map(({ name }) => name),
  ];
}

function memberPaths(members: readonly Member[], path: string): string[] {
  return members.flatMap(({ name, members: inner = [] }) => {
    if (name === null) return memberPaths(inner, path);
    return [`${path}.${name}`, ...memberPaths(inner, `${path}.${name}`)];
  });
}

const tables = new WeakMap<SinceFacts, Map<string, ReadonlyMap<string, Since>>>();

/** Returns the facts of one target by the names of `datedNames`. */
function factsOf(facts: SinceFacts, target: string): ReadonlyMap<string, Since> {
  const ofFacts = tables.get(facts) ?? new Map<string, ReadonlyMap<string, Since>>();
  tables.set(facts, ofFacts);
  const table = ofFacts.get(target) ?? tableOf(facts, target);
  ofFacts.set(target, table);
  return table;
}

function tableOf({ versions, groups }: SinceFacts, target: string): Map<string, Since> {
  const known = versions[target] ?? [];
  const table = new Map<string, Since>();
  for (const { first, names, members } of groups) {
    const version = known.find((each) => first[each]?.includes(target));
    if (version === undefined) continue;
    const before = known[known.indexOf(version) - 1];
    const since: Since = before === undefined ? { version } : { version, notIn: before };
    for (const name of names) table.set(name, since);
    for (const [type, paths] of Object.entries(members)) {
      for (const path of paths) table.set(`${type}.${path}`, since);
    }
  }
  return table;
}

/** Says the first version in words: `in or before Linux 5.10`. */
export function sinceText({ version, notIn }: Since): string {
  if (notIn === undefined) return `in or before Linux ${version}`;
  return isNext(notIn, version) ? `since Linux ${version}` : `in or before Linux ${version}, not in ${notIn}`;
}

/** Whether no version is between two versions. The last version before `7.0` is not known. */
function isNext(before: string, version: string): boolean {
  const [[major, minor], [nextMajor, nextMinor]] = [seriesNumbers(before), seriesNumbers(version)];
  return major === nextMajor && minor + 1 === nextMinor;
}

/** Returns the numbers of a version: 6 and 12 for `6.12` and for `6.12.107`. */
function seriesNumbers(version: string): [number, number] {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number);
  return [major, minor];
}

/** Orders versions from the oldest to the newest. */
export function byVersion(a: string, b: string): number {
  const [[major, minor], [otherMajor, otherMinor]] = [seriesNumbers(a), seriesNumbers(b)];
  return major - otherMajor || minor - otherMinor;
}
