// Answers all that its guest reads with 0x77, until the guest halts. `words` is that of `Served` in vcpus.ts: the numbers of
// exits and of kicks, and with `waits` whether the program may go on.

const [exits, kicks, mayGoOn] = [0, 1, 2];

export default (vcpu, { words, waits = false }) => {
  const { kvmRun, shared, bindings } = vcpu;

  function answer() {
    if (kvmRun.exit_reason === bindings.KVM_EXIT_IO) shared.setUint8(kvmRun.io.$data_offset, 0x77);
    else if (!kvmRun.mmio.is_write) kvmRun.mmio.data.set(0, 0x77);
  }

  return {
    exit() {
      Atomics.add(words, exits, 1);
      if (waits) Atomics.wait(words, mayGoOn, 0);
      if (kvmRun.exit_reason === bindings.KVM_EXIT_HLT) return 'stop';
      answer();
    },
    interrupted() {
      Atomics.add(words, kicks, 1);
    },
  };
};
