/** A call that breaks one rule of KVM, and the objects that such calls need. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import { EventFd, GuestMemory } from '../../../../runtime/index.js';
import { Kvm, type Vcpu, type Vm, type VmDevice } from '../../../../runtime/x86_64.js';

/** A call that breaks one rule. */
export interface Breach {
  /** When the kernel refuses, as the end of a sentence. */
  readonly when: string;
  readonly ioctl: string;
  readonly code: string;
  /** A part of the text of the rule by which a reader recognizes it. */
  readonly rule: string;
  /** The wrong value, as the message shows it. */
  readonly shows: string;
  readonly capability?: string;
  readonly break: (make: Make) => unknown;
}

/** Makes the objects of a breach. `using` closes all of them. */
export class Make implements Disposable {
  readonly #made: Disposable[] = [];

  #keep<T extends Disposable>(made: T): T {
    this.#made.push(made);
    return made;
  }

  kvm(): Kvm {
    return this.#keep(Kvm.open());
  }

  vm(prepare: (vm: Vm) => unknown = () => {}): Vm {
    const vm = this.#keep(this.kvm().createVm());
    prepare(vm);
    return vm;
  }

  vcpu(prepare?: (vm: Vm) => unknown): Vcpu {
    return this.#keep(this.vm(prepare).createVcpu());
  }

  /** A VM with a vCPU. */
  vmWithVcpu(prepare?: (vm: Vm) => unknown): Vm {
    const vm = this.vm(prepare);
    this.#keep(vm.createVcpu());
    return vm;
  }

  vfio(vm: Vm = this.vm()): VmDevice {
    return this.#keep(vm.createDevice(kvm.KVM_DEV_TYPE_VFIO));
  }

  memory(size = 0x4000): GuestMemory {
    return this.#keep(GuestMemory.create(size));
  }

  event(): EventFd {
    return this.#keep(EventFd.create());
  }

  /** A vCPU that has run one instruction at the reset vector: out 0x10, al. */
  vcpuThatHasRun(): Vcpu {
    const memory = this.memory(0x1000);
    memory.write(0xff0, Uint8Array.of(0xe6, 0x10));
    const vcpu = this.vcpu((vm) => vm.addMemory({ memory, guestAddress: 0xffff_f000 }));
    vcpu.run();
    return vcpu;
  }

  /** Adds memory to a new VM. */
  slot(options: { slot?: number; guestAddress?: number | bigint; flags?: number; memory?: GuestMemory }): number {
    return this.vm().addMemory({ memory: this.memory(), guestAddress: 0, ...options });
  }

  /** Adds memory with a guest memfd to a new VM. */
  privateSlot(
    options: { slot?: number; guestAddress?: bigint; flags?: number; size?: number; offset?: number },
    vm: Vm = this.vm(),
    creator: Vm = vm,
  ): number {
    const { slot, guestAddress = 0, flags = 0, size = 0x4000, offset = 0 } = options;
    const memory = this.memory(size);
    const memfd = this.#keep(creator.createGuestMemfd(size));
    return vm.addMemory({ memory, guestAddress, flags, guestMemfd: { memfd, offset }, ...(slot ? { slot } : {}) });
  }

  [Symbol.dispose](): void {
    for (const made of this.#made.toReversed()) made[Symbol.dispose]();
  }
}

/** Creates the interrupt controllers. */
export const irqchip = (vm: Vm): void => vm.createIrqchip();
/** Leaves only the local APICs to the kernel. */
export const split = (vm: Vm): void => vm.enableCap('KVM_CAP_SPLIT_IRQCHIP', 24);

/** When the kernel refuses, the rule, the value that the message shows, and the call. */
export type Row = readonly [when: string, rule: string, shows: string, call: (make: Make) => unknown];

/** Breaches of the rules of one ioctl with one errno. */
export function of(ioctl: string, code: string, ...rows: readonly Row[]): Breach[] {
  return rows.map(([when, rule, shows, call]) => ({ ioctl, code, when, rule, shows, break: call }));
}

/** Breaches of the rules of one capability. */
export function ofCapability(capability: string, code: string, ...rows: readonly Row[]): Breach[] {
  return of('KVM_ENABLE_CAP', code, ...rows).map((breach) => ({ ...breach, capability }));
}

/** Sets the CPUID that the kernel supports. */
export function setSupportedCpuid(vcpu: Vcpu): void {
  using system = Kvm.open();
  vcpu.setCpuid2(system.getSupportedCpuid());
}
