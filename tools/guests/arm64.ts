/**
 * Guests for arm64. A vCPU starts at EL1 with its MMU off, so an address is a guest-physical address. The runtime's classes are typed
 * for x86-64, so these guests use the generic ioctls.
 */

import * as arm64 from '../../generated/arm64/linux/kvm.js';
import { GuestMemory } from '../../runtime/index.js';
import type { Vcpu, VcpuOptions, Vm } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { type Loaded, places } from './guest.js';

/** The bytes, and their text for GNU as. */
export interface Arm64Guest {
  readonly name: string;
  readonly code: Uint32Array;
  readonly text: string;
  load(vm: Vm, options?: VcpuOptions): Loaded;
}

/** Counts at `places.data` for ever. */
export const spin: Arm64Guest = guest(
  'spin',
  Uint32Array.of(0xd290_0001, 0xb940_0020, 0x1100_0400, 0xb900_0020, 0x17ff_fffd),
  'mov x1, #0x8000; 1: ldr w0, [x1]; add w0, w0, #1; str w0, [x1]; b 1b',
);

/** Writes the letter A to `places.device` for ever. */
export const store: Arm64Guest = guest(
  'store',
  Uint32Array.of(0xd2a0_0141, 0x5280_0820, 0xb900_1020, 0x17ff_ffff),
  'movz x1, #0xa, lsl #16; mov w0, #0x41; 1: str w0, [x1, #16]; b 1b',
);

/** Reads a word from `places.device`, writes it to `places.data`, and turns the machine off with PSCI. */
export const loadAndTurnOff: Arm64Guest = guest(
  'load and turn off',
  Uint32Array.of(0xd2a0_0141, 0xb940_1022, 0xd290_0001, 0xb900_0022, 0x5280_0100, 0x72b0_8000, 0xd400_0002),
  'movz x1, #0xa, lsl #16; ldr w2, [x1, #16]; mov x1, #0x8000; str w2, [x1]; mov w0, #8; movk w0, #0x8400, lsl #16; hvc #0',
);

function guest(name: string, code: Uint32Array, text: string): Arm64Guest {
  return {
    name,
    code,
    text,
    load(vm, options) {
      const memory = GuestMemory.create(places.end);
      vm.addMemory({ memory, guestAddress: 0 });
      memory.write(places.code, new Uint8Array(code.buffer));
      const vcpu = vm.createVcpu(0, options);
      initialize(vm, vcpu);
      setRegister(vcpu, arm64.KvmRegs.$layout.members.regs.offset + programCounter, BigInt(places.code));
      const close = (): void => {
        vcpu.close();
        memory.close();
      };
      return { vcpu, memory, [Symbol.dispose]: close };
    },
  };
}

const programCounter = arm64.UserPtRegs.$layout.members.pc.offset;

/** KVM_ARM_VCPU_INIT with the target of this processor and PSCI. The vCPU is not waiting for another one to start it. */
function initialize(vm: Vm, vcpu: Vcpu): void {
  const init = allocate(arm64.KvmVcpuInit);
  vm.ioctl(arm64.KVM_ARM_PREFERRED_TARGET, init);
  init.features.set(0, 1 << arm64.KVM_ARM_VCPU_PSCI_0_2);
  vcpu.ioctl(arm64.KVM_ARM_VCPU_INIT, init);
}

/** KVM_SET_ONE_REG of a core register of 64 bits. Its id counts the words of 32 bits before it in `struct kvm_regs`. */
function setRegister(vcpu: Vcpu, offset: number, value: bigint): void {
  const id = arm64.KVM_REG_ARM64 | arm64.KVM_REG_SIZE_U64 | BigInt(arm64.KVM_REG_ARM_CORE) | BigInt(offset / 4);
  vcpu.setOneReg(id, value);
}
