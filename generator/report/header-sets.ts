/** Formats lists of header sets as text. On a narrow terminal, each set has a block of lines instead of a row of a table. */

import { table } from './table.js';

/**
 * Returns a table, or blocks if the table is wider than the terminal. In a block, the first cell has its own line, and the
 * others follow, indented.
 *
 * @param columns the width of the terminal. Undefined for a pipe, where nothing is too wide.
 */
export function listing(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string {
  const text = table([head, ...rows]);
  if (columns === undefined || text.split('\n').every((line) => line.length <= columns)) return text;
  return rows
    .map(([first = '', ...others]) => [first, ...others.flatMap((cell) => wrapped(cell, columns))].join('\n'))
    .join('\n');
}

const indent = '  ';

/** Breaks a cell after commas and spaces. A longer word has its own line. */
function wrapped(cell: string, columns: number): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of cell.split(' ')) {
    if (line !== indent && line.length + word.length > columns) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
