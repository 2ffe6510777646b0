// Posts the thread of each exit, this many times.

import { readlinkSync } from 'node:fs';

export default (_vcpu, { port, exits }) => {
  let left = exits;
  return {
    onExit() {
      port.postMessage(readlinkSync('/proc/thread-self'));
      return --left === 0 ? 'stop' : undefined;
    },
  };
};
