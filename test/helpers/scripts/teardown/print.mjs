// Prints the text of its guest.

import { writeSync } from 'node:fs';

export default ({ kvmRun, shared, bindings }) => ({
  onExit() {
    if (kvmRun.exit_reason !== bindings.KVM_EXIT_IO) return 'stop';
    writeSync(1, Uint8Array.of(shared.getUint8(kvmRun.io.$data_offset)));
  },
});
