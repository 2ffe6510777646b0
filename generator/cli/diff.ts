/** `kvm-uapi diff`: shows what changed between two versions of headers, and what breaks. */

import { dirname, join } from 'node:path';
import { type Change, type ChangeOnTargets, type ChangesOf, semverStep } from '../diff/changes.js';
import { diffModels, mergeChanges, wholeHeader } from '../diff/diff.js';
import { GeneratorError, MissingHeaderError, UsageError } from '../errors.js';
import { filesOnDisk } from '../headers/disk.js';
import { userCache } from '../headers/sets/store.js';
import type { Model } from '../model/model.js';
import { type Selection, selectWithin } from '../model/selection.js';
import { changeLines, wrap } from '../report/changes.js';
import { changesMarkdown } from '../report/changes-markdown.js';
import { defaultTarget, targetCalled } from '../targets/targets.js';
import { colours } from './change-colours.js';
import { identityOf, type Reading, type Side } from './diff-side.js';
import { openSide } from './diff-sides.js';
import { defaultHeader } from './header-options.js';
import { ModelCache } from './model-cache.js';
import type { Terminal } from './terminal.js';

export interface DiffOptions extends Reading {
  /** The headers. The default is the headers of a model or of a folder of bindings, or linux/kvm.h. */
  readonly header: readonly string[];
  /** Whether all headers of both sides are compared. */
  readonly allHeaders: boolean;
  /** The targets, or `all` for those that both sides have. */
  readonly arch: readonly string[];
  /** The targets of the configuration. */
  readonly targets: readonly string[];
  readonly selection: Selection;
}

export interface Sides {
  readonly old: Side;
  readonly now: Side;
}

/** Returns the cache of models, beside the imported header sets. */
export function modelCache(): ModelCache {
  return new ModelCache(join(dirname(userCache()), 'models'), filesOnDisk);
}

/** Opens both sides. @throws UsageError or HeaderSetError if an argument names nothing that can be compared. */
export async function openSides(before: string, after: string, reading: Reading): Promise<Sides> {
  return { old: await openSide(before, reading), now: await openSide(after, reading) };
}

/** A header that cannot be read on one side. */
interface Unread {
  readonly header: string;
  readonly target: string;
  readonly side: 'before' | 'after';
  readonly problem: string;
}

export interface Comparison {
  /** What the sides were read from: a package, a kernel version. Null if no header could be read. */
  readonly before: string | null;
  readonly after: string | null;
  readonly headers: readonly string[];
  readonly targets: readonly string[];
  readonly changes: readonly ChangeOnTargets[];
  readonly unread: readonly Unread[];
}

/** Compares two sides. @throws UsageError if the sides have no common target or none of the headers. */
export function compare({ old, now }: Sides, options: DiffOptions): Comparison {
  const targets = targetsOf(old, now, options);
  const headers = new Set<string>();
  const parts: ChangesOf[] = [];
  const unread: Unread[] = [];
  const identities: [string | null, string | null] = [null, null];
  for (const target of targets) {
    for (const header of headersFor(old, now, target, options)) {
      headers.add(header);
      const changes = changesOf(old, now, header, target, options, unread, identities);
      if (changes.length > 0) parts.push({ header, target, changes });
    }
  }
  const [from, to] = identities;
  return { before: from, after: to, headers: [...headers], targets, changes: mergeChanges(parts), unread };
}

function changesOf(
  old: Side,
  now: Side,
  header: string,
  target: string,
  { allHeaders, selection }: DiffOptions,
  unread: Unread[],
  identities: [string | null, string | null],
): readonly Change[] {
  const read = (side: Side, which: 'before' | 'after'): Model | MissingHeaderError | undefined => {
    try {
      const model = side.model(header, target);
      if (!(model instanceof MissingHeaderError)) identities[which === 'before' ? 0 : 1] ??= identityOf(model);
      return model;
    } catch (error) {
      // Some headers of a whole set need headers that are not in the set.
      if (!allHeaders || !(error instanceof GeneratorError)) throw error;
      unread.push({ header, target, side: which, problem: error.message });
      return undefined;
    }
  };
  const before = read(old, 'before');
  if (before === undefined) {
    read(now, 'after');
    return [];
  }
  // A model depends on nothing but the headers that were read.
  if (!(before instanceof MissingHeaderError) && isUnchanged(before, now)) return [];
  const after = read(now, 'after');
  if (after === undefined) return [];
  const isGone = after instanceof MissingHeaderError;
  if (before instanceof MissingHeaderError) {
    if (isGone) throw after;
    return wholeHeader(selected(after, selection), 'added');
  }
  if (isGone) return wholeHeader(selected(before, selection), 'removed');
  return diffModels(selected(before, selection), selected(after, selection));
}

function selected(model: Model, selection: Selection): Model {
  return selectWithin([model], selection)[0] as Model;
}

/** Whether the other side has the same text in every header that a model was read from. */
function isUnchanged({ sources, target }: Model, other: Side): boolean {
  return !other.isModels && sources.every(({ name, sha256 }) => other.hashOf(name, target) === sha256);
}

function targetsOf(old: Side, now: Side, { arch, targets }: DiffOptions): readonly string[] {
  const common = old.targets.filter((target) => now.targets.includes(target));
  const hasOwn = old.isModels || now.isModels;
  const chosen = arch.length > 0 ? arch : hasOwn ? common : targets.length > 0 ? targets : [defaultTarget];
  const wanted = arch.includes('all') ? common : chosen;
  for (const target of wanted) {
    targetCalled(target);
    for (const side of [old, now]) {
      if (side.targets.includes(target)) continue;
      throw new UsageError(
        `${side.spelled} has no headers for ${target}, only for ${listed(side)}; choose another target with --arch`,
      );
    }
  }
  if (wanted.length === 0) {
    throw new UsageError(
      `${old.spelled} has ${listed(old)}, and ${now.spelled} has ${listed(now)}; compare sides with a common target`,
    );
  }
  return wanted;
}

function listed({ targets }: Side): string {
  return targets.join(', ');
}

function headersFor(old: Side, now: Side, target: string, { header, allHeaders }: DiffOptions): readonly string[] {
  if (allHeaders) return [...new Set([...old.headers(target), ...now.headers(target)])].sort();
  if (header.length > 0) return header;
  const own = [old, now].flatMap((side) => (side.isModels ? side.headers(target) : []));
  return own.length > 0 ? [...new Set(own)] : [defaultHeader];
}

/** The JSON form of a comparison. docs/compatibility.md describes it. */
const diffSchema = 'kvm-uapi/diff/1';

export function comparisonJson(comparison: Comparison, isBreaking: boolean): string {
  const { changes, ...rest } = comparison;
  const shown = isBreaking ? changes.filter(({ breaking }) => breaking) : changes;
  return JSON.stringify({ schema: diffSchema, ...rest, step: semverStep(changes), changes: shown }, null, 2);
}

export interface TextOptions {
  readonly breaking: boolean;
  readonly all: boolean;
  readonly terminal: Terminal;
}

export function comparisonText(comparison: Comparison, { breaking, all, terminal }: TextOptions): string {
  const { changes, headers, targets, unread } = comparison;
  const paint = terminal.colour ? colours : undefined;
  const lines = changeLines(changes, { columns: terminal.columns, paint, all, breaking, targets, headers });
  const width = terminal.columns ?? Number.POSITIVE_INFINITY;
  const wrapped = (line: string): string[] => wrap(line, width);
  return [...wrapped(titleOf(comparison)), '', ...lines, ...unreadLines(unread).flatMap(wrapped)].join('\n');
}

export function comparisonMarkdown(comparison: Comparison, options: Pick<TextOptions, 'breaking' | 'all'>): string {
  return changesMarkdown(comparison.changes, { ...comparison, ...options, title: titleOf(comparison) });
}

function titleOf({ before, after, headers, targets }: Comparison): string {
  const what = headers.length === 1 ? `<${headers[0]}>` : `${headers.length} headers`;
  const sides = before === after ? '' : `: ${before ?? 'nothing'} → ${after ?? 'nothing'}`;
  return `${what} on ${targets.join(', ')}${sides}`;
}

function unreadLines(unread: readonly Unread[]): string[] {
  const headers = new Set(unread.map(({ header }) => header));
  const [first] = unread;
  if (!first) return [];
  return [
    `${headers.size} header${headers.size === 1 ? '' : 's'} not compared, because they cannot be read; the first: ${first.problem}`,
  ];
}
