/**
 * Indexes the rows of a table by each of their keys, in the order of the table. Most tables are searched for every
 * macro or record.
 */
export function rowsByKey<Row>(
  table: readonly Row[],
  keysOf: (row: Row) => readonly string[],
): ReadonlyMap<string, readonly Row[]> {
  const rows = new Map<string, Row[]>();
  for (const row of table) {
    for (const key of keysOf(row)) {
      const known = rows.get(key);
      if (known) known.push(row);
      else rows.set(key, [row]);
    }
  }
  return rows;
}
