/** Folders of headers as a user names them: an include folder, or one that Debian packages of headers were unpacked into. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../layout/target.js';

/** The include roots within a folder, for a target; the folder itself where nothing was unpacked. */
export function rootsWithin(folder: string, { debian }: Target): string[] {
  const include = join(folder, 'usr', 'include');
  return existsSync(include) ? [join(include, debian.multiarch), include] : [folder];
}
