/** Derives the facts about the first version of each item from models of header sets. */

import {
  byVersion,
  type SinceFacts,
  type SinceGroup,
  type SinceSet,
  sinceSchema,
} from '../../generator/model/since.js';
import { targets } from '../../generator/targets/targets.js';

/** What a header set has for one target. */
interface TargetNames {
  readonly target: string;
  /** The names of the items, as `datedNames` returns them. */
  readonly names: ReadonlySet<string>;
}

/** The names of one header set. */
export interface SetNames {
  readonly set: SinceSet;
  readonly targets: readonly TargetNames[];
}

/** What is known about the names of one target. */
interface Known {
  readonly versions: Set<string>;
  /** The first version with each name. */
  readonly first: Map<string, string>;
  /** The names of the newest version. */
  newest: ReadonlySet<string>;
}

/** Returns the series of a kernel version: `6.12` for `6.12.107`. */
export function seriesOf(kernel: string): string {
  return kernel.split('.').slice(0, 2).join('.');
}

/**
 * Returns the facts with those of more sets. An item that the newest set of a target does not have is left out. An older
 * set can therefore only move the first version of an item.
 */
export function withSets(
  facts: SinceFacts | undefined,
  added: readonly SetNames[],
  headers: readonly string[],
): SinceFacts {
  const known = new Map(targets.map(({ name }) => [name as string, knownIn(facts, name)]));
  for (const { set, targets: parts } of [...added].sort((a, b) => byVersion(a.set.kernel, b.set.kernel))) {
    for (const { target, names } of parts) {
      const own = known.get(target);
      if (own) addVersion(own, seriesOf(set.kernel), names);
    }
  }
  const read = [...known].filter(([, { versions }]) => versions.size > 0);
  return {
    schema: sinceSchema,
    sets: allSets(
      facts?.sets ?? [],
      added.map(({ set }) => set),
    ),
    headers,
    versions: Object.fromEntries(read.map(([target, { versions }]) => [target, [...versions].sort(byVersion)])),
    groups: groupsOf(read),
  };
}

function knownIn(facts: SinceFacts | undefined, target: string): Known {
  const first = facts ? firstVersions(facts, target) : new Map<string, string>();
  return { versions: new Set(facts?.versions[target]), first, newest: new Set(first.keys()) };
}

/** Returns the first version of each name of a target. */
export function firstVersions(facts: SinceFacts, target: string): Map<string, string> {
  const versions = new Map<string, string>();
  for (const { first, names, members } of facts.groups) {
    const version = Object.keys(first).find((each) => first[each]?.includes(target));
    if (version === undefined) continue;
    const paths = Object.entries(members).flatMap(([type, each]) => each.map((path) => `${type}.${path}`));
    for (const name of [...names, ...paths]) versions.set(name, version);
  }
  return versions;
}

function addVersion(known: Known, version: string, names: ReadonlySet<string>): void {
  const { versions, first } = known;
  const isNewest = [...versions].every((other) => byVersion(other, version) <= 0);
  if (isNewest) known.newest = versions.has(version) ? new Set([...known.newest, ...names]) : names;
  versions.add(version);
  for (const name of names) {
    const earlier = first.get(name);
    if (earlier === undefined || byVersion(version, earlier) < 0) first.set(name, version);
  }
}

/** Returns each set once, oldest first. A set with the same hashes is the same set. */
function allSets(recorded: readonly SinceSet[], added: readonly SinceSet[]): SinceSet[] {
  const sets = new Map([...recorded, ...added].map((set) => [JSON.stringify(set), set]));
  const key = ({ origin, sha256 }: SinceSet): string => `${origin} ${Object.keys(sha256).join()}`;
  return [...sets.values()].sort((a, b) => byVersion(a.kernel, b.kernel) || (key(a) < key(b) ? -1 : 1));
}

/** Returns the items in groups with the same first versions on all targets. */
function groupsOf(known: readonly (readonly [string, Known])[]): SinceGroup[] {
  const firstOf = new Map<string, Record<string, string[]>>();
  for (const [target, { first, newest }] of known) {
    for (const name of newest) {
      const versions = firstOf.get(name) ?? {};
      firstOf.set(name, versions);
      const version = first.get(name) as string;
      versions[version] = [...(versions[version] ?? []), target];
    }
  }
  const groups = new Map<string, string[]>();
  for (const [name, versions] of firstOf) {
    const ordered = Object.keys(versions).sort(byVersion);
    const key = JSON.stringify(Object.fromEntries(ordered.map((version) => [version, versions[version]])));
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, names]) => ({ first: JSON.parse(key) as SinceGroup['first'], ...separated(names) }));
}

/** Separates the members from the other names, and sorts both. */
function separated(names: readonly string[]): Pick<SinceGroup, 'names' | 'members'> {
  const members: Record<string, string[]> = {};
  const isMember = (name: string): boolean => name.includes('.');
  for (const path of names.filter(isMember).sort()) {
    const type = path.slice(0, path.indexOf('.'));
    members[type] = [...(members[type] ?? []), path.slice(type.length + 1)];
  }
  return { names: names.filter((name) => !isMember(name)).sort(), members };
}

/**
 * Returns the text of the file. A name has its own line, and so have the members of a type. The hash at the end finds a
 * change by hand.
 */
export function textOf(facts: SinceFacts, sha256: (text: string) => string): string {
  const json = JSON.stringify;
  const rows = (values: readonly string[], indent: string): string =>
    values.length === 0 ? '' : `${values.map((value) => `\n${indent}  ${value}`).join()}\n${indent}`;
  const entries = (map: Readonly<Record<string, unknown>>): string[] =>
    Object.entries(map).map(([key, value]) => `${json(key)}: ${json(value)}`);
  const jsonOf = (values: readonly unknown[]): string[] => values.map((value) => json(value));
  const groups = facts.groups.map(
    ({ first, names, members }) => `{
      "first": ${json(first)},
      "names": [${rows(jsonOf(names), '      ')}],
      "members": {${rows(entries(members), '      ')}}
    }`,
  );
  const text = `{
  "schema": ${json(facts.schema)},
  "sets": [${rows(jsonOf(facts.sets), '  ')}],
  "headers": [${rows(jsonOf(facts.headers), '  ')}],
  "versions": {${rows(entries(facts.versions), '  ')}},
  "groups": [${rows(groups, '  ')}]
`;
  return `${text.trimEnd()},\n  "sha256": "${sha256(text)}"\n}\n`;
}

/** Returns the text whose hash the file has, and the recorded hash. */
export function hashedText(text: string): { readonly text: string; readonly recorded: string | undefined } {
  const found = /,\n {2}"sha256": "([0-9a-f]{64})"\n\}\n$/.exec(text);
  return { text: `${found ? text.slice(0, found.index) : text}\n`, recorded: found?.[1] };
}
