// Collects the text that its guest prints, and posts it with other data when the guest halts.

import { GuestMemory } from '../../../dist/runtime/index.js';

export default (vcpu, { port, bytes, memory: shared }) => {
  const { kvmRun } = vcpu;
  const memory = GuestMemory.attach(shared);
  let text = '';
  return {
    onExit() {
      if (kvmRun.exit_reason === vcpu.bindings.KVM_EXIT_IO) {
        text += String.fromCharCode(vcpu.shared.getUint8(kvmRun.io.$data_offset));
        return;
      }
      port.postMessage({ text, bytes, code: memory.bytes(0x1000, 3) });
      return 'stop';
    },
  };
};
