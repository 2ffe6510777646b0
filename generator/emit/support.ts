/** The support library for the emission: its modules, and the folder from which emitted modules import it. */

import type { ByteOrder } from '../model/model.js';

/** The names of all modules of the support library, without the file extension. */
export const supportModules = [
  'allocate',
  'arrays',
  'assign',
  'atomic',
  'big-endian',
  'elements',
  'equal',
  'index',
  'inspect',
  'integers',
  'ioctl',
  'json',
  'layout',
  'little-endian',
  'safe-integers',
  'text',
  'to-object',
  'view',
] as const;

export type SupportModule = (typeof supportModules)[number];

/** Returns the text of a module of the support library. */
export type SupportText = (module: SupportModule) => string;

/** The module with the views for each byte order. */
export const viewsModules: Readonly<Record<ByteOrder, SupportModule>> = {
  little: 'little-endian',
  big: 'big-endian',
};

/** The module with the integers that the functions of macros compute with. */
export const integersModule: SupportModule = 'integers';

/** The folder of the copies in an output folder. */
export const copiesFolder = './support';

/**
 * The file extension in the relative imports of emitted files. Compilers and bundlers resolve `.js` to the TypeScript
 * file. Node's own type stripping needs `.ts`.
 */
export type ImportExtension = (typeof importExtensions)[number];

export const importExtensions = ['.js', '.ts'] as const;

/** Returns the text of a module of the support library with another file extension in its imports. */
export function withImportExtension(text: string, importExtension: ImportExtension): string {
  if (importExtension === '.js') return text;
  return text.replace(/^((?:import|export) .*|} )from '(\.[^']*)\.js';$/gm, `$1from '$2${importExtension}';`);
}
