/** The program of a `VcpuThread` in the checks of arm64: it stores a register at the first exit, and stops. */

import type { StartVcpuProgram } from '../../runtime/arm64.js';
import { GuestMemory, type GuestMemoryHandle } from '../../runtime/index.js';
import { places } from '../guests/index.js';

const start: StartVcpuProgram<GuestMemoryHandle> = (vcpu, handle) => ({
  onExit() {
    GuestMemory.attach(handle).dataView(places.data, 8).setBigUint64(0, vcpu.getOneReg('x0'), true);
    return 'stop';
  },
});

export default start;
