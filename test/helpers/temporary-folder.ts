/** One temporary folder for a whole run of the tests. It goes with all that is left in it, whatever a test came to. */

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Called before the first test; what it returns, after the last. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-tests-'));
  // One test has another user look into a folder of its own.
  chmodSync(folder, 0o755);
  // The tests, and the processes that they start, inherit it.
  Object.assign(process.env, { TMPDIR: folder });
  return () => rmSync(folder, { recursive: true, force: true });
}
