// Answers each read of its guest with 0x77, until the guest halts. `words` are the words of `Served` in vcpus.ts: the number of
// exits, the number of kicks, and whether the program may continue (only with `waits`).

const [exits, kicks, mayGoOn] = [0, 1, 2];

export default (vcpu, { words, waits = false }) => {
  const { kvmRun, shared, bindings } = vcpu;

  function answer() {
    if (kvmRun.exit_reason === bindings.KVM_EXIT_IO) shared.setUint8(kvmRun.io.$data_offset, 0x77);
    else if (!kvmRun.mmio.is_write) kvmRun.mmio.data.set(0, 0x77);
  }

  return {
    onExit() {
      Atomics.add(words, exits, 1);
      if (waits) Atomics.wait(words, mayGoOn, 0);
      if (kvmRun.exit_reason === bindings.KVM_EXIT_HLT) return 'stop';
      answer();
    },
    onInterrupt() {
      Atomics.add(words, kicks, 1);
    },
  };
};
