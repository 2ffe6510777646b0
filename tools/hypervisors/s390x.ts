/**
 * s390x, which is big-endian: QEMU emulates the processor for one process (user mode). There is no KVM. Node reads the compiled modules of
 * this package directly.
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtModule } from '../../runtime/addon.js';
import { npmFiles, requireProgram } from './downloads.js';
import type { Hypervisor } from './hypervisor.js';

/** The folder in which Debian's packages for cross-compilers have the libraries of s390x. */
const libraries = '/usr/s390x-linux-gnu';

export const s390x: Hypervisor = {
  name: 's390x',
  title: 's390x, big-endian, without KVM',
  lacking: () => undefined,
  prepare: () => {
    requireProgram('qemu-s390x', 'qemu-user');
    requireProgram('s390x-linux-gnu-g++', 'g++-s390x-linux-gnu');
    // npm has no later version for s390x.
    const node = join(npmFiles('node-linux-s390x', '20'), 'bin/node');
    const program = fileURLToPath(builtModule('tools/hypervisors/big-endian'));
    return { command: ['qemu-s390x', '-L', libraries, node, program] };
  },
};
