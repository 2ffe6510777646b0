/** Whether this process can open a device. The configuration of the tests imports this file, so it imports nothing of the runtime. */

import { closeSync, openSync } from 'node:fs';

export function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}
