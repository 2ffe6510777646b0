/** Checks of a program that runs on an emulated processor, without a test framework. */

import { printRow } from './rows.js';

let failed = 0;

/** Does a check and prints its row. The text that the check returns is added to its name. */
export async function check(name: string, action: () => Promise<string> | string): Promise<void> {
  const started = Date.now();
  let text = '';
  const failures: string[] = [];
  try {
    text = await action();
  } catch (error) {
    failures.push((error as Error).message);
    failed++;
  }
  printRow({
    name: text === '' ? name : `${name}: ${text}`,
    passed: 1 - failures.length,
    skipped: 0,
    milliseconds: Date.now() - started,
    failures,
  });
}

/** Returns 0 if all checks have passed, and 1 if not. */
export function exitCode(): number {
  return failed === 0 ? 0 : 1;
}
