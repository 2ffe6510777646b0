/** The kernel headers that are installed on this machine. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { kernelFolders } from '../../generator/kernel/header-packages.js';
import type { Target } from '../../generator/targets/target.js';

const folders = ['asm', ...kernelFolders];

/**
 * Returns the headers, spelled as in an `#include`, in alphabetical order. Returns none if no headers are installed.
 */
export function installedHeaders({ debian }: Target): string[] {
  const roots = [`/usr/include/${debian.multiarch}`, '/usr/include'];
  const names = roots.flatMap((root) =>
    folders.flatMap((folder) => {
      if (!existsSync(join(root, folder))) return [];
      const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
      return files.filter((file) => file.endsWith('.h')).map((file) => `${folder}/${file}`);
    }),
  );
  return [...new Set(names)].sort();
}
