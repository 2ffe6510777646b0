// What runs in the Worker: called at each exit, between two runs.
import type { StartVcpuProgram } from 'kvm-uapi';

const start: StartVcpuProgram = (vcpu) => ({
  exit() {
    console.log(vcpu.exit);
    return 'stop';
  },
});

export default start;
