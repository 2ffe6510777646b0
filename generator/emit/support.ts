/** The support library as emission sees it: its modules, and where emitted modules import them from. */

import type { ByteOrder } from '../model/model.js';

/** All modules of the support library, without their ending. */
export const supportModules = [
  'allocate',
  'arrays',
  'atomic',
  'big-endian',
  'index',
  'inspect',
  'integers',
  'ioctl',
  'layout',
  'little-endian',
  'safe-integers',
  'text',
  'view',
] as const;

export type SupportModule = (typeof supportModules)[number];

/** The text of a module of the support library. */
export type SupportText = (module: SupportModule) => string;

/** The module with the views of memory of a byte order. */
export const viewsModules: Readonly<Record<ByteOrder, SupportModule>> = {
  little: 'little-endian',
  big: 'big-endian',
};

/** The module with the integers that functions for macros compute with. */
export const integersModule: SupportModule = 'integers';

/** The folder of the copies in an output folder. */
export const copiesFolder = './support';
