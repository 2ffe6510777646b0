/** The lines by which the programs in a virtual machine report their results. Other lines are for people. */

/** The result of a test file, or of a check of a probe. */
export interface Row {
  readonly name: string;
  readonly passed: number;
  readonly skipped: number;
  readonly milliseconds: number;
  readonly failures: readonly string[];
}

const rowMark = '@row ';
const endMark = '@end ';

/** Prints a row. The line is written before this returns. */
export function printRow(row: Row): void {
  console.log(`${rowMark}${JSON.stringify(row)}`);
}

/** The command of a shell that reports the status of the command before it. */
export const reportStatus: string = `echo "${endMark}$?"`;

/** Returns the row in a line, the status in a line, or undefined. The kernel can print something before them. */
export function reported(line: string): Row | { readonly status: number } | undefined {
  const row = line.indexOf(rowMark);
  if (row >= 0) return JSON.parse(line.slice(row + rowMark.length)) as Row;
  const end = line.indexOf(endMark);
  return end < 0 ? undefined : { status: Number(line.slice(end + endMark.length)) };
}
