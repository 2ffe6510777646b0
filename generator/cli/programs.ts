/** Programs that the user can call. */

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Whether a command is in one of the folders of PATH, or is the path of a program. */
export function isInPath(command: string): boolean {
  const { PATH = '' } = process.env;
  const folders = command.includes('/') ? ['.'] : PATH.split(':').filter((folder) => folder !== '');
  return folders.some((folder) => isExecutable(command.startsWith('/') ? command : join(folder, command)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
