// This module runs in the Worker. The runtime calls `onExit` at each exit.
import type { StartVcpuProgram } from 'kvm-uapi/x86_64';

const start: StartVcpuProgram = () => ({
  onExit(exit) {
    console.log(exit);
    return 'stop';
  },
});

export default start;
