/** One temporary folder for a whole test run. The folder and its contents are removed at the end, even if a test fails. */

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Vitest calls this function before the first test, and it calls the returned function after the last test. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-tests-'));
  // In one test, another user reads a folder below this one.
  chmodSync(folder, 0o755);
  // The tests and their child processes inherit this variable.
  Object.assign(process.env, { TMPDIR: folder });
  return () => rmSync(folder, { recursive: true, force: true });
}
