/** Port exits on this thread, decoded in two ways: from `struct kvm_run`, and with the typed `exit`. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { KVM_EXIT_IO } from '../../../generated/x86_64/linux/kvm.js';
import { Kvm, type Vcpu } from '../../../runtime/x86_64.js';
import { realMode } from '../../guests/index.js';
import { inTurn, median, medianOf, type Result, ratioOf } from '../harness.js';
import { serveIo } from './io.js';
import type { Loop } from './native.js';

/** There are many short rounds, so that other work of the machine disturbs few of them, or both sides equally. */
const rounds = 401;
const exitsPerRound = 250;
/** The number of exits until V8 has finished compiling. */
const warmUp = 20_000;
const bounds = { exit: 1.05, bytes: 0.01 } as const;

/** Runs the vCPU until it has made this many exits. Returns the sum of all members of the exits. */
type RunExits = (vcpu: Vcpu, count: number) => number;

const ways = [
  { name: 'a decoded IO exit', order: 'exits', run: runExits },
  { name: 'typed exit and data', order: 'served', run: serveExits },
] as const;

export async function benchExits(loop: Loop): Promise<Result[]> {
  using _ = onOneProcessor(process.pid, loop.pid);
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  using guest = realMode.outForEver.load(vm);
  const results: Result[] = [];
  for (const { name, order, run } of ways) results.push(...(await benchWay(loop, guest.vcpu, name, order, run)));
  return results;
}

/** Keeps processes that work in turn on one processor, because two processors of a shared machine are seldom equally fast. */
function onOneProcessor(...pids: readonly number[]): Disposable {
  const allowed = /^Cpus_allowed_list:\s*((\d+).*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const [, all = '', one = ''] = allowed;
  const keep = (processors: string): void => {
    for (const pid of pids) {
      const { status, stderr } = spawnSync('taskset', ['-acp', processors, String(pid)], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`taskset: exit status ${status}: ${stderr}`);
    }
  };
  keep(one);
  return { [Symbol.dispose]: () => keep(all) };
}

async function benchWay(
  loop: Loop,
  vcpu: Vcpu,
  name: string,
  order: 'exits' | 'served',
  run: RunExits,
): Promise<Result[]> {
  let sum = 0;
  const ours = (): number => {
    const start = performance.now();
    sum = run(vcpu, exitsPerRound);
    return (performance.now() - start) * 1e6;
  };
  const inC = async (): Promise<number> => {
    const c = await loop.order(order, exitsPerRound);
    if (String(sum) !== c.sum) throw new Error(`the two sides have different results: ${sum} and ${c.sum}`);
    return c.figure;
  };
  run(vcpu, warmUp);
  const seen = await inTurn(rounds, ours, inC);
  const microseconds = medianOf(seen, ([time]) => time / exitsPerRound / 1000);
  return [
    {
      subject: `KVM_RUN with ${name} / C`,
      measured: ratioOf(seen),
      bound: bounds.exit,
      unit: '',
      note: `${microseconds.toFixed(1)} µs per exit`,
    },
    {
      subject: `memory: KVM_RUN with ${name}`,
      measured: Math.max(0, bytesPerExit(vcpu, run)),
      bound: bounds.bytes,
      unit: 'B/op',
      note: 'mean of a million',
    },
  ];
}

function runExits(vcpu: Vcpu, count: number): number {
  const run = vcpu.kvmRun;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (vcpu.run().reason === 'interrupted') throw new Error('interrupted');
    sum += serveIo(run);
  }
  return sum;
}

function serveExits(vcpu: Vcpu, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const exit = vcpu.run();
    switch (exit.reason) {
      case KVM_EXIT_IO: {
        const { io, data } = exit;
        sum += io.direction + io.size + io.port + io.count + io.$data_offset;
        for (let index = 0; index < data.length; index++) sum += data.get(index);
        break;
      }
      default:
        throw new Error(`exit reason ${exit.reason}`);
    }
  }
  return sum;
}

/**
 * The allocated bytes per exit, over a million exits: the heap growth in slices of many exits minus that in slices of few.
 * The median is used, because V8 sometimes allocates for its own purposes.
 */
function bytesPerExit(vcpu: Vcpu, run: RunExits): number {
  const [few, many, slices] = [100, 10_000, 100] as const;
  const grown = (count: number): number => {
    const before = process.memoryUsage().heapUsed;
    run(vcpu, count);
    return process.memoryUsage().heapUsed - before;
  };
  grown(few);
  globalThis.gc?.();
  return median(Array.from({ length: slices }, () => (grown(many) - grown(few)) / (many - few)));
}
