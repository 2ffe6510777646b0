/** Small programs for a vCPU: machine code and its listing. Each mode of the processor has a file. */

import type { KvmRegs } from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory } from '../../runtime/index.js';
import type { Vcpu, VcpuOptions, Vm } from '../../runtime/x86_64.js';
import type { View } from '../../support/index.js';

/** One instruction: its bytes, and its text in Intel syntax, from which GNU as makes the bytes. */
interface Line {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** A mode of the processor when the guest starts. */
export interface Mode {
  readonly name: string;
  /** The directive that selects the mode in GNU as. */
  readonly directive: '.code16' | '.code32' | '.code64';
  /** Makes the vCPU begin in the mode at `places.code`. Writes the tables that the mode needs. */
  enter(vcpu: Vcpu, memory: GuestMemory): void;
}

export interface Guest {
  readonly name: string;
  readonly mode: Mode;
  readonly listing: readonly Line[];
  /** All bytes of the listing. */
  readonly code: Uint8Array;
  /** Adds memory in slot 0 and vCPU 0 to the VM. The vCPU is ready to execute the first instruction. */
  load(vm: Vm, options?: VcpuOptions): Loaded;
}

export interface Loaded extends Disposable {
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
}

/** Guest-physical addresses. Memory ends at `end`. `device` is not memory, so an access to it is MMIO. */
export const places = {
  code: 0x1000,
  pageTables: 0x2000,
  taskState: 0x5000,
  data: 0x8000,
  end: 0x10000,
  device: 0xa0010,
} as const;

/** The port that the guests read and write: the port of the first serial line. */
export const port = 0x3f8;

/** Three pages below 4 GiB. KVM needs them on Intel processors that cannot run real mode natively. */
const taskStateOfKvm = 0xfffb_d000;

export interface Start {
  /** The contents of memory at `places.data`. */
  readonly data?: string;
  readonly registers?: Partial<KvmRegs>;
}

/** Makes a guest from its listing. Each line has the bytes of an instruction, two or more spaces, and the text. */
export function guest(mode: Mode, name: string, text: string, { data = '', registers = {} }: Start = {}): Guest {
  const listing = text.trim().split('\n').map(line);
  const code = codeOf(listing);
  return {
    name: `${mode.name}: ${name}`,
    mode,
    listing,
    code,
    load(vm, options) {
      vm.ioctl(vm.bindings.KVM_SET_TSS_ADDR, taskStateOfKvm);
      const memory = GuestMemory.create(places.end);
      vm.addMemory({ memory, guestAddress: 0 });
      memory.write(places.code, code);
      memory.write(places.data, new TextEncoder().encode(data));
      const vcpu = vm.createVcpu(0, options);
      mode.enter(vcpu, memory);
      vcpu.setRegs(set(vcpu.getRegs(), { rsp: BigInt(places.end), ...registers }));
      const close = (): void => {
        vcpu.close();
        memory.close();
      };
      return { vcpu, memory, [Symbol.dispose]: close };
    },
  };
}

/** All bytes of a listing. */
function codeOf(listing: readonly Line[]): Uint8Array {
  return Uint8Array.from(listing.flatMap(({ bytes }) => [...bytes]));
}

function line(text: string): Line {
  const [, bytes, instruction] = /^\s*((?:[0-9a-f]{2} )+) +(\S.*)$/.exec(text) ?? [];
  if (bytes === undefined || instruction === undefined)
    throw new Error(
      `invalid line of a listing: '${text}'; expected bytes in hexadecimal, two spaces and an instruction`,
    );
  return { bytes: Uint8Array.from(bytes.trim().split(' '), (byte) => Number.parseInt(byte, 16)), text: instruction };
}

/** Sets some members of a view. */
export function set<T extends View>(view: T, members: Partial<T>): T {
  return Object.assign(view, members);
}
