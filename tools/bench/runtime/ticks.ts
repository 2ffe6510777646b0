/**
 * The time that a guest loses to the teardown ticker. A tick gets the vCPU out of KVM_RUN, V8 handles its requests, and the
 * vCPU continues. The 50 ticks of a second are too few to measure. So the guest gets thousands of stray signals a second, which
 * have the same effect, and the result is the loss by 50 of them.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { addon } from '../../../runtime/addon.js';
import { VcpuThread } from '../../../runtime/index.js';
import { Kvm } from '../../../runtime/x86_64.js';
import { places, userMode } from '../../guests/index.js';
import { until } from '../../lib/timeouts.js';
import { median, type Result } from '../harness.js';

const rounds = 20;
const roundMs = 100;
const pauseMs = 0.2;
const ticksPerSecond = 50;
/** 1 % of the guest's time. */
const bound = 10;

export async function benchTicks(): Promise<Result> {
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  using machine = userMode.spin.load(vm);
  const words = machine.memory.dataView(places.data, 4);
  const counter = (): number => words.getUint32(0, true);
  const thread = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const program = new URL('ticked-program.js', import.meta.url);
  await using _running = VcpuThread.start(machine.vcpu, program, { data: thread });
  await until(() => counter() !== 0, 'the guest runs');
  const kickSignal = addon().SIGRTMAX - 1;

  /** Returns how often the guest counts in a millisecond, and how many signals it gets in a millisecond. */
  const measured = async (withSignals: boolean): Promise<{ rate: number; signals: number }> => {
    const [before, start] = [counter(), performance.now()];
    let signals = 0;
    if (withSignals) {
      for (let next = start; performance.now() - start < roundMs; signals++) {
        process.kill(thread[0] as number, kickSignal);
        next += pauseMs;
        while (performance.now() < next);
      }
    } else {
      await sleep(roundMs);
    }
    const elapsed = performance.now() - start;
    return { rate: ((counter() - before) >>> 0) / elapsed, signals: signals / elapsed };
  };

  const lost: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [quiet, disturbed] = [await measured(false), await measured(true)];
    lost.push((1 - disturbed.rate / quiet.rate) / disturbed.signals);
  }
  const perTick = median(lost);
  return {
    subject: 'guest time that a vCPU loses to the teardown ticker in a second',
    measured: perTick * ticksPerSecond,
    bound,
    unit: 'ms',
    note: `${(perTick * 1000).toFixed(1)} µs for each of ${ticksPerSecond} ticks`,
  };
}
