/** Guests for riscv64. A vCPU starts in supervisor mode with its MMU off, so an address is a guest-physical address. */

import { GuestMemory } from '../../runtime/index.js';
import { registerNamed } from '../../runtime/riscv64/registers/names.js';
import type { Vcpu, VcpuOptions, Vm } from '../../runtime/riscv64.js';
import { places } from './guest.js';

interface Loaded extends Disposable {
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
}

/** The bytes, and their text for GNU as without compressed instructions. */
export interface Riscv64Guest {
  readonly name: string;
  readonly code: Uint32Array;
  readonly text: string;
  load(vm: Vm, options?: VcpuOptions): Loaded;
}

/** Counts at `places.data` for ever. */
export const spin: Riscv64Guest = guest(
  'spin',
  Uint32Array.of(0x0000_82b7, 0x0002_a303, 0x0013_0313, 0x0062_a023, 0xff5f_f06f),
  'lui t0, 8; 1: lw t1, 0(t0); addi t1, t1, 1; sw t1, 0(t0); j 1b',
);

/** Writes the letter A to `places.device` for ever. */
export const store: Riscv64Guest = guest(
  'store',
  Uint32Array.of(0x000a_02b7, 0x0410_0313, 0x0062_a823, 0xffdf_f06f),
  'lui t0, 0xa0; li t1, 0x41; 1: sw t1, 16(t0); j 1b',
);

/** The extension and the function of the SBI call that `callAndTurnOff` makes. KVM passes all calls of this extension on. */
export const experimental = { extension: 0x0800_0000n, function: 3n, argument: 7n } as const;

/**
 * Makes an SBI call, reads a word from `places.device`, writes the second result of the call and the word to `places.data`, and
 * turns the machine off with SBI's system reset.
 */
export const callAndTurnOff: Riscv64Guest = guest(
  'call and turn off',
  Uint32Array.of(
    ...[0x0800_08b7, 0x0030_0813, 0x0070_0513, 0x0000_0073, 0x000a_02b7, 0x0102_a303, 0x0000_83b7, 0x00b3_a023],
    ...[0x0063_a223, 0x5352_58b7, 0x3548_8893, 0x0000_0813, 0x0000_0513, 0x0000_0593, 0x0000_0073],
  ),
  'lui a7, 0x8000; li a6, 3; li a0, 7; ecall; lui t0, 0xa0; lw t1, 16(t0); lui t2, 8; sw a1, 0(t2); ' +
    'sw t1, 4(t2); lui a7, 0x53525; addi a7, a7, 0x354; li a6, 0; li a0, 0; li a1, 0; ecall',
);

/** Executes EBREAK, and then reads the CSR `stopei` of an interrupt controller, whose number is `topInterruptCsr`. */
export const breakAndReadCsr: Riscv64Guest = guest(
  'break and read a CSR',
  Uint32Array.of(0x0010_0073, 0x15c0_2373, 0x0000_82b7, 0x0062_a023, 0x0000_006f),
  'ebreak; csrr t1, 0x15c; lui t0, 8; sw t1, 0(t0); 1: j 1b',
);
export const topInterruptCsr = 0x15c;

function guest(name: string, code: Uint32Array, text: string): Riscv64Guest {
  return {
    name,
    code,
    text,
    load(vm, options) {
      const memory = GuestMemory.create(places.end);
      vm.addMemory({ memory, guestAddress: 0 });
      memory.write(places.code, new Uint8Array(code.buffer));
      const vcpu = vm.createVcpu(0, options);
      vcpu.setOneReg(registerNamed('pc').id, BigInt(places.code));
      const close = (): void => {
        vcpu.close();
        memory.close();
      };
      return { vcpu, memory, [Symbol.dispose]: close };
    },
  };
}
