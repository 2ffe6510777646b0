/**
 * `end ACTION COUNT GUEST RUNNER MECHANISM`: a process that runs guests on its threads and then ends with the action. See
 * endings.ts. The process prints the time directly before the action.
 */

import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { builtModule } from '../../../runtime/addon.js';
import { VcpuThread } from '../../../runtime/index.js';
import { Kvm, type Vcpu } from '../../../runtime/x86_64.js';
import { type Loaded, longMode, places, realMode, userMode } from '../../guests/index.js';
import type { Crowd, EndingAction } from './endings.js';
import type { ProgramData } from './program.js';
import { announce, type SignallerInput } from './signaller.js';
import type { RunnerInput } from './worker.js';

const [action, count, guest, runner, mechanism] = process.argv.slice(2) as [
  EndingAction,
  string,
  Crowd['guest'],
  Crowd['runner'],
  Crowd['mechanism'],
];
const kvm = Kvm.open();

const guests: Readonly<Record<Crowd['guest'], () => Loaded>> = {
  user: () => userMode.spin.load(kvm.createVm(), { mechanism }),
  kernel: () => longMode.spin.load(kvm.createVm(), { mechanism }),
  /** A guest that counts once and halts. With the interrupt controller in the kernel, the halt is not an exit. */
  halted() {
    const vm = kvm.createVm();
    vm.createIrqchip();
    const loaded = realMode.halt.load(vm, { mechanism });
    // inc dword ptr [0x8000]; hlt
    loaded.memory.write(places.code, Uint8Array.of(0x66, 0xff, 0x06, 0x00, 0x80, 0xf4));
    return loaded;
  },
};

/** The common part of a `VcpuThread` and a Worker. */
interface Running {
  terminate(): Promise<unknown>;
  unref(): unknown;
}

const runners: Readonly<Record<Crowd['runner'], (vcpu: Vcpu) => Running>> = {
  Worker(vcpu) {
    const workerData: RunnerInput = { vcpu: vcpu.share(), action };
    const worker = new Worker(builtModule('tools/lib/teardown/worker'), { workerData });
    worker.on('exit', onEnd);
    return worker;
  },
  VcpuThread(vcpu) {
    const data: ProgramData = { action };
    const thread = VcpuThread.start(vcpu, builtModule('tools/lib/teardown/program'), { data });
    void thread.finished.catch((error: unknown) => {
      onEnd(thread.exitCode ?? 0);
      throw error;
    });
    return thread;
  },
};

/** Called when a Worker has ended. */
function onEnd(code: number): void {
  if (action === 'process.exit in a Worker') process.exit(code);
}

const kill = (signal: NodeJS.Signals): void => void process.kill(process.pid, signal);

/** Runs a guest on this thread. Another thread sends the signal as soon as the guest runs. */
function runUntil(signal: NodeJS.Signals): void {
  const { vcpu, memory } = guests.user();
  const workerData: SignallerInput = { memory: memory.share(), signal };
  new Worker(builtModule('tools/lib/teardown/signaller'), { workerData });
  vcpu.run();
}

const actions: Readonly<Record<EndingAction, () => unknown>> = {
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
  'process.exit in a Worker': () => machines[0]?.vcpu.kick(),
  'throw in a Worker': () => machines[0]?.vcpu.kick(),
  'SIGINT in a run': () => runUntil('SIGINT'),
  'SIGTERM in a run': () => runUntil('SIGTERM'),
};

const machines = Array.from({ length: Number(count) }, guests[guest]);
const running = machines.map(({ vcpu }) => runners[runner](vcpu));
for (const { memory } of machines) {
  const counter = memory.dataView(places.data, 4);
  while (counter.getUint32(0, true) === 0) await setTimeout(1);
}
// In the other case, the thread that sends the signal announces the end.
if (!action.endsWith('in a run')) announce();
await actions[action]();
