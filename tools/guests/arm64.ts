/** Guests for arm64. A vCPU starts at EL1 with its MMU off, so an address is a guest-physical address. */

import * as arm64 from '../../generated/arm64/linux/kvm.js';
import type { Vcpu, VcpuOptions, Vm } from '../../runtime/arm64.js';
import { GuestMemory } from '../../runtime/index.js';
import { places } from './guest.js';

interface Loaded extends Disposable {
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
}

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

/** Where the second vCPU starts. */
export const secondEntry: number = places.code + 0x80;

/**
 * Starts vCPU 1 with PSCI's CPU_ON, writes the result to `places.data`, suspends the machine, and then resets it. vCPU 1 writes the
 * context that it gets, 0x42, to `places.device` for ever.
 */
export const startAnotherAndReset: Arm64Guest = guest(
  'start another and reset',
  Uint32Array.of(
    ...[0x5280_0060, 0x72b8_8000, 0xd280_0021, 0xd282_1002, 0xd280_0843, 0xd400_0002, 0xd290_0001, 0xb900_0020],
    ...[0x5280_01c0, 0x72b8_8000, 0xd282_0001, 0xd280_0002, 0xd400_0002, 0x5280_0120, 0x72b0_8000, 0xd400_0002],
    ...Array(16).fill(0xd503_201f),
    ...[0xd2a0_0141, 0xb900_1020, 0x17ff_ffff],
  ),
  'movz w0, #3; movk w0, #0xc400, lsl #16; mov x1, #1; mov x2, #0x1080; mov x3, #0x42; hvc #0; mov x1, #0x8000; str w0, [x1]; ' +
    'movz w0, #14; movk w0, #0xc400, lsl #16; mov x1, #0x1000; mov x2, #0; hvc #0; ' +
    'movz w0, #9; movk w0, #0x8400, lsl #16; hvc #0; .balign 128; movz x1, #0xa, lsl #16; 1: str w0, [x1, #16]; b 1b',
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
      // The vCPU is not waiting for another one to start it.
      vcpu.vcpuInit({ features: [arm64.KVM_ARM_VCPU_PSCI_0_2] });
      vcpu.setRegs({ pc: BigInt(places.code) });
      const close = (): void => {
        vcpu.close();
        memory.close();
      };
      return { vcpu, memory, [Symbol.dispose]: close };
    },
  };
}
