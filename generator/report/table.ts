/** Tables as text. */

const gap = '  ';

/**
 * One line of a table. A cell is padded to the width of its column, on the left if the width is negative. Cells without a
 * width are not padded.
 */
export function tableLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return width < 0 ? cell.padStart(-width) : cell.padEnd(width);
  });
  return padded.join(gap).trimEnd();
}

/** A table whose rows are known. Each column, except the last one, is as wide as its longest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length - 1));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) => tableLine(row, widths)).join('\n');
}
