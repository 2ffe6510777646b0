// This module runs in the Worker. It prints what the guest writes to its port, until the guest writes 0.
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import type { StartVcpuProgram } from 'kvm-uapi/x86_64';
import { KVM_EXIT_IO } from 'kvm-uapi/x86_64/linux/kvm';

const start: StartVcpuProgram = () => ({
  onExit(exit) {
    if (exit.reason !== KVM_EXIT_IO) throw new Error(`unexpected: ${inspect(exit)}`);
    if (exit.data.get(0) === 0) return 'stop';
    writeSync(1, exit.data.bytes());
    return undefined;
  },
});

export default start;
