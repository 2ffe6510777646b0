// Serves a device in the thread of its vCPU: each write to the port 0x11 is a command.

import { KVM_EXIT_IO } from '../../../dist/generated/x86_64/linux/kvm.js';

export default (vcpu, { seen, message }, vm) => {
  const log = new Uint8Array(seen);
  const ring = vm.coalescedMmioRing(vcpu);
  const commands = {
    l: () => vm.setIrqLine(4, true),
    m: () => vm.signalMsi(message),
    x: () => {},
  };
  let count = 0;
  return {
    onExit(exit) {
      // The writes in the ring are older than the exit.
      ring.drain(({ data }) => {
        log[count++] = data.get(0);
      });
      if (exit.reason !== KVM_EXIT_IO) throw new Error(`the exit has the reason ${exit.reason}`);
      const command = exit.data.get(0);
      log[count++] = command;
      commands[String.fromCharCode(command)]();
      return command === 0x78 ? 'stop' : undefined;
    },
  };
};
