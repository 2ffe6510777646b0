/** The cost of a run without its ioctl: a vCPU on a memfd whose KVM_RUN is FIOCLEX, which returns at once on every file. */

import * as bindings from '../../../generated/x86_64/linux/kvm.js';
import { addon } from '../../../runtime/addon.js';
import { GuestMemory, Kvm, Vcpu } from '../../../runtime/index.js';
import { readyVcpuOptions } from '../../../runtime/vcpu.js';
import { inTurn, medianOf, type Result } from '../harness.js';
import type { Loop } from './native.js';

const rounds = 15;
const callsPerRound = 200_000;
const bound = 150;
const FIOCLEX = 0x5451;

export async function benchCalls(loop: Loop): Promise<Result> {
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  const size = kvm.vcpuMmapSize();
  using memory = GuestMemory.create(size, { memfd: 'bench' });
  const fd = addon().open(`/proc/self/fd/${memory.fd}`);
  const short = { ...bindings, KVM_RUN: { ...bindings.KVM_RUN, request: FIOCLEX } };
  const options = readyVcpuOptions({ mechanism: 'immediate_exit' }, vm);
  using vcpu = Vcpu.create(vm.handle, fd, size, short, options);
  const ours = (): number => {
    const start = performance.now();
    for (let i = 0; i < callsPerRound; i++) vcpu.run();
    return ((performance.now() - start) * 1e6) / callsPerRound;
  };
  const inC = async (): Promise<number> => (await loop.order('calls', callsPerRound)).figure / callsPerRound;
  const seen = await inTurn(rounds, ours, inC);
  const differences = seen.map(([run, ioctl]) => run - ioctl);
  return {
    subject: 'a run, without its ioctl',
    measured: medianOf(seen, ([run, ioctl]) => run - ioctl),
    bound,
    unit: 'ns',
    note: `lowest ${Math.min(...differences).toFixed(0)} ns, highest ${Math.max(...differences).toFixed(0)} ns`,
  };
}
