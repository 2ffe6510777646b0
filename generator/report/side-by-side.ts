/** Two layouts of one type beside each other, as `diff --side-by-side` prints two texts. */

import type { LayoutLine } from './layout-view.js';

/** How the two sides of a row differ. The marks are those of `diff --side-by-side`. */
type Mark = ' ' | '|' | '<' | '>';

export interface SideBySideOptions {
  /** The width of both columns together. Undefined: as wide as the texts. */
  readonly columns: number | undefined;
  /** Adds colours to a side of a row that differs. */
  paint?(text: string, mark: Mark): string;
}

/** Returns rows with the lines before and after. Lines with the same member are in one row. */
export function sideBySide(
  titles: readonly [before: string, after: string],
  before: readonly LayoutLine[],
  after: readonly LayoutLine[],
  { columns, paint = (text) => text }: SideBySideOptions,
): string {
  const rows = pairsOf(before.filter(hasText), after.filter(hasText)).map(([left, right]): Row => {
    const [one, other] = [textOf(left), textOf(right)];
    return { left: one, right: other, mark: left === null ? '>' : right === null ? '<' : one === other ? ' ' : '|' };
  });
  const all: readonly Row[] = [{ left: titles[0], right: titles[1], mark: ' ' }, ...rows];
  const widest = Math.max(...all.map(({ left }) => left.length));
  const width = columns === undefined ? widest : Math.max(20, Math.floor((columns - 3) / 2));
  const fitted = (text: string): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
  return all
    .map(({ left, right, mark }) => {
      const [one, other] = [fitted(left).padEnd(width), columns === undefined ? right : fitted(right)];
      // An empty side has no colour, so that it leaves no spaces at the end of the row.
      const [before, after] = mark === ' ' ? [one, other] : [paint(one, mark), other === '' ? '' : paint(other, mark)];
      const painted = `${before} ${mark} ${after}`;
      return painted.trimEnd();
    })
    .join('\n');
}

/** Whether two layouts differ. */
export function differ(before: readonly LayoutLine[], after: readonly LayoutLine[]): boolean {
  const text = (lines: readonly LayoutLine[]): string => lines.filter(hasText).map(textOf).join('\n');
  return text(before) !== text(after);
}

interface Row {
  readonly left: string;
  readonly right: string;
  readonly mark: Mark;
}

function hasText({ code, figures, hole }: LayoutLine): boolean {
  return code.trim() !== '' || figures !== undefined || hole !== undefined;
}

const figuresWidth = 12;

/** The figures come first, so that the offsets of both sides are in columns of their own. */
function textOf(line: LayoutLine | null): string {
  if (line === null) return '';
  const { code, figures = '', hole } = line;
  if (hole !== undefined)
    return `${' '.repeat(figuresWidth)} ${code}(${hole.replace(/^XXX /, '').replace(/, try to pack$/, '')})`;
  if (code.trim() === '') return figures;
  // The widths that align names within one side would waste the columns.
  const short = code.replace(/(\S) +/g, '$1 ');
  return `${figures.padEnd(figuresWidth)} ${short}`.trimEnd();
}

/** The longest common subsequence of two lists of lines, by the declared names. */
function pairsOf(
  before: readonly LayoutLine[],
  after: readonly LayoutLine[],
): (readonly [LayoutLine | null, LayoutLine | null])[] {
  const [names, others] = [before.map(nameOf), after.map(nameOf)];
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i] as number[];
      row[j] = names[i] === others[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [LayoutLine | null, LayoutLine | null])[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [left = null, right = null] = [before[i], after[j]];
    if (left && right && names[i] === others[j]) {
      pairs.push([left, right]);
      i++;
      j++;
    } else if (left && (right === null || at(i + 1, j) >= at(i, j + 1))) {
      pairs.push([left, null]);
      i++;
    } else {
      pairs.push([null, right]);
      j++;
    }
  }
  return pairs;
}

/** What makes two lines the same member: the declared name and the indentation. Other lines are the same if their texts are. */
function nameOf({ code, figures, hole }: LayoutLine): string {
  if (hole !== undefined) return `hole ${code.length}`;
  if (code.trim() === '') return figures?.split(':')[0] ?? '';
  const [, indent = '', name] = /^( *).*?(\w+)(?:\[[^\]]*\])*(?::\d+)?(?: = .*)?[;,]$/.exec(code) ?? [];
  return name === undefined ? code : `${indent.length} ${name}`;
}
