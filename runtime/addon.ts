/**
 * The functions of the addon, with their types: plain functions over opaque references. A result below zero is -errno. A
 * function throws a TypeError for an argument of a wrong type, and for a reference that was released.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RuntimeMissingError } from './errors.js';

declare const fileRecord: unique symbol;
declare const memoryRecord: unique symbol;
declare const vmRecord: unique symbol;
declare const vcpuRecord: unique symbol;
declare const pollRecord: unique symbol;

/** A reference to a record of the native layer. The record is kept until the reference is released or collected. */
export type FileRecord = { readonly [fileRecord]: true };
export type MemoryRecord = { readonly [memoryRecord]: true };
export type VmRecord = { readonly [vmRecord]: true };
export type VcpuRecord = { readonly [vcpuRecord]: true };
export type PollRecord = { readonly [pollRecord]: true };

/** The argument of an ioctl: `needed` bytes at `offset` of `view`. */
interface AddonArgument {
  readonly request: number;
  readonly view: DataView;
  readonly offset: number;
  readonly needed: number;
}

/** A function with many arguments takes them as one object. It reads each property once. */
export interface AddonMemorySlot extends AddonArgument {
  readonly vm: VmRecord;
  /** Null for the lowest slot that is not in use. */
  readonly slot: number | null;
  /** The memory in the slot. Null empties the slot, and true keeps the memory that is in the slot. */
  readonly memory: MemoryRecord | null | true;
  /** The part of the memory that is in the slot. It is ignored unless there is a memory. */
  readonly memoryOffset: number;
  readonly length: number;
  /**
   * The offsets of the members `slot`, `memory_size` and `userspace_addr` in the argument. The native layer writes these
   * members itself.
   */
  readonly slotAt: number;
  readonly lengthAt: number;
  readonly addressAt: number;
}

/** Memory that is anonymous, or that of a memfd with a name. Without a `hugePageSize` its pages are those of the machine. */
export interface AddonMemoryCreation {
  readonly length: number;
  readonly name: string | null;
  readonly hugePageSize: number | null;
  readonly populate: boolean;
}

/** A mapping of whole pages of a file. Without a length it reaches to the end of the file. */
export interface AddonFileMapping {
  readonly fd: number;
  readonly offset: number;
  readonly length: number | null;
  readonly isPrivate: boolean;
  readonly populate: boolean;
}

/**
 * The array at the end of an argument: where it begins, the size of an element, and the offset and the size of the member that
 * counts the elements. All are in bytes.
 */
export type AddonTail = readonly [start: number, elementSize: number, countOffset: number, countSize: number];

/**
 * An ioctl of a file, a VM or a vCPU whose argument has the address of a value: KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR,
 * KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_CLEAR_DIRTY_LOG or KVM_X86_SET_MSR_FILTER.
 */
export interface AddonAttribute<Target> extends AddonArgument {
  readonly target: Target;
  /** The offset of the address in the argument. The native layer writes this member itself. */
  readonly addressAt: number;
  /** The value, which the kernel reads, writes or both. The native layer passes a copy to the kernel. */
  readonly value: DataView;
  /** The number of parts of the value, by default 1. They have equal lengths, and the argument has the address of each. */
  readonly parts?: number;
  /** The number of bytes from one address in the argument to the next. */
  readonly addressStep?: number;
}

/** An ioctl whose argument has addresses of this process. The native layer writes them. */
export interface AddonAddressedIoctl {
  readonly request: number;
  /** The memory that the kernel accesses, in blocks. The first block is the argument of the ioctl. */
  readonly blocks: readonly (DataView | MemoryRecord)[];
  /**
   * Three numbers for each block: its offset and its length in bytes, and 1 if the kernel's changes are copied back to the
   * DataView.
   */
  readonly parts: readonly number[];
  /**
   * Nine numbers for each address. The block with the address, and the offset of the address in the block. The block at the
   * address, or 0 for a null pointer. The offset and the size of the member of the block that counts the units at the address;
   * the size is 0 if there is one unit. The size of a unit. The offset and the size of another member, and its value: with
   * another value the address is not written. This size is 0 if the address is always written.
   */
  readonly links: readonly number[];
  /** Five numbers for each block that counts its own elements: the block, and an `AddonTail`. */
  readonly tails: readonly number[];
  /** Whether the kernel uses guest memories after the ioctl. Then the VM keeps them until it is closed. */
  readonly keeps: boolean;
}

export interface AddonVcpuCreation {
  readonly vm: VmRecord;
  /** The request number of KVM_CREATE_VCPU, and its argument. */
  readonly create: number;
  readonly id: number | bigint;
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
  /** The file descriptor of a vCPU to adopt, like `vmFromFd`. Null creates a vCPU. */
  readonly fd: number | null;
}

export interface Addon {
  open(path: string, cloexec: boolean): FileRecord | number;
  fileFd(file: FileRecord): number;
  fileRelease(file: FileRecord): void;
  /** Creates an eventfd. Reading and writing it never block. */
  eventFd(): FileRecord | number;
  /** The number by which other isolates find the eventfd while it is open. */
  eventId(event: FileRecord): number;
  eventFind(id: number): FileRecord | null;
  /** Returns the counter of an eventfd and sets it to 0. */
  eventTake(event: FileRecord): bigint | number;
  /** Adds 1 to the counter. The result is -EAGAIN if the counter cannot be greater. */
  eventSignal(event: FileRecord): number;
  /** Blocks this thread until the counter is not 0, for at most 50 ms. */
  eventWait(event: FileRecord, milliseconds: number): number;
  /** The event loop calls `ready` while the file is readable and `pollWait` says that something waits. */
  pollCreate(file: FileRecord, ready: () => void): PollRecord | number;
  /** Without a wait the reference to `ready` is weak. */
  pollWait(poll: PollRecord, waits: boolean, keepsAlive: boolean): number;
  pollRelease(poll: PollRecord): void;
  fileIoctl(file: FileRecord, request: number, value: number | bigint): number;
  /**
   * The argument is the `needed` bytes at `offset` of `view`. If they are not all inside the view, or are fewer than the
   * request says, the result is -EFAULT and no ioctl is made. This is so for `vmIoctlView` and `vcpuIoctlView` too.
   */
  fileIoctlView(file: FileRecord, request: number, view: DataView, offset: number, needed: number): number;
  /**
   * Like `fileIoctlView`, for an argument that counts its own elements. The ioctl is made on a copy. If the count in this copy
   * is too large for the copy, the result is TOO_SHORT and no ioctl is made.
   */
  fileIoctlTail(
    file: FileRecord,
    request: number,
    view: DataView,
    offset: number,
    needed: number,
    ...tail: AddonTail
  ): number;

  /**
   * Makes an ioctl on a value. The kernel can access more bytes than the value has: they are in memory of the native layer.
   * -E2BIG for a value of more than 64 MiB.
   */
  fileAttribute(attribute: AddonAttribute<FileRecord>): number;
  vmAttribute(attribute: AddonAttribute<VmRecord>): number;
  /** -EBUSY while another thread runs the vCPU. */
  vcpuAttribute(attribute: AddonAttribute<VcpuRecord>): number;

  /**
   * Adopts an open file of the caller: the record has a new file descriptor of it. The result is -EBADF for a number that is not
   * open, -EPROTOTYPE for a file of another kind, and -ENOTSUP without /proc. Of a character or block device:
   */
  driverFromFd(fd: number): FileRecord | number;
  /** Of /dev/kvm. */
  systemFromFd(fd: number): FileRecord | number;
  eventFromFd(fd: number): FileRecord | number;
  guestMemfdFromFd(fd: number): FileRecord | number;
  /**
   * The result is the record that this process has of the VM, if there is one. -EIO for a VM of another process, -ENOTSUP if the
   * kernel does not say which files are the same.
   */
  vmFromFd(fd: number): VmRecord | number;
  /** Like `vmFromFd`. -EXDEV for a device of another VM. */
  deviceFromFd(vm: VmRecord, fd: number): FileRecord | number;
  /** A new file descriptor, which the caller closes. */
  fileDuplicate(file: FileRecord, cloexec: boolean): number;
  vmDuplicate(vm: VmRecord, cloexec: boolean): number;
  vcpuDuplicate(vcpu: VcpuRecord, cloexec: boolean): number;
  /** -EBADF for anonymous memory. */
  memoryDuplicate(memory: MemoryRecord, cloexec: boolean): number;
  /** The size of the file in bytes. */
  fileSize(file: FileRecord): number;
  /** Whether reading and writing the file never block. */
  fileNeverBlocks(file: FileRecord): boolean;
  /** What the kernel calls the file with this number, or an empty text. */
  fdName(fd: number): string;

  memoryCreate(creation: AddonMemoryCreation): MemoryRecord | number;
  /**
   * The result is -ENODEV unless the file is a regular file, and -EINVAL unless the offset and the length are whole pages of the
   * file. The mapping does not use the file descriptor afterwards.
   */
  memoryOfFile(mapping: AddonFileMapping): MemoryRecord | number;
  /** The file descriptor of a memfd or of a shared file, or -1. */
  memoryFd(memory: MemoryRecord): number;
  memoryLength(memory: MemoryRecord): number;
  memoryPageSize(memory: MemoryRecord): number;
  /** How many pages the kernel could not provide. They were replaced by zeros. */
  memoryLostPages(memory: MemoryRecord): number;
  /** Frees whole pages: fallocate for a shared file, and madvise. -EINVAL unless they are whole pages of the memory. */
  memoryDiscard(memory: MemoryRecord, offset: number, length: number): number;
  /** madvise of whole pages. -EINVAL for advice that could change the contents or make an access fail. */
  memoryAdvise(memory: MemoryRecord, advice: string, offset: number, length: number): number;
  /** mbind of whole pages. The nodes are the bits of the `maskLength` bytes of `mask`. */
  memoryBind(
    memory: MemoryRecord,
    policy: string,
    mask: DataView,
    maskLength: number,
    offset: number,
    length: number,
  ): number;
  /** fallocate of a file, which keeps its size: allocates pages, or frees them. */
  fileAllocate(file: FileRecord, discard: boolean, offset: number, length: number): number;
  memoryAddress(memory: MemoryRecord): bigint;
  /** The number by which other isolates find the memory while it is open. */
  memoryId(memory: MemoryRecord): number;
  memoryFind(id: number): MemoryRecord | null;
  memoryWindow(memory: MemoryRecord, offset: number, length: number): ArrayBuffer | number;
  /**
   * Detaches all windows that were made with this reference. If JavaScript has moved the bytes of a window to another
   * ArrayBuffer, the memory stays until this ArrayBuffer is collected.
   */
  memoryRelease(memory: MemoryRecord): void;

  /** KVM_CREATE_VM. The result is -EBADF if the request creates no file of KVM. */
  vmCreate(system: FileRecord, request: number, type: number | bigint): VmRecord | number;
  /** The number by which other isolates find the VM while it is open. */
  vmId(vm: VmRecord): number;
  vmFind(id: number): VmRecord | null;
  vmOfVcpu(vcpu: VcpuRecord): VmRecord;
  /** Null for a file that no VM has created. */
  vmOfDevice(device: FileRecord): VmRecord | null;
  /** The number by which other isolates find the device of a VM while it is open. */
  deviceId(device: FileRecord): number;
  deviceFind(id: number): FileRecord | null;
  /** Records the type of the device of a VM. -EINVAL if another type is recorded. */
  deviceSetType(device: FileRecord, type: number): number;
  /** The recorded type, or -1. */
  deviceType(device: FileRecord): number;
  /** Records the result of KVM_GET_VCPU_MMAP_SIZE. -EINVAL if another size is recorded. */
  vmSetVcpuBytes(vm: VmRecord, bytes: number): number;
  /** The recorded size in bytes, or 0. */
  vmVcpuBytes(vm: VmRecord): number;
  vmFd(vm: VmRecord): number;
  vmIoctl(vm: VmRecord, request: number, value: number | bigint): number;
  vmIoctlView(vm: VmRecord, request: number, view: DataView, offset: number, needed: number): number;
  vmIoctlTail(
    vm: VmRecord,
    request: number,
    view: DataView,
    offset: number,
    needed: number,
    ...tail: AddonTail
  ): number;
  /**
   * Makes an ioctl that creates a file. Its argument is the `needed` bytes at `offset` of `view`, or nothing. The kernel
   * writes the file descriptor to the argument at `fdOffset`, or returns it if this is null.
   */
  vmCreateFile(
    vm: VmRecord,
    request: number,
    view: DataView | null,
    offset: number,
    needed: number,
    fdOffset: number | null,
  ): FileRecord | number;
  /**
   * Makes an ioctl with addresses, on copies of the bytes. If a block has fewer elements than it counts, the result is
   * TOO_SHORT. If the description of the ioctl is wrong, the result is -EFAULT. In both cases no ioctl is made.
   */
  vmIoctlAddressed(ioctl: AddonAddressedIoctl & { readonly target: VmRecord }): number;
  /**
   * Sets a memory slot, and returns its number. The VM keeps the memory while it is in the slot. The result is -EEXIST if the slot
   * is in use, and if the kernel finds that the addresses overlap those of another slot.
   */
  vmSetMemory(slot: AddonMemorySlot): number;
  /** The numbers of the slots in use, lowest first. */
  vmSlots(vm: VmRecord): number[];
  /** A copy of the argument of the ioctl that has set the slot. Null for a slot that is not in use. */
  vmSlotRegion(vm: VmRecord, slot: number): ArrayBuffer | null;
  /**
   * Makes an ioctl on a part of a memory. The native layer writes the address and the length into an argument of zeros. The result
   * is -EINVAL if the part is not inside the memory, and -EFAULT if a member is not inside the argument.
   */
  vmIoctlMemory(
    vm: VmRecord,
    request: number,
    memory: MemoryRecord,
    offset: number,
    length: number,
    addressAt: number,
    lengthAt: number,
  ): number;
  /**
   * KVM_GET_DIRTY_LOG into the memory, which has to be long enough for the slot: otherwise -E2BIG. The native layer makes the
   * argument of `size` bytes, whose members `slot` and `dirty_bitmap` are at the given offsets.
   */
  vmGetDirtyLog(
    vm: VmRecord,
    request: number,
    slot: number,
    memory: MemoryRecord,
    size: number,
    slotAt: number,
    addressAt: number,
  ): number;
  /** Records that the vCPUs of this VM have dirty rings of this size. -EINVAL if they have rings of another size. */
  vmSetDirtyRing(vm: VmRecord, bytes: number): number;
  /** The size of the dirty rings in bytes, or 0. */
  vmDirtyRing(vm: VmRecord): number;
  vmRelease(vm: VmRecord): void;

  /** Requests the permission that guests of this process use a state component of XSAVE. */
  requestXcompGuestPerm(feature: number): number;

  /** Installs the handler of a kick signal. -EINVAL when it is not a real-time signal, -EBUSY when something else handles it. */
  claimSignal(signal: number): number;
  /** KVM_CREATE_VCPU. */
  vcpuCreate(vcpu: AddonVcpuCreation): VcpuRecord | number;
  vcpuBuffer(vcpu: VcpuRecord): ArrayBuffer;
  /** The number by which other isolates find the vCPU while it is open. */
  vcpuId(vcpu: VcpuRecord): number;
  vcpuFind(id: number): VcpuRecord | null;
  vcpuFd(vcpu: VcpuRecord): number;
  /** Makes an ioctl of the VM, which is open as long as the vCPU is. It works while the vCPU runs, too. */
  vcpuVmIoctl(vcpu: VcpuRecord, request: number, value: number | bigint): number;
  /** Makes an ioctl without an argument that creates a file. */
  vcpuCreateFile(vcpu: VcpuRecord, request: number): FileRecord | number;
  vcpuIsOf(vcpu: VcpuRecord, vm: VmRecord): boolean;
  /**
   * Maps the dirty ring of the vCPU, which is at an offset of its file descriptor. The result is 0, -ENODEV if its VM has no
   * rings, and -EINVAL if the kernel does not have all of this memory or the ring is mapped at another offset.
   */
  vcpuDirtyRing(vcpu: VcpuRecord, offset: number): number;
  /**
   * Returns a copy of the entries whose flags are `dirty`, and sets their flags to `harvested`. The native layer keeps the
   * position of the next harvest. The result is -ENODEV if the ring is not mapped.
   */
  vcpuHarvest(
    vcpu: VcpuRecord,
    entrySize: number,
    flagsAt: number,
    dirty: number,
    harvested: number,
  ): ArrayBuffer | number;
  /**
   * Acquires the lock of the ring of coalesced writes. The result is 0, -EAGAIN if another thread has held the lock for 50 ms, and
   * -EDEADLK if this thread holds it. The end of the isolate releases its locks.
   */
  ringLock(vcpu: VcpuRecord): number;
  /** Releases the lock that this thread has acquired last. */
  ringUnlock(): boolean;
  vcpuIoctl(vcpu: VcpuRecord, request: number, value: number | bigint): number;
  vcpuIoctlView(vcpu: VcpuRecord, request: number, view: DataView, offset: number, needed: number): number;
  vcpuIoctlTail(
    vcpu: VcpuRecord,
    request: number,
    view: DataView,
    offset: number,
    needed: number,
    ...tail: AddonTail
  ): number;
  /** Like `vmIoctlAddressed`. */
  vcpuIoctlAddressed(ioctl: AddonAddressedIoctl & { readonly target: VcpuRecord }): number;
  /** Undefined for an exit. For an interruption 1 kick, 2 abort, 3 timeout, 4 pause, 5 process signal. */
  vcpuRun(vcpu: VcpuRecord): number | undefined;
  /**
   * Like `vcpuRun`, with a timeout in nanoseconds and a number for `abort`. Each may be 0 for none. `processSignals` is whether
   * process signals interrupt the run. -ENOTSUP when they cannot.
   */
  vcpuRunWithin(vcpu: VcpuRecord, timeout: number, run: number, processSignals: boolean): number | undefined;
  /** COMPLETED, or undefined for a further exit that has to be served. */
  vcpuComplete(vcpu: VcpuRecord): number | undefined;
  /**
   * With `refuse` the result is -EBUSY while another thread runs the vCPU. Otherwise the buffers that were made with this
   * reference are detached, as by `memoryRelease`.
   */
  vcpuRelease(vcpu: VcpuRecord, refuse: boolean): number;
  /** `kick`, `abort` and `pause` return false when the vCPU of this id is gone. */
  kick(id: number): boolean;
  abort(id: number, run: number): boolean;
  /** Each call with true needs a call with false of the same isolate. The end of the isolate ends all its pauses. */
  pause(id: number, paused: boolean): boolean;

  readonly COMPLETED: number;
  readonly TOO_SHORT: number;
  /** A random number of 53 bits that is the same in all isolates of this process. */
  readonly GENERATION: number;
  /** The page size of this machine in bytes. */
  readonly PAGE_SIZE: number;
  readonly SIGRTMIN: number;
  readonly SIGRTMAX: number;
}

/** The name of the file of the addon. */
const addonName = 'kvm_uapi.node';

/** The machines for which the package has a compiled addon. */
const machines: readonly string[] = ['linux-x64-glibc', 'linux-arm64-glibc'];

/** The name of the module of the Worker beside a bundle, without its extension. docs/bundlers-and-tests.md describes it. */
const workerName = 'kvm-uapi-worker';

let loaded: Addon | undefined;
let path: string | undefined;

/** The addon. It is loaded when it is first needed. @throws RuntimeMissingError when it is not found or cannot be loaded. */
export function addon(): Addon {
  loaded ??= load(addonPath());
  return loaded;
}

/** The path of the addon. @throws RuntimeMissingError when this module is in a bundle, and the addon is not beside it. */
export function addonPath(): string {
  path ??= findAddon();
  return path;
}

/** Makes this thread load the addon of another thread. Two files of the addon in one process know nothing of each other. */
export function useAddon(addon: string): void {
  path = addon;
}

function load(addon: string): Addon {
  if (!existsSync(addon)) throw new RuntimeMissingError(addon, `the native runtime is not found; ${howToGetIt()}`);
  try {
    return createRequire(here())(addon) as Addon;
  } catch (error) {
    const advice =
      addon.includes(`${sep}${publishedFor()}${sep}`) && libraryName() !== 'glibc' ? `; ${howToGetIt()}` : '';
    throw new RuntimeMissingError(addon, `the native runtime cannot be loaded: ${(error as Error).message}${advice}`);
  }
}

function findAddon(): string {
  const { KVM_UAPI_ADDON } = process.env;
  if (KVM_UAPI_ADDON) return resolve(KVM_UAPI_ADDON);
  const beside = besideThis(addonName);
  if (existsSync(beside)) return beside;
  const root = findPackage();
  if (root === undefined) {
    throw new RuntimeMissingError(
      beside,
      `the native runtime is not found; copy ${addonName} from the folder build of the package kvm-uapi beside the bundle, or set the environment variable KVM_UAPI_ADDON to its path`,
    );
  }
  const built = join(root, 'build', addonName);
  const published = join(root, 'build', publishedFor(), addonName);
  return existsSync(published) && !existsSync(built) ? published : built;
}

/** The name of the folder of a published addon: platform, processor and C library, such as linux-x64-glibc. */
function publishedFor(library: string = 'glibc'): string {
  return `${process.platform}-${process.arch}-${library}`;
}

/**
 * The C library of this process. Node is linked with glibc or with musl. The report takes more time than loading the runtime, so only
 * errors call this function.
 */
function libraryName(): 'glibc' | 'musl' {
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function howToGetIt(): string {
  if (process.platform !== 'linux') return `KVM is a part of Linux, and this system is ${process.platform}`;
  const machine = publishedFor(libraryName());
  const build = "install a C++17 compiler and make (Debian: apt-get install g++ make), then run 'npx kvm-uapi build'";
  if (machines.includes(machine))
    return `the package of npm has it for this machine, ${machine}: install it again, or ${build}`;
  return `the package has it for ${machines.join(' and ')}, and this machine is ${machine}; ${build}`;
}

/**
 * Returns the URL of a module that imports the module of the Worker of `VcpuThread`. With `--input-type` Node refuses a Worker
 * whose module is a file.
 *
 * @throws RuntimeMissingError when this module is in a bundle, and the module of the Worker is not beside it.
 */
export function threadWorker(): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(findThreadWorker().href)};`)}`);
}

function findThreadWorker(): URL {
  const candidates = ['js', 'mjs', 'cjs'].map((extension) => besideThis(`${workerName}.${extension}`));
  const beside = candidates.find(existsSync);
  if (beside !== undefined) return pathToFileURL(beside);
  if (findPackage() !== undefined) return builtModule('runtime/thread/worker');
  throw new RuntimeMissingError(
    candidates[0] as string,
    `the module of the Worker is not found; bundle kvm-uapi/worker as a second entry with the name ${workerName} beside the bundle`,
  );
}

/** The built module of this package with this name, for a Worker. It is JavaScript even if this file is run as TypeScript. */
export function builtModule(name: string): URL {
  return pathToFileURL(join(packageRoot(), 'dist', `${name}.js`));
}

/** The folder of this package. @throws RuntimeMissingError when this module is in a bundle, and the package is not installed. */
export function packageRoot(): string {
  const root = findPackage();
  if (root !== undefined) return root;
  throw new RuntimeMissingError('kvm-uapi/package.json', `the package kvm-uapi is not found from ${here()}`);
}

/** The folder of this package. Node finds it by the package's name, from the sources and from what is built. */
function findPackage(): string | undefined {
  try {
    return dirname(createRequire(here()).resolve('kvm-uapi/package.json'));
  } catch {
    return undefined;
  }
}

/** The path of a file in the folder of this module, or of the bundle that contains it. */
function besideThis(name: string): string {
  return fileURLToPath(new URL(name, here()));
}

/** The URL of this module, or of the bundle that contains it. Some bundlers leave out `import.meta.url` in CommonJS. */
function here(): string {
  return import.meta.url ?? pathToFileURL(__filename).href;
}
