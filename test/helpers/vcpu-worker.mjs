// The Worker of `Helper` in vcpus.ts: it does the jobs that are posted to it, with the built runtime.

import { readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { GuestMemory, kick } from '../../dist/runtime/index.js';
import { Vcpu } from '../../dist/runtime/x86_64.js';
import { outcomeOf, runOutcome } from '../../dist/tools/lib/outcome.js';

/** The memory that the Worker has attached to, by id: memory that nothing refers to would be released when it is collected. */
const attached = new Map();

function attach(shared) {
  const memory = attached.get(shared.id) ?? GuestMemory.attach(shared);
  attached.set(shared.id, memory);
  return memory;
}

const jobs = {
  run({ vcpu: shared, times = 1, ...options }) {
    const vcpu = Vcpu.attach(shared);
    try {
      return Array.from({ length: times }, () => runOutcome(vcpu, options));
    } finally {
      vcpu.close();
    }
  },

  meddle({ vcpu: shared, memory: sharedMemory, counterAt, actions: names }) {
    const vcpu = Vcpu.attach(shared);
    const memory = GuestMemory.attach(sharedMemory);
    awaitMove(memory.dataView(counterAt, 4));
    return names.map((name) => outcomeOf(() => actions[name](vcpu)));
  },

  kick: ({ vcpu }) => kick(vcpu),

  writeMemory({ memory: shared, at, bytes }) {
    const memory = attach(shared);
    const before = [...memory.bytes(at, bytes.length)];
    memory.write(at, Uint8Array.from(bytes));
    return before;
  },

  scribble({ vcpu: shared, values, words }) {
    const vcpu = Vcpu.attach(shared);
    try {
      let times = 0;
      for (; Atomics.load(words, 0) === 0; times++) {
        vcpu.kvmRun.io.data_offset = values[times % values.length];
        if (times === 0) Atomics.store(words, 1, 1);
      }
      return times;
    } finally {
      vcpu.close();
    }
  },

  threadId: () => Number(readlinkSync('/proc/thread-self').split('/').at(-1)),
};

const actions = {
  run: (vcpu) => vcpu.run(),
  getRegs: (vcpu) => vcpu.getRegs(),
  ioctl: (vcpu) => vcpu.ioctl(vcpu.bindings.KVM_NMI),
  close: (vcpu) => vcpu.close(),
  kick: (vcpu) => vcpu.kick(),
};

/** Waits until the guest counts. */
function awaitMove(counter) {
  const before = counter.getUint32(0, true);
  while (counter.getUint32(0, true) === before);
}

parentPort.on('message', ({ number, job, argument }) => {
  try {
    parentPort.postMessage({ number, value: jobs[job](argument) });
  } catch (error) {
    parentPort.postMessage({ number, error: `${error.name}: ${error.message}` });
  }
});
