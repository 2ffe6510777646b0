// Stores the bytes that the guest writes into words, one after the other. It uses the typed `exit`.

export default (vcpu, words) => {
  const { KVM_EXIT_IO } = vcpu.bindings;
  let sent = 0;
  return {
    onExit(exit) {
      if (exit.reason !== KVM_EXIT_IO) return 'stop';
      for (const byte of exit.data) words[sent++] = byte;
      return undefined;
    },
  };
};
