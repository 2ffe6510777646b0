/** The functions of the addon, with their types: plain functions over opaque handles. A result below zero is -errno. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuntimeMissingError } from './errors.js';

declare const fileHandle: unique symbol;
declare const memoryHandle: unique symbol;
declare const vmHandle: unique symbol;
declare const vcpuHandle: unique symbol;

/** A handle keeps a record of the native layer until the handle is released or collected. */
export type FileHandle = { readonly [fileHandle]: true };
export type MemoryHandle = { readonly [memoryHandle]: true };
export type VmHandle = { readonly [vmHandle]: true };
export type VcpuHandle = { readonly [vcpuHandle]: true };

/** The argument of an ioctl: `needed` bytes at `offset` of `view`. */
interface AddonArgument {
  readonly request: number;
  readonly view: DataView;
  readonly offset: number;
  readonly needed: number;
}

/**
 * A function with many arguments takes them as one object. It reads each property once, and the result is -EINVAL when a
 * property is missing or has a wrong type.
 */
export interface AddonMemorySlot extends AddonArgument {
  readonly vm: VmHandle;
  readonly slot: number;
  /** The memory in the slot. Null empties the slot. */
  readonly memory: MemoryHandle | null;
}

export interface AddonVcpuCreation {
  readonly vm: VmHandle;
  /** The vCPU's file descriptor. */
  readonly fd: number;
  /** How many bytes of the file the kernel shares. */
  readonly length: number;
  /** The request number of KVM_RUN. */
  readonly run: number;
  /** The offset of `immediate_exit` in the shared bytes. */
  readonly immediateExit: number;
  /** The kick signal. It must be claimed. */
  readonly signal: number;
  /** KVM_SET_SIGNAL_MASK and its argument, if that is the mechanism. `signals` is the offset of the signals in the argument. */
  readonly setMask: (AddonArgument & { readonly signals: number }) | null;
}

export interface Addon {
  open(path: string): number;
  /** Takes over the file descriptor. */
  fileCreate(fd: number): FileHandle;
  fileFd(file: FileHandle): number;
  fileRelease(file: FileHandle): void;
  /** Creates an eventfd. Reading and writing it never block. */
  eventFd(): number;
  ioctl(fd: number, request: number, value: number | bigint): number;
  /**
   * The argument is the `needed` bytes at `offset` of `view`. If they are not all inside the view, or are fewer than the
   * request says, the result is -EFAULT and no ioctl is made.
   */
  ioctlView(fd: number, request: number, view: DataView, offset: number, needed: number): number;

  /** Creates anonymous memory, or a memfd of this name. */
  memoryCreate(length: number, name: string | null): MemoryHandle | number;
  /** The file descriptor of the memfd, or -1 for anonymous memory. */
  memoryFd(memory: MemoryHandle): number;
  memoryLength(memory: MemoryHandle): number;
  memoryAddress(memory: MemoryHandle): bigint;
  /** The number by which other isolates find the memory while it is open. */
  memoryId(memory: MemoryHandle): number;
  memoryFind(id: number): MemoryHandle | null;
  memoryWindow(memory: MemoryHandle, offset: number, length: number): ArrayBuffer | number;
  /** All windows that were made with this handle must be detached before. */
  memoryRelease(memory: MemoryHandle): void;
  detach(buffer: ArrayBuffer): void;

  vmCreate(fd: number): VmHandle;
  vmFd(vm: VmHandle): number;
  /** Sets a memory slot. The VM keeps the memory while it is in the slot. */
  vmSetMemory(slot: AddonMemorySlot): number;
  vmRelease(vm: VmHandle): void;

  /** Installs the handler of a kick signal. -EINVAL when it is not a real-time signal, -EBUSY when something else handles it. */
  claimSignal(signal: number): number;
  /** Takes over the file descriptor, also when it fails. */
  vcpuCreate(vcpu: AddonVcpuCreation): VcpuHandle | number;
  vcpuBuffer(vcpu: VcpuHandle): ArrayBuffer;
  /** The number by which other isolates find the vCPU while it is open. */
  vcpuId(vcpu: VcpuHandle): number;
  vcpuFind(id: number): VcpuHandle | null;
  vcpuFd(vcpu: VcpuHandle): number;
  /** The file descriptor of the VM, which is open as long as the vCPU is. */
  vcpuVmFd(vcpu: VcpuHandle): number;
  /** Maps more memory that the kernel shares, at an offset of the vCPU's file descriptor. */
  vcpuMap(vcpu: VcpuHandle, offset: number, length: number): ArrayBuffer | number;
  vcpuIoctl(vcpu: VcpuHandle, request: number, value: number | bigint): number;
  vcpuIoctlView(vcpu: VcpuHandle, request: number, view: DataView, offset: number, needed: number): number;
  /** Undefined for an exit. For an interruption 1 kick, 2 abort, 3 timeout, 4 pause. */
  vcpuRun(vcpu: VcpuHandle): number | undefined;
  /** Like `vcpuRun`, with a timeout in nanoseconds and a number for `abort`. Each may be 0 for none. */
  vcpuRunWithin(vcpu: VcpuHandle, timeout: number, run: number): number | undefined;
  /** COMPLETED, or undefined for a further exit that has to be served. */
  vcpuComplete(vcpu: VcpuHandle): number | undefined;
  /**
   * With `refuse` the result is -EBUSY while another thread runs the vCPU. After success the buffers that were made with
   * this handle must be detached at once.
   */
  vcpuRelease(vcpu: VcpuHandle, refuse: boolean): number;
  /** `kick`, `abort` and `pause` return false when the vCPU of this id is gone. */
  kick(id: number): boolean;
  abort(id: number, run: number): boolean;
  /** Each call with true needs a call with false. */
  pause(id: number, paused: boolean): boolean;

  readonly COMPLETED: number;
  readonly SIGRTMIN: number;
  readonly SIGRTMAX: number;
}

let loaded: Addon | undefined;

/** The addon. It is loaded when it is first needed. @throws RuntimeMissingError when it is not built. */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  const { KVM_UAPI_ADDON } = process.env;
  const path = resolve(KVM_UAPI_ADDON ?? join(packageRoot(), 'build', 'kvm_uapi.node'));
  if (!existsSync(path)) {
    throw new RuntimeMissingError(
      `${path}: the native runtime is not built; install a C++17 compiler and make (Debian: apt-get install g++ make), then run 'npm run build:native' in the package`,
    );
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    throw new RuntimeMissingError(`${path}: the native runtime cannot be loaded: ${(error as Error).message}`);
  }
}

/** The built module of this package with this name, for a Worker. It is JavaScript even if this file is run as TypeScript. */
export function builtModule(name: string): URL {
  return pathToFileURL(join(packageRoot(), 'dist', `${name}.js`));
}

/** The folder of this package. Node finds it by the package's name, from the sources and from what is built. */
export function packageRoot(): string {
  return dirname(createRequire(import.meta.url).resolve('kvm-uapi/package.json'));
}
