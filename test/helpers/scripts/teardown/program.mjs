// Runs a guest that has no exits. Kicked, it ends as it is told to.

const deeds = {
  stop: () => 'stop',
  'process.exit in a Worker': () => process.exit(5),
  'throw in a Worker'() {
    throw new Error('on purpose');
  },
};

export default (_vcpu, { deed }) => ({ exit() {}, interrupted: () => deeds[deed]() });
