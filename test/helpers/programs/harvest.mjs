// Harvests the dirty ring of its vCPU in the thread of the vCPU, at each exit. Word 0 of `counts` is the number of pages.

import { KVM_EXIT_DIRTY_RING_FULL, KVM_EXIT_IO } from '../../../dist/generated/x86_64/linux/kvm.js';

export default (vcpu, { counts }, vm) => {
  const ring = vm.dirtyRing(vcpu);
  return {
    onExit({ reason }) {
      counts[0] += ring.harvest().length;
      vm.resetDirtyRings();
      if (reason === KVM_EXIT_IO) return 'stop';
      if (reason !== KVM_EXIT_DIRTY_RING_FULL) throw new Error(`the exit has the reason ${reason}`);
    },
  };
};
