/** The native surface, typed: plain functions over opaque handles. A result below zero is -errno. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RuntimeMissingError } from './errors.js';

declare const fileHandle: unique symbol;
declare const memoryHandle: unique symbol;
declare const vmHandle: unique symbol;
declare const vcpuHandle: unique symbol;

/** Holds a record of the native layer until it is released or collected. */
export type FileHandle = { readonly [fileHandle]: true };
export type MemoryHandle = { readonly [memoryHandle]: true };
export type VmHandle = { readonly [vmHandle]: true };
export type VcpuHandle = { readonly [vcpuHandle]: true };

/** The argument of an ioctl: `needed` bytes at `offset` of `view`. */
export interface NativeArgument {
  readonly request: number;
  readonly view: DataView;
  readonly offset: number;
  readonly needed: number;
}

/**
 * A function with many arguments takes them as one object. It reads each property once, and the result is -EINVAL when a
 * property is missing or has a wrong type.
 */
export interface NativeMemorySlot extends NativeArgument {
  readonly vm: VmHandle;
  readonly slot: number;
  /** The memory in the slot. Null empties the slot. */
  readonly memory: MemoryHandle | null;
}

export interface NativeVcpuCreation {
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
  readonly setMask: (NativeArgument & { readonly signals: number }) | null;
}

export interface Native {
  open(path: string): number;
  /** Takes the fd over. */
  fileCreate(fd: number): FileHandle;
  fileFd(file: FileHandle): number;
  fileRelease(file: FileHandle): void;
  /** A counter that wakes who waits for it; reading and writing it never block. */
  eventFd(): number;
  ioctl(fd: number, request: number, value: number | bigint): number;
  /**
   * `needed` bytes at `offset` of `view` must be there, and be as many as the request says, or the result is -EFAULT and
   * the kernel is not asked.
   */
  ioctlView(fd: number, request: number, view: DataView, offset: number, needed: number): number;

  /** Anonymous memory, or that of a new memfd of a name. */
  memoryCreate(length: number, name: string | null): MemoryHandle | number;
  /** -1 for anonymous memory. */
  memoryFd(memory: MemoryHandle): number;
  memoryLength(memory: MemoryHandle): number;
  memoryAddress(memory: MemoryHandle): bigint;
  /** A number by which other isolates find it while somebody holds it. */
  memoryId(memory: MemoryHandle): number;
  memoryFind(id: number): MemoryHandle | null;
  memoryWindow(memory: MemoryHandle, offset: number, length: number): ArrayBuffer | number;
  /** All windows made with this handle must be detached before. */
  memoryRelease(memory: MemoryHandle): void;
  detach(buffer: ArrayBuffer): void;

  vmCreate(fd: number): VmHandle;
  vmFd(vm: VmHandle): number;
  /** Sets a memory slot. The VM keeps the memory while it is in the slot. */
  vmSetMemory(slot: NativeMemorySlot): number;
  vmRelease(vm: VmHandle): void;

  /** Installs the handler of a kick signal. -EINVAL when it is not a real-time signal, -EBUSY when something else handles it. */
  claimSignal(signal: number): number;
  /** Takes the fd over, also when it fails. */
  vcpuCreate(vcpu: NativeVcpuCreation): VcpuHandle | number;
  vcpuBuffer(vcpu: VcpuHandle): ArrayBuffer;
  /** A number by which other isolates find it while somebody holds it. */
  vcpuId(vcpu: VcpuHandle): number;
  vcpuFind(id: number): VcpuHandle | null;
  vcpuFd(vcpu: VcpuHandle): number;
  /** The fd of its VM, which is open for as long as the handle holds the vCPU. */
  vcpuVmFd(vcpu: VcpuHandle): number;
  /** So many bytes more that the kernel shares, at an offset of the vCPU's fd. */
  vcpuMap(vcpu: VcpuHandle, offset: number, length: number): ArrayBuffer | number;
  vcpuIoctl(vcpu: VcpuHandle, request: number, value: number | bigint): number;
  vcpuIoctlView(vcpu: VcpuHandle, request: number, view: DataView, offset: number, needed: number): number;
  /** Undefined for an exit. For an interruption 1 kick, 2 abort, 3 timeout, 4 pause. */
  vcpuRun(vcpu: VcpuHandle): number | undefined;
  /** The same with a timeout in nanoseconds and a number for `abort`, each 0 for none. */
  vcpuRunWithin(vcpu: VcpuHandle, timeout: number, run: number): number | undefined;
  /** COMPLETED, or undefined for one more exit to serve. */
  vcpuComplete(vcpu: VcpuHandle): number | undefined;
  /**
   * -EBUSY while another thread runs it, if that matters. Otherwise the buffers made with this handle must be detached
   * right away.
   */
  vcpuRelease(vcpu: VcpuHandle, runMatters: boolean): number;
  /** `kick`, `abort` and `pause` return false when the vCPU of this id is gone. */
  kick(id: number): boolean;
  abort(id: number, run: number): boolean;
  /** Each call with true needs a call with false. */
  pause(id: number, paused: boolean): boolean;

  readonly COMPLETED: number;
  readonly SIGRTMIN: number;
  readonly SIGRTMAX: number;
}

let loaded: Native | undefined;

/** The addon, loaded when it is first needed. @throws RuntimeMissingError when it is not built. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  const { KVM_UAPI_ADDON } = process.env;
  const path = resolve(KVM_UAPI_ADDON ?? join(packageRoot(), 'build', 'kvm_uapi.node'));
  if (!existsSync(path)) {
    throw new RuntimeMissingError(
      `${path}: the native runtime is not built; install a C++17 compiler and make (Debian: apt-get install g++ make), then run 'npm run build:native' in the package`,
    );
  }
  try {
    return createRequire(import.meta.url)(path) as Native;
  } catch (error) {
    throw new RuntimeMissingError(`${path}: the native runtime cannot be loaded: ${(error as Error).message}`);
  }
}

/** A module of this package for a Worker to load: as JavaScript, wherever this one is read from. */
export function builtModule(name: string): URL {
  return pathToFileURL(join(packageRoot(), 'dist', `${name}.js`));
}

/** The folder of this package's package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
