/** Puts the bytes that the guest sends into words, one after the other, by the exits that narrow. */

export default (vcpu, words) => {
  const { KVM_EXIT_IO } = vcpu.bindings;
  let sent = 0;
  return {
    exit() {
      const { exit } = vcpu;
      if (exit.reason !== KVM_EXIT_IO) return 'stop';
      for (const byte of exit.data) words[sent++] = byte;
      return undefined;
    },
  };
};
