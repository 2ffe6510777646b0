/** All tables of this folder. */

import { blockDevices } from './block-devices.js';
import { buses } from './buses.js';
import { discs } from './discs.js';
import { media } from './media.js';
import { network } from './network.js';
import type { IoctlGroup } from './rows.js';
import { terminalsAndConsoles } from './terminals.js';
import { virtualDevices } from './virtual-devices.js';

export const ioctlGroups: readonly IoctlGroup[] = [
  ...blockDevices,
  ...discs,
  ...terminalsAndConsoles,
  ...network,
  ...buses,
  ...media,
  ...virtualDevices,
];
