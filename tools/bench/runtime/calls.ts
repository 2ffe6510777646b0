/** The cost of `run()` without its ioctl. The bindings give KVM_RUN the number of FIOCLEX, which returns at once on every file. */

import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { type Bindings, Kvm } from '../../../runtime/x86_64.js';
import { inTurn, medianOf, type Result } from '../harness.js';
import type { Loop } from './native.js';

const rounds = 15;
const callsPerRound = 200_000;
const bound = 150;
const FIOCLEX = 0x5451;

export async function benchCalls(loop: Loop): Promise<Result> {
  const short = { ...bindings, KVM_RUN: { ...bindings.KVM_RUN, request: FIOCLEX } };
  using kvm = Kvm.open({ bindings: short as unknown as Bindings });
  using vm = kvm.createVm();
  using vcpu = vm.createVcpu(0, { mechanism: 'immediate_exit' });
  const ours = (): number => {
    const start = performance.now();
    for (let i = 0; i < callsPerRound; i++) vcpu.run();
    return ((performance.now() - start) * 1e6) / callsPerRound;
  };
  const inC = async (): Promise<number> => (await loop.order('calls', callsPerRound)).figure / callsPerRound;
  const seen = await inTurn(rounds, ours, inC);
  const differences = seen.map(([run, ioctl]) => run - ioctl);
  return {
    subject: 'run() without its ioctl',
    measured: medianOf(seen, ([run, ioctl]) => run - ioctl),
    bound,
    unit: 'ns',
    note: `lowest ${Math.min(...differences).toFixed(0)} ns, highest ${Math.max(...differences).toFixed(0)} ns`,
  };
}
