/**
 * The objects that the examples of docs/ and of the docstrings use and do not create. docs-examples.test.ts gives
 * each of these names to the examples that use it.
 */

import type { AnyBindings, EventFd, GuestMemory } from 'kvm-uapi';
import type { FlexibleViewClass, IoctlByPointer, U32Value, View, ViewArray } from 'kvm-uapi/support';
import type * as x86_64 from 'kvm-uapi/x86_64';
import type * as kvmBindings from 'kvm-uapi/x86_64/linux/kvm';

export declare const kvm: x86_64.Kvm;
export declare const vm: x86_64.Vm;
export declare const vcpu: x86_64.Vcpu;
export declare const memory: GuestMemory;
export declare const event: EventFd;
/** The number of a memory slot. */
export declare const slot: number;
/** Files that a boot loader reads. */
export declare const bootSector: Uint8Array;
export declare const bzImage: Uint8Array;
export declare const initrd: Uint8Array;
/** A file descriptor. */
export declare const fd: number;
/** Bindings of linux/if_tun.h. */
export declare const tun: AnyBindings & { readonly TUNGETFEATURES: IoctlByPointer<U32Value> };

/** A module of bindings, its views, and functions of linux/version.h and asm/ioctl.h. */
export declare const bindings: typeof kvmBindings;
export declare const view: DataView;
export declare const run: kvmBindings.KvmRun;
export declare const ring: kvmBindings.KvmCoalescedMmioRing;
export declare function KERNEL_VERSION(a: number, b: number, c: number): number;
export declare function _IOC_SIZE(request: number): number;

/** Structs of linux/vhost.h. */
interface VhostMemoryRegion extends View {
  userspace_addr: bigint;
  memory_size: bigint;
}
interface VhostMemory extends View {
  readonly regions: ViewArray<VhostMemoryRegion>;
}
/** Bindings of linux/vhost.h. */
export declare const vhost: AnyBindings & {
  readonly VhostMemory: FlexibleViewClass<VhostMemory>;
  readonly VHOST_SET_MEM_TABLE: IoctlByPointer<VhostMemory>;
};

// What a VMM does with the exits.
export declare function serve(exit: x86_64.RunResult): 'stop' | undefined;
export declare function send(to: number | bigint, what: unknown): void;
export declare function receive(port: number): number;
export declare function store(address: bigint, value: unknown): void;
export declare function load(address: bigint): bigint;
