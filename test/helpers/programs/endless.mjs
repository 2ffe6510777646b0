// Never returns from the first exit.

export default (_vcpu, { words }) => ({
  onExit() {
    Atomics.add(words, 0, 1);
    for (;;);
  },
});
