/** Real vCPUs against the same loops in C (`bench/native/loop.c`), the two in turn. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as bindings from '../generated/x86_64/linux/kvm.js';
import { GuestMemory, Kvm, Vcpu } from '../runtime/index.js';
import { native } from '../runtime/native.js';
import { median, type Result } from './harness.js';

const bounds = { exit: 1.05, call: 150, bytes: 0.01, kick: 1.3 } as const;
const rounds = { exits: 25, calls: 15, kicks: 5 } as const;
const perRound = { exits: 4_000, calls: 200_000, kicks: 400 } as const;

const { KVM_EXIT_IO } = bindings;
const outForEver = [0xba, 0xf8, 0x03, 0xee, 0xeb, 0xfd]; // mov dx, 0x3f8; next: out dx, al; jmp next
const spin = [0xeb, 0xfe]; // jmp .

export async function benchRuntime(): Promise<Result[]> {
  if (!existsSync('/dev/kvm')) {
    console.log('No /dev/kvm here: what concerns real vCPUs is not measured.\n');
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-bench-'));
  const loop = startLoop(folder);
  try {
    return [...(await exits(loop)), await calls(loop), await kicks(loop)];
  } finally {
    loop.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Loop {
  /** The first figure of the answer to an order. */
  order(what: 'exits' | 'calls' | 'kicks', count: number): Promise<{ figure: number; sum: string }>;
  stop(): void;
}

function startLoop(folder: string): Loop {
  const source = fileURLToPath(new URL('../../bench/native/loop.c', import.meta.url));
  const program = join(folder, 'loop');
  const built = spawnSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, source], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`the C loop cannot be built: ${built.stderr || built.error?.message}`);
  const child: ChildProcessWithoutNullStreams = spawn(program);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async order(what, count) {
      child.stdin.write(`${what} ${count}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the C loop ended before it answered '${what}'`);
      const [figure, sum] = value.split(' ');
      return { figure: Number(figure), sum: sum ?? '' };
    },
    stop: () => child.stdin.end(),
  };
}

function machineWith(kvm: Kvm, code: readonly number[]): { vcpu: Vcpu; close(): void } {
  const vm = kvm.createVm();
  const memory = GuestMemory.create(0x10000);
  vm.addMemory({ memory, guestAddress: 0 });
  memory.write(0x1000, Uint8Array.from(code));
  const vcpu = vm.createVcpu();
  const sregs = vcpu.getSregs();
  sregs.cs.base = 0n;
  sregs.cs.selector = 0;
  vcpu.setSregs(sregs);
  const regs = vcpu.getRegs();
  regs.rip = 0x1000n;
  vcpu.setRegs(regs);
  const close = (): void => {
    for (const each of [vcpu, vm, memory]) each.close();
  };
  return { vcpu, close };
}

/** Runs to `count` port exits and decodes each, as `exits` in the C loop does. */
function runExits(vcpu: Vcpu, count: number): number {
  const run = vcpu.kvmRun;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (vcpu.run() !== 'exit' || run.exit_reason !== KVM_EXIT_IO) throw new Error(`exit reason ${run.exit_reason}`);
    const { io } = run;
    sum += io.direction + io.size + io.port + io.count + io.$data_offset;
  }
  return sum;
}

async function exits(loop: Loop): Promise<Result[]> {
  const kvm = Kvm.open();
  const { vcpu, close } = machineWith(kvm, outForEver);
  const ratios: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round <= rounds.exits; round++) {
    const start = process.hrtime.bigint();
    const sum = runExits(vcpu, perRound.exits);
    const time = Number(process.hrtime.bigint() - start);
    const c = await loop.order('exits', perRound.exits);
    if (String(sum) !== c.sum) throw new Error(`the two sides do not come to the same: ${sum} and ${c.sum}`);
    // The first round warms up.
    if (round === 0) continue;
    ratios.push(time / c.figure);
    ours.push(time / perRound.exits);
  }
  const bytes = bytesPerExit(vcpu);
  close();
  kvm.close();
  const note = `${(median(ours) / 1000).toFixed(1)} µs an exit`;
  return [
    { subject: 'KVM_RUN with decode of an IO exit / C', measured: median(ratios), bound: bounds.exit, unit: '', note },
    {
      subject: 'allocated per exit, over a million',
      measured: Math.max(0, bytes),
      bound: bounds.bytes,
      unit: 'B/op',
      note: 'the heap before and after slices of the million',
    },
  ];
}

/**
 * Bytes per exit, over a million: by how much the heap grows in slices of many exits more than in slices of few. The
 * median counts, because now and then V8 has doings of its own.
 */
function bytesPerExit(vcpu: Vcpu): number {
  const [few, many, slices] = [100, 10_000, 100] as const;
  const grown = (count: number): number => {
    const before = process.memoryUsage().heapUsed;
    runExits(vcpu, count);
    return process.memoryUsage().heapUsed - before;
  };
  grown(few);
  globalThis.gc?.();
  return median(Array.from({ length: slices }, () => (grown(many) - grown(few)) / (many - few)));
}

/** What a run costs beside its ioctl: a vCPU over a memfd whose KVM_RUN is FIOCLEX, which every file answers at once. */
async function calls(loop: Loop): Promise<Result> {
  const FIOCLEX = 0x5451;
  const kvm = Kvm.open();
  const vm = kvm.createVm();
  const size = kvm.vcpuMmapSize();
  const memory = GuestMemory.create(size, { memfd: 'bench' });
  const fd = native().open(`/proc/self/fd/${memory.fd}`);
  const short = { ...bindings, KVM_RUN: { ...bindings.KVM_RUN, request: FIOCLEX } };
  const vcpu = Vcpu.create(vm.handle, fd, size, short, { signal: native().SIGRTMAX - 1, mechanism: 'immediate_exit' });
  const differences: number[] = [];
  for (let round = 0; round <= rounds.calls; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < perRound.calls; i++) vcpu.run();
    const time = Number(process.hrtime.bigint() - start);
    const c = await loop.order('calls', perRound.calls);
    if (round > 0) differences.push((time - c.figure) / perRound.calls);
  }
  for (const each of [vcpu, vm, memory, kvm]) each.close();
  const note = `lowest ${Math.min(...differences).toFixed(0)} ns, highest ${Math.max(...differences).toFixed(0)} ns`;
  return { subject: 'a run, without its ioctl', measured: median(differences), bound: bounds.call, unit: 'ns', note };
}

async function kicks(loop: Loop): Promise<Result> {
  const kvm = Kvm.open();
  const { vcpu, close } = machineWith(kvm, spin);
  const ratios: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds.kicks; round++) {
    const median50 = await kickRound(vcpu, perRound.kicks);
    const c = await loop.order('kicks', perRound.kicks);
    ratios.push(median50 / c.figure);
    ours.push(median50);
  }
  close();
  kvm.close();
  const note = `${(median(ours) / 1000).toFixed(0)} µs`;
  return { subject: 'kick to return, p50 / C', measured: median(ratios), bound: bounds.kick, unit: '', note };
}

/** The median from kick to return in nanoseconds, over `count` kicks by a Worker. */
async function kickRound(vcpu: Vcpu, count: number): Promise<number> {
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const kickedAt = new BigInt64Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('kick-worker.js', import.meta.url), {
    workerData: { vcpu: vcpu.share(), turn, kickedAt, count },
  });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => worker.once('online', resolve));
  const latencies: number[] = [];
  for (let i = 0; i < count; i++) {
    Atomics.add(turn, 0, 1);
    if (vcpu.run() !== 'interrupted') throw new Error('a spinning guest came back');
    latencies.push(Number(process.hrtime.bigint() - Atomics.load(kickedAt, 0)));
  }
  await ended;
  return median(latencies);
}
