/**
 * Random calls of the functions of the native layer, without the TypeScript layer: right and wrong values, handles of all
 * kinds, released handles and handles of the other isolate, in any order. A call returns, or throws a TypeError.
 *
 * The native layer has no facts about ioctls: which bytes the kernel accesses, and where a count is, comes from the bindings.
 * So these facts are right or of a wrong type, but never the facts of another ioctl.
 */

import { closeSync } from 'node:fs';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { type Addon, type AddonTail, addon, type MemoryRecord, type VcpuRecord } from '../../runtime/addon.js';
import type { FlexibleTail } from '../../support/index.js';

/** The functions of the native layer. */
type NativeFunction = {
  [Name in keyof Addon]: Addon[Name] extends (...values: never[]) => unknown ? Name : never;
}[keyof Addon];

/** What a call did. */
export interface CallCounts {
  calls: number;
  /** The calls that returned. */
  returned: number;
  /** The calls that threw a TypeError. */
  refused: number;
  /** The functions of the native layer that are not among the calls. */
  readonly notCalled: readonly string[];
}

export interface CallOptions {
  readonly seed: number;
  readonly count: number;
  /** The ids of memories and vCPUs, which both isolates write and read. */
  readonly ids: Float64Array;
  /** One word of this isolate: the id of the vCPU that it runs, or 0. A third thread kicks this vCPU. */
  readonly running: Float64Array;
  /** Called before each call with its name and arguments. */
  readonly trace: (call: string) => void;
}

/** Returns a random integer from 0 to below `limit`. */
type Random = (limit: number) => number;

/** Mulberry32. The same seed gives the same numbers. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const kinds = ['file', 'memory', 'vm', 'vcpu', 'poll'] as const;
type Kind = (typeof kinds)[number];
const releases = {
  file: (handle) => addon().fileRelease(handle),
  memory: (handle) => addon().memoryRelease(handle),
  vm: (handle) => addon().vmRelease(handle),
  vcpu: (handle) => addon().vcpuRelease(handle, false),
  poll: (handle) => addon().pollRelease(handle),
} satisfies Record<Kind, (handle: never) => unknown>;

/** Before a pool grows beyond this, its oldest handle is released. */
const poolSize = 8;
/** The kernel accesses at most the middle half of each buffer. */
const bufferBytes = 0x8000;
const guardByte = 0xa5;

/** Ioctls without an address in the argument, which create nothing. No address of this process is as small or as large. */
const requests = [
  kvm.KVM_GET_API_VERSION,
  kvm.KVM_CHECK_EXTENSION,
  kvm.KVM_GET_VCPU_MMAP_SIZE,
  kvm.KVM_NMI,
  kvm.KVM_GET_TSC_KHZ,
  kvm.KVM_CREATE_IRQCHIP,
  kvm.KVM_KVMCLOCK_CTRL,
].map(({ request }) => request);
const words = [0, 1, 2, 3, 4095, 2 ** 53 - 1, 2n ** 63n, 2n ** 64n - 1n];
const structs = [
  kvm.KVM_GET_REGS,
  kvm.KVM_GET_SREGS,
  kvm.KVM_GET_FPU,
  kvm.KVM_SET_FPU,
  kvm.KVM_GET_MP_STATE,
  kvm.KVM_GET_DEBUGREGS,
  kvm.KVM_GET_XSAVE,
  kvm.KVM_GET_LAPIC,
  kvm.KVM_GET_CLOCK,
  kvm.KVM_GET_PIT2,
  kvm.KVM_GET_IRQCHIP,
].map(({ request }) => request);
const counted = [
  kvm.KVM_GET_SUPPORTED_CPUID,
  kvm.KVM_GET_MSR_INDEX_LIST,
  kvm.KVM_GET_CPUID2,
  kvm.KVM_SET_CPUID2,
  kvm.KVM_GET_MSRS,
  kvm.KVM_SET_GSI_ROUTING,
].map(({ request, argument }): [number, ...AddonTail] => {
  const { offset, elementSize, countedBy } = (argument as unknown as { readonly $flexible: FlexibleTail }).$flexible;
  const { members } = argument.$layout as { readonly members: Record<string, { offset: number; size: number }> };
  const count = members[countedBy ?? ''];
  if (count === undefined) throw new Error(`${request}: nothing counts the elements`);
  return [request, offset, elementSize, count.offset, count.size];
});

/** The functions of the addon with test hooks, which are not part of the product. */
const hooks: ReadonlySet<string> = new Set([
  'holdGap',
  'releaseGap',
  'awaitGap',
  'setChanged',
  'sent',
  'refused',
  'stray',
  'kickAside',
  'isKickingAside',
]);

/** The calls of one isolate. */
class Calls {
  readonly counts: CallCounts;
  readonly #random: Random;
  readonly #ids: Float64Array;
  readonly #running: Float64Array;
  readonly #trace: CallOptions['trace'];
  readonly #pools: Record<Kind, object[]> = { file: [], memory: [], vm: [], vcpu: [], poll: [] };
  readonly #released: object[] = [];
  readonly #buffers = Array.from({ length: 4 }, () => new ArrayBuffer(bufferBytes));
  readonly #signals: readonly number[];

  constructor({ seed, ids, running, trace }: CallOptions) {
    this.#random = randomOf(seed);
    this.#ids = ids;
    this.#running = running;
    this.#trace = trace;
    const { SIGRTMAX } = addon();
    this.#signals = [SIGRTMAX - 1, SIGRTMAX - 2];
    for (const buffer of this.#buffers) new Uint8Array(buffer).fill(guardByte);
    const functions = Object.entries(addon()).filter(
      ([name, value]) => typeof value === 'function' && !hooks.has(name),
    );
    const notCalled = functions.map(([name]) => name).filter((name) => !(name in this.#rows));
    this.counts = { calls: 0, returned: 0, refused: 0, notCalled };
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#random(of.length)] as T;
  }

  #chance(percent: number): boolean {
    return this.#random(100) < percent;
  }

  #handle(kind: Kind): unknown {
    return this.#pools[kind].length === 0 ? null : this.#one(this.#pools[kind]);
  }

  #view(): DataView {
    const view = new DataView(this.#one(this.#buffers), bufferBytes / 4, bufferBytes / 2);
    // The count of an argument is its first member.
    if (this.#chance(30)) view.setUint32(0, this.#one([0, 1, 4, 100, 2 ** 31, 2 ** 32 - 1]), true);
    return view;
  }

  /**
   * The struct of a memory slot. The guest begins 16 bytes before 4 GiB. If it has memory there, it executes some zeros and
   * leaves the memory.
   */
  #region(): DataView {
    const view = new DataView(new ArrayBuffer(256));
    const { offset } = kvm.KvmUserspaceMemoryRegion.$layout.members.guest_phys_addr;
    view.setBigUint64(offset, this.#one([0xffff_f000n, 0x1000_0000n]), true);
    return view;
  }

  /** Any value. */
  #junk(): unknown {
    const any = kinds.flatMap((kind) => this.#pools[kind]);
    return this.#one<() => unknown>([
      () => undefined,
      () => null,
      () =>
        this.#one([-1, -0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64, -(2 ** 63)]),
      () => this.#one([-1n, 2n ** 64n, 2n ** 200n]),
      () => this.#one(['', '1', 'x'.repeat(5000), '\0', '\u{1f600}']),
      () => this.#chance(50),
      () => Symbol('junk'),
      () => ({}),
      () => [],
      () => () => 1,
      () => Object.create(null),
      () => new Proxy(this.#view(), {}),
      () => new Uint8Array(16),
      () => new ArrayBuffer(16),
      () => new SharedArrayBuffer(16),
      () => this.#detached(),
      () => ({ valueOf: () => 0, toString: () => '0' }),
      () => this.#one(any.length > 0 ? any : [null]),
      () => this.#one(this.#released.length > 0 ? this.#released : [null]),
      () => Object.create(this.#one(any.length > 0 ? any : [null]) as object | null),
    ])();
  }

  #detached(): DataView {
    const buffer = new ArrayBuffer(64);
    const view = new DataView(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    return view;
  }

  /** A value that is not of the type of any fact about an ioctl. */
  #noNumber(): unknown {
    const value = this.#junk();
    return typeof value === 'number' || typeof value === 'bigint' || value === null ? 'no number' : value;
  }

  #offset = (): unknown => this.#one([0, 0, 0, 1, 8, 64, 4096, bufferBytes / 2, 2 ** 40]);
  #needed = (): unknown => this.#one([0, 4, 64, 512, 4096, 4096, bufferBytes / 2, 2 ** 40]);
  #length = (): unknown => this.#one([0, 1, 4096, 4096, 8192, 2 ** 20, 2 ** 40]);
  #id = (): unknown => this.#one([...this.#ids, 0, 1, 2 ** 32, 2 ** 53 - 1]);
  #bool = (): unknown => this.#chance(50);
  #request = (): unknown => this.#one([...requests, 0, 2 ** 32 - 1]);
  #word = (): unknown => this.#one(words);
  /** Right arguments of each function. `notCalled` names the functions without a row. */
  readonly #rows: Readonly<Partial<Record<NativeFunction, () => readonly unknown[]>>> = {
    open: () => [this.#one(['/dev/kvm', '/dev/kvm', '/dev/null', '/dev/zero', '/no/such/file']), this.#bool()],
    driverFromFd: () => [this.#fd()],
    systemFromFd: () => [this.#fd()],
    // Another eventfd could be that of an event loop of Node.
    eventFromFd: () => [this.#fdOf('file')],
    guestMemfdFromFd: () => [this.#fd()],
    vmFromFd: () => [this.#fd()],
    deviceFromFd: () => [this.#handle('vm'), this.#fd()],
    fileDuplicate: () => [this.#handle('file'), this.#bool()],
    vmDuplicate: () => [this.#handle('vm'), this.#bool()],
    vcpuDuplicate: () => [this.#handle('vcpu'), this.#bool()],
    memoryDuplicate: () => [this.#handle('memory'), this.#bool()],
    fileSize: () => [this.#handle('file')],
    fileNeverBlocks: () => [this.#handle('file')],
    fdName: () => [this.#fd()],
    fileFd: () => [this.#handle('file')],
    fileRelease: () => [this.#handle('file')],
    eventFd: () => [],
    eventId: () => [this.#handle('file')],
    eventFind: () => [this.#id()],
    eventTake: () => [this.#handle('file')],
    eventSignal: () => [this.#handle('file')],
    eventWait: () => [this.#handle('file'), this.#one([0, 0, 1, -1])],
    pollCreate: () => [this.#handle('file'), () => {}],
    pollWait: () => [this.#handle('poll'), this.#bool(), this.#bool()],
    pollRelease: () => [this.#handle('poll')],
    fileAttribute: () => [this.#attribute('file')],
    vmAttribute: () => [this.#attribute('vm')],
    vcpuAttribute: () => [this.#attribute('vcpu')],
    fileIoctl: () => this.#wordCall('file'),
    fileIoctlView: () => this.#viewCall('file'),
    fileIoctlTail: () => this.#tailCall('file'),
    memoryCreate: () => [this.#memoryCreation()],
    memoryOfFile: () => [this.#fileMapping()],
    memoryPageSize: () => [this.#handle('memory')],
    memoryLostPages: () => [this.#handle('memory')],
    memoryDiscard: () => [this.#handle('memory'), this.#offset(), this.#length()],
    memoryAdvise: () => [
      this.#handle('memory'),
      this.#one(['MADV_MERGEABLE', 'MADV_HUGEPAGE', 'MADV_COLD', 'MADV_GUARD_INSTALL']),
      this.#offset(),
      this.#length(),
    ],
    memoryBind: () => [
      this.#handle('memory'),
      this.#one(['MPOL_BIND', 'MPOL_DEFAULT', 'MPOL_NONE']),
      this.#view(),
      this.#one([0, 1, 8, 128, 2 ** 40]),
      this.#offset(),
      this.#length(),
    ],
    fileAllocate: () => [this.#handle('file'), this.#bool(), this.#offset(), this.#length()],
    memoryFd: () => [this.#handle('memory')],
    memoryLength: () => [this.#handle('memory')],
    memoryAddress: () => [this.#handle('memory')],
    memoryId: () => [this.#handle('memory')],
    memoryFind: () => [this.#id()],
    memoryWindow: () => [this.#handle('memory'), this.#offset(), this.#length()],
    memoryRelease: () => [this.#handle('memory')],
    vmCreate: () => [
      this.#handle('file'),
      this.#one([kvm.KVM_CREATE_VM.request, this.#request()]),
      this.#one([0, 0, 1]),
    ],
    vmId: () => [this.#handle('vm')],
    vmFind: () => [this.#id()],
    vmOfVcpu: () => [this.#handle('vcpu')],
    vmOfDevice: () => [this.#handle('file')],
    deviceId: () => [this.#handle('file')],
    deviceFind: () => [this.#id()],
    deviceSetType: () => [this.#handle('file'), this.#random(4)],
    deviceType: () => [this.#handle('file')],
    vmSetVcpuBytes: () => [this.#handle('vm'), this.#length()],
    vmVcpuBytes: () => [this.#handle('vm')],
    vmFd: () => [this.#handle('vm')],
    vmIoctl: () => this.#wordCall('vm'),
    vmIoctlView: () => this.#viewCall('vm'),
    vmIoctlTail: () => this.#tailCall('vm'),
    vmCreateFile: () => this.#fileCall(),
    vmSlots: () => [this.#handle('vm')],
    vmSlotRegion: () => [this.#handle('vm'), this.#random(4)],
    vmGetDirtyLog: () => [
      this.#handle('vm'),
      kvm.KVM_GET_DIRTY_LOG.request,
      this.#random(4),
      this.#handle('memory'),
      this.#one([16, 16, 4096, 8]),
      this.#one([0, 4]),
      8,
    ],
    vmIoctlMemory: () => [
      this.#handle('vm'),
      this.#one([kvm.KVM_MEMORY_ENCRYPT_REG_REGION, kvm.KVM_MEMORY_ENCRYPT_UNREG_REGION]).request,
      this.#handle('memory'),
      this.#offset(),
      this.#length(),
      this.#one([0, 0, 8, 2 ** 40]),
      this.#one([8, 8, 0, 2 ** 40]),
    ],
    vmSetMemory: () => [this.#slot()],
    vmSetDirtyRing: () => [this.#handle('vm'), this.#one([4096, 8192, 2 ** 40])],
    vmDirtyRing: () => [this.#handle('vm')],
    vmRelease: () => [this.#handle('vm')],
    requestXcompGuestPerm: () => [this.#one([0, 17, 18, 63, 2 ** 32 - 1])],
    claimSignal: () => [this.#one([...this.#signals, 1, 9, 33, 65])],
    vcpuCreate: () => [this.#vcpuCreation()],
    vcpuBuffer: () => [this.#handle('vcpu')],
    vcpuId: () => [this.#handle('vcpu')],
    vcpuFind: () => [this.#id()],
    vcpuFd: () => [this.#handle('vcpu')],
    vcpuVmIoctl: () => this.#wordCall('vcpu'),
    vcpuCreateFile: () => [this.#handle('vcpu'), this.#one([kvm.KVM_GET_STATS_FD.request, this.#request()])],
    vcpuIsOf: () => [this.#handle('vcpu'), this.#handle('vm')],
    vcpuDirtyRing: () => [this.#handle('vcpu'), this.#one([0, 4096 * kvm.KVM_DIRTY_LOG_PAGE_OFFSET, 1, 2 ** 40])],
    vcpuHarvest: () => [this.#handle('vcpu'), this.#one([16, 4, 0, 3]), this.#one([0, 12, 1]), 1, 2],
    ringLock: () => [this.#handle('vcpu')],
    ringUnlock: () => [],
    vmIoctlAddressed: () => [this.#addressed('vm')],
    vcpuIoctlAddressed: () => [this.#addressed('vcpu')],
    vcpuIoctl: () => this.#wordCall('vcpu'),
    vcpuIoctlView: () => this.#viewCall('vcpu'),
    vcpuIoctlTail: () => this.#tailCall('vcpu'),
    vcpuRun: () => [this.#handle('vcpu')],
    vcpuRunWithin: () => [this.#handle('vcpu'), this.#one([0, 1, 1_000_000]), this.#random(1000), this.#bool()],
    vcpuComplete: () => [this.#handle('vcpu')],
    vcpuRelease: () => [this.#handle('vcpu'), this.#bool()],
    kick: () => [this.#id()],
    abort: () => [this.#id(), this.#random(1000)],
    pause: () => [this.#id(), this.#bool()],
  };

  #wordCall(kind: Kind): unknown[] {
    return [this.#handle(kind), this.#request(), this.#word()];
  }

  #viewCall(kind: Kind): unknown[] {
    return [this.#handle(kind), this.#one(structs), this.#view(), this.#offset(), this.#needed()];
  }

  #tailCall(kind: Kind): unknown[] {
    const [request, ...tail] = this.#one(counted);
    return [this.#handle(kind), request, this.#view(), this.#offset(), this.#needed(), ...tail];
  }

  /** The file descriptor of a handle. */
  #fdOf(kind: 'file' | 'vm' | 'vcpu'): unknown {
    const handle = this.#handle(kind) as never;
    if (handle === null) return -1;
    try {
      return { file: addon().fileFd, vm: addon().vmFd, vcpu: addon().vcpuFd }[kind](handle);
    } catch {
      // The other properties of this object have released the handle.
      return -1;
    }
  }

  #fd(): unknown {
    return this.#one([this.#random(64), this.#fdOf('file'), this.#fdOf('vm'), this.#fdOf('vcpu'), 2 ** 31 - 1, -1]);
  }

  #attribute(kind: Kind): unknown {
    const { KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR, KvmDeviceAttr } = kvm;
    const { request } = this.#one([KVM_GET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR]);
    const view = new DataView(new ArrayBuffer(KvmDeviceAttr.$size));
    const value = this.#chance(50) ? this.#view() : new DataView(new ArrayBuffer(this.#one([0, 4, 8])));
    const addressAt = this.#one([KvmDeviceAttr.$layout.members.addr.offset, KvmDeviceAttr.$size, 2 ** 40]);
    const parts = this.#one([{}, {}, { parts: 2, addressStep: 8 }, { parts: 0 }, { parts: 2 ** 40, addressStep: 8 }]);
    return {
      target: this.#handle(kind),
      request,
      view,
      offset: 0,
      needed: view.byteLength,
      addressAt,
      value,
      ...parts,
    };
  }

  #fileCall(): unknown[] {
    const { KVM_CREATE_DEVICE, KvmCreateDevice, KVM_GET_STATS_FD } = kvm;
    if (this.#chance(50)) return [this.#handle('vm'), KVM_GET_STATS_FD.request, null, 0, 0, null];
    const view = new DataView(new ArrayBuffer(KvmCreateDevice.$size));
    view.setUint32(0, this.#one([kvm.KVM_DEV_TYPE_VFIO, 1, 2, 2 ** 31]), true);
    const { offset } = KvmCreateDevice.$layout.members.fd;
    return [
      this.#handle('vm'),
      KVM_CREATE_DEVICE.request,
      view,
      0,
      KvmCreateDevice.$size,
      this.#one([offset, offset, 0, 8]),
    ];
  }

  #memoryCreation(): object {
    return {
      // A wrong value for `populate` can be true. The kernel then allocates all pages.
      length: this.#one([0, 1, 4096, 8192, 2 ** 20]),
      name: this.#one([null, null, 'fuzz']),
      hugePageSize: this.#one([null, null, null, 2 ** 21, 4096, 3]),
      populate: false,
    };
  }

  /** The guest may write to the memory, so a file is never shared, except for a memfd of this isolate. */
  #fileMapping(): object {
    const memory = this.#handle('memory') as MemoryRecord | null;
    const fd = memory === null ? -1 : addon().memoryFd(memory);
    return {
      fd: this.#one([fd, fd, -1, 2 ** 20]),
      offset: this.#offset(),
      length: this.#one([null, this.#length()]),
      isPrivate: true,
      populate: this.#bool(),
    };
  }

  #slot(): object {
    const { slot, memory_size, userspace_addr } = kvm.KvmUserspaceMemoryRegion.$layout.members;
    return {
      vm: this.#handle('vm'),
      request: kvm.KVM_SET_USER_MEMORY_REGION.request,
      view: this.#region(),
      offset: 0,
      needed: this.#one([kvm.KVM_SET_USER_MEMORY_REGION.size, 32, 256, 31]),
      slot: this.#one([0, 1, 2, 3, null]),
      memory: this.#one([this.#handle('memory'), this.#handle('memory'), null, true]),
      memoryOffset: this.#offset(),
      length: this.#length(),
      slotAt: slot.offset,
      lengthAt: memory_size.offset,
      addressAt: userspace_addr.offset,
    };
  }

  /**
   * An ioctl with addresses. KVM_MEMORY_ENCRYPT_OP fails on a machine without memory encryption, so the kernel follows no
   * address.
   */
  #addressed(kind: 'vm' | 'vcpu'): object {
    const own = (): DataView => new DataView(new ArrayBuffer(this.#one([24, 4096, bufferBytes])));
    const block = (): unknown => this.#one([own(), own(), this.#handle('memory')]);
    const blocks = Array.from({ length: 1 + this.#random(4) }, block);
    const [offset, length] = [(): unknown => this.#one([0, 0, 8, 4096, 2 ** 40]), (): unknown => this.#length()];
    const place = (): unknown => this.#one([0, 8, 16, 24, 4088, 4095, 2 ** 40, 2 ** 53 - 1]);
    const number = (): unknown => this.#random(blocks.length + 1);
    const link = (): unknown[] => {
      const [count, size] = [place(), this.#one([0, 1, 2, 4, 8, 3])];
      const only = [place(), this.#one([0, 0, 4, 9]), this.#one([0, 1, 0xa5a5_a5a5])];
      return [number(), place(), number(), count, size, this.#one([1, 16, 4096, 0]), ...only];
    };
    const times = (most: number, make: () => unknown[]): unknown[] =>
      Array.from({ length: this.#random(most + 1) }, make).flat();
    return {
      target: this.#handle(kind),
      request: this.#one([kvm.KVM_MEMORY_ENCRYPT_OP.request, 0]),
      blocks,
      parts: blocks.flatMap(() => [offset(), length(), this.#random(2)]),
      links: times(4, link),
      tails: times(2, () => [number(), place(), this.#one([1, 40, 0]), place(), this.#one([4, 8, 3])]),
      keeps: this.#bool(),
    };
  }

  #vcpuCreation(): object {
    const { KVM_SET_SIGNAL_MASK: mask, KvmSignalMask } = kvm;
    const view = new DataView(new ArrayBuffer(KvmSignalMask.$size + 8));
    view.setUint32(0, 8, true);
    const signals = KvmSignalMask.$flexible.offset;
    const setMask = { request: mask.request, view, offset: 0, needed: view.byteLength, signals };
    return {
      vm: this.#handle('vm'),
      create: kvm.KVM_CREATE_VCPU.request,
      id: this.#random(64),
      length: this.#one([12_288, 12_288, 12_288, 4096, 2 ** 20]),
      run: kvm.KVM_RUN.request,
      immediateExit: kvm.KvmRun.$layout.members.immediate_exit.offset,
      signal: this.#one(this.#signals),
      setMask: this.#one([null, setMask]),
      fd: this.#one([null, null, null, this.#fdOf('vcpu')]),
    };
  }

  /** Replaces some arguments by any value, adds some or leaves some out. */
  #spoil(name: NativeFunction, given: readonly unknown[]): unknown[] {
    const values = [...given];
    if (this.#chance(60)) return values;
    const index = this.#random(values.length + 1);
    const isFact =
      /Tail$|IoctlView$|^vmCreateFile$|^vmGetDirtyLog$|^vmIoctlMemory$/.test(name) && index !== 0 && index !== 2;
    const value = values[index];
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      values[index] = this.#spoilObject(value as Record<string, unknown>);
    } else {
      values[index] = isFact ? this.#noNumber() : this.#junk();
    }
    if (this.#chance(10)) values.length = this.#random(values.length + 1);
    return values;
  }

  /** The getters release the handles and detach the buffers of the other properties. */
  #spoilObject(object: Record<string, unknown>): unknown {
    const name = this.#one(Object.keys(object));
    // The facts about ioctls stay as they are, or get another type.
    const isFact = ![
      'vm',
      'memory',
      'view',
      'slot',
      'id',
      'signal',
      'memoryOffset',
      'length',
      'target',
      'blocks',
      'parts',
      'links',
      'tails',
      'keeps',
    ].includes(name);
    if (this.#chance(50)) return { ...object, [name]: isFact ? this.#noNumber() : this.#junk() };
    return Object.defineProperty({ ...object }, name, {
      enumerable: true,
      get: () => {
        this.#trace('  in a getter:');
        if (this.#chance(30)) throw new TypeError('thrown by a getter');
        if (this.#chance(70)) this.#call(this.#one(['vmRelease', 'memoryRelease', 'vcpuRelease', 'vmFd'] as const));
        const { view = this.#blockIn(object) } = object as { view?: DataView };
        if (view !== undefined && this.#chance(30))
          structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
        return object[name];
      },
    });
  }

  /** A DataView that is a block of an ioctl with addresses. */
  #blockIn({ blocks }: { readonly blocks?: unknown }): DataView | undefined {
    return Array.isArray(blocks) ? blocks.find((block) => block instanceof DataView) : undefined;
  }

  /** Makes one call. @throws Error when the call does what no call may do. */
  step(): void {
    const names = Object.keys(this.#rows) as NativeFunction[];
    const rare: readonly NativeFunction[] = ['vmCreate', 'vcpuCreate', 'open', 'eventWait', 'ringLock'];
    let name = this.#one(names);
    // What is missing is created first. Some functions are slow.
    if (this.#pools.file.length < 2) name = this.#one(['open', 'eventFd']);
    else if (this.#pools.vm.length === 0 && this.#chance(30)) name = 'vmCreate';
    else if (this.#pools.vcpu.length === 0 && this.#chance(30)) name = this.#one(['claimSignal', 'vcpuCreate']);
    else if (this.#pools.memory.length === 0 && this.#chance(30)) name = 'memoryCreate';
    else if (rare.includes(name) && this.#chance(50)) name = this.#one(['vcpuRun', 'vcpuId', 'memoryId', 'kick']);
    this.#call(name);
  }

  #call(name: NativeFunction): void {
    const values = this.#spoil(name, this.#rows[name]?.() ?? []);
    this.#trace(`${name}(${values.map(shown).join(', ')})`);
    this.counts.calls++;
    // The guest of a vCPU that waits for another vCPU never exits.
    if (/^vcpuRun/.test(name) && this.#pools.vcpu.includes(values[0] as object)) {
      this.#running[0] = addon().vcpuId(values[0] as VcpuRecord);
    }
    let result: unknown;
    try {
      result = (addon()[name] as (...values: unknown[]) => unknown)(...values);
      this.counts.returned++;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (!(error instanceof TypeError || code === 'ERR_BUFFER_TOO_LARGE')) throw error;
      this.counts.refused++;
      return;
    } finally {
      this.#running[0] = 0;
    }
    this.#keep(name, values[0], result);
  }

  #keep(name: NativeFunction, first: unknown, result: unknown): void {
    if (typeof result === 'number' && /Id$/.test(name)) this.#ids[this.#random(this.#ids.length)] = result;
    if (/Release$/.test(name) && result !== -16) this.#forget(first);
    if (/Duplicate$/.test(name) && Number(result) >= 0) closeSync(Number(result));
    if (typeof result !== 'object' || result === null || Array.isArray(result) || result instanceof ArrayBuffer) return;
    const kind = kindOfResult[name];
    if (kind === undefined) throw new Error(`${name} returned an object`);
    const pool = this.#pools[kind];
    pool.push(result);
    if (pool.length > poolSize) {
      const oldest = pool[0] as object;
      (releases[kind] as (handle: object) => unknown)(oldest);
      this.#forget(oldest);
    }
  }

  #forget(handle: unknown): void {
    for (const kind of kinds) this.#pools[kind] = this.#pools[kind].filter((each) => each !== handle);
    this.#released.push(handle as object);
    if (this.#released.length > poolSize) this.#released.shift();
  }

  /** @throws Error when the kernel or the native layer has written outside of a view. */
  checkGuards(): void {
    for (const buffer of this.#buffers) {
      const before = new Uint8Array(buffer, 0, bufferBytes / 4);
      const after = new Uint8Array(buffer, (bufferBytes * 3) / 4);
      if (![before, after].every((bytes) => bytes.every((byte) => byte === guardByte))) {
        throw new Error('a call has written outside of its view');
      }
    }
  }
}

const kindOfResult: Partial<Record<NativeFunction, Kind>> = {
  open: 'file',
  driverFromFd: 'file',
  systemFromFd: 'file',
  eventFromFd: 'file',
  guestMemfdFromFd: 'file',
  deviceFromFd: 'file',
  vmFromFd: 'vm',
  eventFd: 'file',
  eventFind: 'file',
  deviceFind: 'file',
  vmCreateFile: 'file',
  vcpuCreateFile: 'file',
  pollCreate: 'poll',
  memoryCreate: 'memory',
  memoryOfFile: 'memory',
  memoryFind: 'memory',
  vmCreate: 'vm',
  vmFind: 'vm',
  vmOfVcpu: 'vm',
  vmOfDevice: 'vm',
  vcpuCreate: 'vcpu',
  vcpuFind: 'vcpu',
};

function shown(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return String(value).slice(0, 40);
  if (Object.getPrototypeOf(value) !== Object.prototype) return Object.prototype.toString.call(value);
  // The properties may be getters.
  return `{ ${Object.keys(value).join(', ')} }`;
}

/** The event loop gets its turn after so many calls, so that finalizers run. */
const callsPerTurn = 50;

/** Makes this many random calls. @throws Error when a call does what no call may do. */
export async function makeCalls(options: CallOptions): Promise<CallCounts> {
  const calls = new Calls(options);
  while (calls.counts.calls < options.count) {
    calls.step();
    if (calls.counts.calls % callsPerTurn === 0) {
      calls.checkGuards();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return calls.counts;
}
