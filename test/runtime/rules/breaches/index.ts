/** One breach of each rule of KVM, on real VMs and vCPUs. */

import type { Breach } from './breach.js';
import { capabilityBreaches } from './capabilities.js';
import { creationBreaches } from './creation.js';
import { interruptBreaches } from './interrupts.js';
import { ioBreaches } from './io.js';
import { memoryBreaches } from './memory.js';
import { registerBreaches } from './registers.js';
import { settingBreaches } from './settings.js';
import { vcpuBreaches } from './vcpu.js';

export { type Breach, Make } from './breach.js';

/** All breaches. */
export const breaches: readonly Breach[] = [
  ...creationBreaches,
  ...memoryBreaches,
  ...interruptBreaches,
  ...ioBreaches,
  ...settingBreaches,
  ...capabilityBreaches,
  ...registerBreaches,
  ...vcpuBreaches,
];
