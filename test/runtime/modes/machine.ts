/** A VM with one vCPU and memory, for the tests of the presets. */

import { KVM_EXIT_HLT, KVM_EXIT_IO, KVM_EXIT_MMIO } from '../../../generated/x86_64/linux/kvm.js';
import { GuestMemory } from '../../../runtime/index.js';
import type { Vcpu, Vm } from '../../../runtime/x86_64.js';
import { createVm, watchdogMs } from '../../helpers/vcpus.js';

/** Three pages that KVM needs on Intel processors that cannot run real mode natively. */
const taskStateOfKvm = 0xfffb_d000;

export interface PresetMachine extends Disposable {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
  /** Adds memory at another address. */
  add(guestAddress: number, size: number): GuestMemory;
}

/** Creates a VM whose memory begins at this address. */
export function presetMachine(size = 0x20_0000, guestAddress = 0): PresetMachine {
  const vm = createVm();
  vm.setTssAddr(taskStateOfKvm);
  const memories: GuestMemory[] = [];
  const add = (at: number, bytes: number): GuestMemory => {
    const memory = GuestMemory.create(bytes);
    memories.push(memory);
    vm.addMemory({ memory, guestAddress: at });
    return memory;
  };
  const memory = add(guestAddress, size);
  const vcpu = vm.createVcpu(0);
  const close = (): void => {
    vcpu.close();
    for (const each of memories) each.close();
    vm.close();
  };
  return { vm, vcpu, memory, add, [Symbol.dispose]: close };
}

/** Runs the guest until it halts. Returns the numbers that it writes to its port or to MMIO, at most `most`. */
export function numbersOf(vcpu: Vcpu, most = 1000): number[] {
  const numbers: number[] = [];
  while (numbers.length < most) {
    const exit = vcpu.run({ timeout: watchdogMs });
    if (exit.reason === KVM_EXIT_HLT) return numbers;
    if (exit.reason === KVM_EXIT_MMIO && exit.mmio.is_write === 1) {
      numbers.push(exit.mmio.data.get(0) | (exit.mmio.data.get(1) << 8));
      continue;
    }
    if (exit.reason !== KVM_EXIT_IO) throw new Error(`the guest ended with ${JSON.stringify(exit.reason)}`);
    const { size, $data_offset } = exit.io;
    const { shared } = vcpu;
    if (size === 1) numbers.push(shared.getUint8($data_offset));
    else if (size === 2) numbers.push(shared.getUint16($data_offset, true));
    else numbers.push(shared.getUint32($data_offset, true));
  }
  return numbers;
}

/** The numbers of the characters of a text, and of the NUL at its end. */
export const characters = (text: string): number[] => [...new TextEncoder().encode(`${text}\0`)];

/** The bits of a number above 2^31 as an unsigned number. */
export const lower32 = (value: number): number => value % 2 ** 32;
export const upper32 = (value: number): number => Math.floor(value / 2 ** 32);

/** Fills the registers and the segments with other values, so that a preset must set all that it promises. */
export function disturb(vcpu: Vcpu): void {
  const regs = vcpu.getRegs();
  for (const name of ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'r8', 'r15'] as const) regs[name] = 0x1234n;
  regs.rflags = 0x202n;
  vcpu.setRegs(regs);
}
