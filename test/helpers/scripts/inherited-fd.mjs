// Uses the file descriptor 3, which this process has inherited. KIND says what the parent process has passed.

import { EventFd } from '../../../dist/runtime/index.js';
import { Kvm, Vcpu, Vm, VmDevice } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';

/** Runs a guest with the /dev/kvm of the parent process. */
function run() {
  const kvm = Kvm.fromFd(3);
  const vm = kvm.createVm();
  const { vcpu } = realMode.out.load(vm);
  const { reason, io, data } = vcpu.run();
  return { reason, port: io.port, data: [...data.bytes()] };
}

const uses = {
  kvm: run,
  vm: () => Vm.fromFd(3, Kvm.open()).fd,
  vcpu: () => Vcpu.fromFd(3, Kvm.open().createVm()).fd,
  device: () => VmDevice.fromFd(3, Kvm.open().createVm()).fd,
  eventfd: () => EventFd.fromFd(3).fd,
};

function outcome(use) {
  try {
    return { result: use() };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

console.log(JSON.stringify(outcome(uses[process.env.KIND])));
