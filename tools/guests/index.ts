/** All guests, grouped by the mode of the processor. */

import type { Guest } from './guest.js';
import * as knownAnswers from './known-answers.js';
import * as longMode from './long-mode.js';
import * as observers from './observers.js';
import * as protectedMode from './protected-mode.js';
import * as realMode from './real-mode.js';
import * as userMode from './user-mode.js';

export type { AnyGuest, AnyKvm, AnyLoaded } from './any.js';
export { type Guest, type Loaded, type Mode, places, port } from './guest.js';
export { knownAnswers, longMode, observers, protectedMode, realMode, userMode };

export const guests: readonly Guest[] = [
  ...realMode.all,
  ...protectedMode.all,
  ...longMode.all,
  ...userMode.all,
  ...knownAnswers.all,
  ...observers.all,
];
