/** A guest that writes to one page of a slot whose writes are logged. */

import { expect } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory } from '../../runtime/index.js';
import type { Vcpu, Vm } from '../../runtime/x86_64.js';
import { places, realMode } from '../../tools/guests/index.js';
import { createVm, run } from '../helpers/vcpus.js';

export const slot = 9;
/** The page of the slot that the guest writes to. */
export const before = 66;
export const pages = 130;
const page = places.device >> 12;
export const firstPage: number = page - before;

interface LoggingMachine extends Disposable {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
  /** Runs the guest from its start to its end. */
  readonly again: () => void;
}

/** Loads the guest into a new VM. `setUp` is called before the VM has a slot and a vCPU. */
export function logging(setUp: (vm: Vm) => void = () => {}): LoggingMachine {
  const vm = createVm();
  setUp(vm);
  const memory = GuestMemory.create(pages * 4096);
  const flags = bindings.KVM_MEM_LOG_DIRTY_PAGES;
  vm.addMemory({ memory, guestAddress: firstPage * 4096, slot, flags });
  const loaded = realMode.mmioWrite.load(vm);
  const again = (): void => {
    const regs = loaded.vcpu.getRegs();
    regs.rip = BigInt(places.code);
    loaded.vcpu.setRegs(regs);
    expect(run(loaded)).toBe(`exit ${bindings.KVM_EXIT_HLT}`);
  };
  const close = (): void => {
    loaded[Symbol.dispose]();
    memory.close();
    vm.close();
  };
  return { vm, vcpu: loaded.vcpu, again, [Symbol.dispose]: close };
}
