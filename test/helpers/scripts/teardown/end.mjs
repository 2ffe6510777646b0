// Ends, in the way it is told to, while guests run on its threads: see cases.ts. It says so right before.

import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Kvm, VcpuThread } from '../../../../dist/runtime/index.js';
import { longMode, places, realMode, userMode } from '../../../../dist/tools/guests/index.js';

const [deed, count, kind, runner, mechanism] = process.argv.slice(2);
const kvm = Kvm.open();

const guests = {
  user: () => userMode.spin.load(kvm.createVm(), { mechanism }),
  kernel: () => longMode.spin.load(kvm.createVm(), { mechanism }),
  /** Counts once and halts; with an interrupt controller in the kernel that is not an exit. */
  halted() {
    const vm = kvm.createVm();
    vm.ioctl(vm.bindings.KVM_CREATE_IRQCHIP);
    const loaded = realMode.halt.load(vm, { mechanism });
    // inc dword ptr [0x8000]; hlt
    loaded.memory.write(places.code, Uint8Array.of(0x66, 0xff, 0x06, 0x00, 0x80, 0xf4));
    return loaded;
  },
};

const runners = {
  Worker(vcpu) {
    const worker = new Worker(new URL('run.mjs', import.meta.url), { workerData: { vcpu: vcpu.share(), deed } });
    worker.on('exit', ended);
    return worker;
  },
  VcpuThread(vcpu) {
    const thread = VcpuThread.start(vcpu, new URL('program.mjs', import.meta.url), { data: { deed } });
    thread.finished.then(() => ended(5));
    return thread;
  },
};

/** A Worker has ended, of itself or terminated. */
function ended(code) {
  if (deed === 'process.exit in a Worker') process.exit(code);
}

const say = () => writeSync(1, `ending ${Date.now()}\n`);
const kill = (signal) => process.kill(process.pid, signal);

/** Has another thread send the signal as soon as this one is in the guest. */
function runUntil(signal) {
  const { vcpu, memory } = guests.user();
  new Worker(new URL('signal.mjs', import.meta.url), { workerData: { memory: memory.share(), signal } });
  vcpu.run();
}

const deeds = {
  terminate: () => Promise.all(running.map((each) => each.terminate())),
  'process.exit': () => process.exit(7),
  throw: () =>
    setImmediate(() => {
      throw new Error('on purpose');
    }),
  reject: () => void Promise.reject(new Error('on purpose')),
  SIGINT: () => kill('SIGINT'),
  SIGTERM: () => kill('SIGTERM'),
  'handled SIGINT'() {
    process.on('SIGINT', () => process.exit(3));
    kill('SIGINT');
  },
  'end of an unreferenced main module'() {
    for (const each of running) each.unref();
  },
  'process.exit in a Worker': () => machines[0].vcpu.kick(),
  'throw in a Worker': () => machines[0].vcpu.kick(),
  'SIGINT in a run': () => runUntil('SIGINT'),
  'SIGTERM in a run': () => runUntil('SIGTERM'),
};

const machines = Array.from({ length: Number(count) }, guests[kind]);
const running = machines.map(({ vcpu }) => runners[runner](vcpu));
for (const { memory } of machines) {
  const counter = memory.dataView(places.data, 4);
  while (counter.getUint32(0, true) === 0) await setTimeout(1);
}
if (!deed.endsWith('in a run')) say();
await deeds[deed]();
