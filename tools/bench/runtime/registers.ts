/** Reads and writes a register at each exit. The synchronized registers are compared with two ioctls. */

import { Kvm, type Vcpu } from '../../../runtime/x86_64.js';
import { realMode } from '../../guests/index.js';
import { inTurn, medianOf, type Result, ratioOf } from '../harness.js';

const rounds = 25;
const exitsPerRound = 2_000;
const bound = 0.5;

export async function benchRegisters(): Promise<Result> {
  using kvm = Kvm.open();
  // Each side has a VM of its own, because every run of one of the vCPUs synchronizes the registers.
  using vm = kvm.createVm();
  using guest = realMode.outForEver.load(vm);
  using otherVm = kvm.createVm();
  using otherGuest = realMode.outForEver.load(otherVm);
  const { vcpu } = otherGuest;
  const { regs: synchronized } = guest.vcpu.syncRegs('regs');
  const regs = vcpu.getRegs();
  const synchronize = (): void => {
    synchronized.$rax = (synchronized.$rax + 1) & 0xff;
  };
  const askKernel = (): void => {
    vcpu.getRegs(regs);
    regs.$rax = (regs.$rax + 1) & 0xff;
    vcpu.setRegs(regs);
  };
  const seen = await inTurn(
    rounds,
    () => nanoseconds(guest.vcpu, synchronize),
    () => nanoseconds(vcpu, askKernel),
  );
  if (synchronized.$rax !== regs.$rax)
    throw new Error(`the two sides have different results: ${synchronized.$rax} and ${regs.$rax}`);
  const microseconds = [0, 1].map((side) => medianOf(seen, (round) => (round[side] as number) / exitsPerRound / 1000));
  return {
    subject: 'exit with registers read and written, synchronized / by two ioctls',
    measured: ratioOf(seen),
    bound,
    unit: '',
    note: microseconds.map((time) => `${time.toFixed(1)} µs`).join(', by ioctls '),
  };
}

function nanoseconds(vcpu: Vcpu, roundTrip: () => void): number {
  const start = performance.now();
  for (let i = 0; i < exitsPerRound; i++) {
    if (vcpu.run().reason === 'interrupted') throw new Error('interrupted');
    roundTrip();
  }
  return (performance.now() - start) * 1e6;
}
