/** Formats changes as text: breaking changes first, each consequence below its cause. */

import { type ChangeClass, type ChangeOnTargets, semverStep } from '../diff/changes.js';
import { describeChange } from './change-facts.js';

/** How a text shows a change: `breaking` for its class if it breaks, `class` for its class, `quiet` for details. */
export interface ChangePaint {
  breaking(text: string): string;
  class(kind: ChangeClass, text: string): string;
  quiet(text: string): string;
}

const plain: ChangePaint = { breaking: (text) => text, class: (_, text) => text, quiet: (text) => text };

export interface ChangesOptions {
  /** The width of the terminal. Without it, each change has one line. */
  readonly columns?: number | undefined;
  readonly paint?: ChangePaint | undefined;
  /** Whether changes without effect, and the items of headers that only one side has, are shown. */
  readonly all?: boolean | undefined;
  /** Whether only breaking changes are shown. */
  readonly breaking?: boolean | undefined;
  /** The compared targets. A change that not all of them have names its targets. */
  readonly targets: readonly string[];
  /** The compared headers. With several, each header has a heading. */
  readonly headers: readonly string[];
}

/** Returns the lines of changes, and a summary with the step of the version at the end. */
export function changeLines(changes: readonly ChangeOnTargets[], options: ChangesOptions): string[] {
  const shown = visible(changes, options);
  const [breaking, others] = [shown.filter((each) => each.breaking), shown.filter((each) => !each.breaking)];
  return [
    ...section('breaking changes', breaking, options),
    ...(options.breaking ? [] : section('other changes', others, options)),
    ...hiddenLines(changes, shown, options),
    summaryLine(changes),
  ];
}

/** Returns at most `most` lines of changes, the command that shows all of them, and the summary. */
export function changeScreen(
  changes: readonly ChangeOnTargets[],
  options: ChangesOptions,
  most: number,
  command: string,
): string[] {
  const lines = changeLines(changes, options)
    .slice(0, -1)
    .filter((line) => line !== '');
  const rest = lines.length - most;
  const cut = rest > 1 ? [...lines.slice(0, most), `and ${rest} more lines; '${command}' shows all`] : lines;
  return [...cut, summaryLine(changes)];
}

/** Returns what the changes mean for a version: `3 breaking changes, 20 others; version step: major`. */
export function summaryLine(changes: readonly ChangeOnTargets[]): string {
  const breaking = changes.filter((each) => each.breaking).length;
  const others = changes.length - breaking;
  const counts =
    changes.length === 0
      ? 'no changes'
      : `${breaking} breaking change${breaking === 1 ? '' : 's'}, ${others} other${others === 1 ? '' : 's'}`;
  return `${counts}; version step: ${semverStep(changes)}`;
}

/** Returns the changes that a text shows. */
export function visible(changes: readonly ChangeOnTargets[], { all = false }: ChangesOptions): ChangeOnTargets[] {
  if (all) return [...changes];
  const whole = new Set(changes.filter(({ kind }) => kind === 'header').map(({ name }) => name));
  return changes.filter(
    (change) => change.class !== 'none' && !(change.causedBy !== undefined && whole.has(change.causedBy)),
  );
}

function hiddenLines(
  changes: readonly ChangeOnTargets[],
  shown: readonly ChangeOnTargets[],
  { breaking = false }: ChangesOptions,
): string[] {
  if (breaking) return [];
  const none = changes.filter((change) => change.class === 'none' && !shown.includes(change)).length;
  const items = changes.length - shown.length - none;
  return [
    ...(items > 0 ? [`${items} changes of items in new or removed headers are not shown; --all shows them`] : []),
    ...(none > 0
      ? [
          `${none} change${none === 1 ? '' : 's'} without effect ${none === 1 ? 'is' : 'are'} not shown; --all shows ${none === 1 ? 'it' : 'them'}`,
        ]
      : []),
  ];
}

function section(title: string, changes: readonly ChangeOnTargets[], options: ChangesOptions): string[] {
  if (changes.length === 0) return [];
  const lines = [`${title} (${changes.length})`];
  const byHeader = options.headers.length > 1 ? groupByHeader(changes) : [['', changes] as const];
  for (const [header, own] of byHeader) {
    if (header !== '') lines.push(`<${header}>`);
    lines.push(...tree(own, options));
  }
  return [...lines, ''];
}

function groupByHeader(changes: readonly ChangeOnTargets[]): (readonly [string, ChangeOnTargets[]])[] {
  const groups = new Map<string, ChangeOnTargets[]>();
  for (const change of changes) {
    const [header = ''] = change.headers;
    const own = groups.get(header);
    if (own) own.push(change);
    else groups.set(header, [change]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns the lines of changes, with the consequences of a change below it. */
function tree(changes: readonly ChangeOnTargets[], options: ChangesOptions): string[] {
  const names = new Set(changes.map(({ name }) => name));
  const children = new Map<string, ChangeOnTargets[]>();
  const roots: ChangeOnTargets[] = [];
  for (const change of changes) {
    const cause = change.causedBy;
    if (cause === undefined || !names.has(cause) || cause === change.name) roots.push(change);
    else children.set(cause, [...(children.get(cause) ?? []), change]);
  }
  const lines: string[] = [];
  const written = new Set<ChangeOnTargets>();
  const nameWidth = Math.min(longestName, Math.max(0, ...changes.map(({ name }) => name.length)));
  const write = (change: ChangeOnTargets, depth: number): void => {
    if (written.has(change)) return;
    written.add(change);
    lines.push(...linesOf(change, depth, nameWidth, names, options));
    // Changes of several targets can have one name. The consequences come after the first one.
    const own = children.get(change.name) ?? [];
    children.delete(change.name);
    for (const each of own) write(each, depth + 1);
  };
  for (const root of roots) write(root, 0);
  // Two causes can name each other.
  for (const change of changes) write(change, 0);
  return lines;
}

const longestName = 48;
const classWidth = 8;

function linesOf(
  change: ChangeOnTargets,
  depth: number,
  nameWidth: number,
  shown: ReadonlySet<string>,
  { columns, paint = plain, targets }: ChangesOptions,
): string[] {
  const indent = '  '.repeat(depth + 1);
  const label = change.class.padEnd(classWidth);
  const kind = change.breaking ? paint.breaking(label) : paint.class(change.class, label);
  const only = change.targets.length < targets.length ? [`on ${change.targets.join(', ')}`] : [];
  const isCauseElsewhere = change.causedBy !== undefined && !shown.has(change.causedBy) && change.class === 'moved';
  const because = isCauseElsewhere ? [`because of ${change.causedBy}`] : [];
  const detail = [...describeChange(change), ...because, ...only].join('; ');
  const name = nameOf(change);
  const head = `${indent}${kind}  `;
  const headWidth = indent.length + classWidth + 2;
  if (detail === '') return [`${head}${name}`];
  const beside = `${head}${name.padEnd(nameWidth - 2 * depth)}  `;
  const besideWidth = headWidth + Math.max(name.length, nameWidth - 2 * depth) + 2;
  if (columns === undefined || besideWidth + detail.length <= columns) return [`${beside}${paint.quiet(detail)}`];
  const room = Math.max(20, columns - headWidth - 2);
  const wrapped = wrap(detail, room).map((line) => `${' '.repeat(headWidth + 2)}${paint.quiet(line)}`);
  return [`${head}${name}`, ...wrapped];
}

function nameOf({ kind, name }: ChangeOnTargets): string {
  return kind === 'header' ? `<${name}>` : name;
}

/** Breaks a text at spaces. A word that is longer than a line has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
