// The Worker of sharing.test.ts: it attaches to the objects of the other thread, and uses them as it is told.

import { parentPort, workerData } from 'node:worker_threads';
import { EventFd, GuestMemory } from '../../dist/runtime/index.js';
import { Vm, VmDevice } from '../../dist/runtime/x86_64.js';

const { vm: vmHandle, event: eventHandle, device: deviceHandle, attr } = workerData;
const vm = Vm.attach(vmHandle);
const event = EventFd.attach(eventHandle);
const device = VmDevice.attach(deviceHandle);

const jobs = {
  raise: () => vm.setIrqLine(4, true),
  signal: () => event.signal(),
  take: () => event.take(),
  read: () => event.read(),
  hasAttr: () => device.hasDeviceAttr(attr),
  /** Adds memory at 64 addresses, and returns the numbers of the slots. */
  addMemory() {
    const memory = GuestMemory.create(0x1000);
    return Array.from({ length: 64 }, (_, index) =>
      vm.addMemory({ memory, guestAddress: 0x100_0000 + index * 0x2000 }),
    );
  },
  createVcpu: () => vm.createVcpu(3).close(),
  close() {
    for (const each of [vm, event, device]) each.close();
  },
};

parentPort.on('message', async (job) => parentPort.postMessage(await jobs[job]()));
parentPort.postMessage('ready');
