/**
 * A program that uses every name that the runtime's two entries export, as a user would. It is compiled and not run:
 * `npm run types` fails if a name is missing or has another type. public-names.test.ts compares it with the entries.
 */

import {
  type AnyBindings,
  abort,
  Device,
  DeviceArgumentError,
  DeviceClosedError,
  DeviceError,
  DeviceUnavailableError,
  DeviceUnsupportedError,
  type DuplicateFdOptions,
  EventFd,
  type EventFdHandle,
  type EventFdOptions,
  type EventFdReadSyncOptions,
  type EventFdWatcher,
  GuestMemory,
  type GuestMemoryFileOptions,
  type GuestMemoryHandle,
  type GuestMemoryOptions,
  type Interruption,
  KvmArgumentError,
  KvmBusyError,
  KvmClosedError,
  KvmError,
  KvmFirmwareError,
  KvmMsrError,
  KvmUnavailableError,
  KvmUnsupportedError,
  kick,
  type MemoryAdvice,
  type MemoryPolicy,
  RuntimeMissingError,
  type ShareableVcpu,
  UapiError,
  type UapiErrorDetails,
  type VcpuHandle,
  VcpuThread,
  type VcpuThreadOptions,
} from 'kvm-uapi';
import {
  type AddressedData,
  type Bindings,
  type BootBlob,
  type Capability,
  CoalescedMmioRing,
  type CoalescedMmioRingHandle,
  type CoalescedMmioZone,
  type DescriptorMembers,
  type DeviceAttr,
  type DeviceData,
  type DirtyPage,
  DirtyRing,
  type DirtyRingHandle,
  type EncryptCommand,
  type EncryptCommandAlone,
  type EncryptOptions,
  type EncryptResult,
  type EntryOptions,
  type ExitsOptions,
  enterLinux64,
  enterLongMode,
  enterProtectedMode,
  enterPvh,
  enterRealMode,
  type FdKind,
  type GenericIoctl,
  type GuestDebug,
  GuestMemfd,
  type GuestMemfdMapOptions,
  type HardwareBreakpoint,
  type Ioeventfd,
  type IrqfdOptions,
  type IrqRoute,
  identityMapBytes,
  Kvm,
  type KvmFromFdOptions,
  type KvmObject,
  type KvmOptions,
  type Linux64Options,
  type LongModeOptions,
  type LongModeTables,
  type Mechanism,
  type MemoryAttributes,
  type MemoryMapEntry,
  type MemoryRange,
  type MemorySlot,
  type Msi,
  type Msr,
  type MsrFilter,
  type MsrRange,
  type PlacementOptions,
  type PortData,
  type ProtectedModeOptions,
  type PvhModule,
  type PvhOptions,
  pagesOf,
  type RealModeOptions,
  type RunOptions,
  type RunResult,
  type RunResultObject,
  type StartVcpuProgram,
  type Statistic,
  type Stats,
  type SyncRegs,
  segmentDescriptor,
  type UnrecognizedExit,
  type UnrecognizedExitObject,
  Vcpu,
  type VcpuExit,
  type VcpuExitObject,
  type VcpuOptions,
  type VcpuProgram,
  Vm,
  VmDevice,
  type VmDeviceHandle,
  type VmDeviceOptions,
  type VmHandle,
  type VmObject,
  type XenEvtchn,
  type XenHypercallPages,
} from 'kvm-uapi/x86_64';
import * as bindings from 'kvm-uapi/x86_64/linux/kvm';

export function openAll(own: Bindings): { readonly kvm: Kvm; readonly vm: Vm; readonly memory: GuestMemory } {
  const options: KvmOptions = { path: '/dev/kvm', bindings: own };
  const kvm = Kvm.open(options);
  const capability: Capability = 'KVM_CAP_IMMEDIATE_EXIT';
  kvm.requireExtension(capability);
  const vm = kvm.createVm();
  const memoryOptions: GuestMemoryOptions = { memfd: 'guest' };
  const memory = GuestMemory.create(0x10_0000, memoryOptions);
  const memfd: GuestMemfd = vm.createGuestMemfd(0x10_0000);
  const slot: MemorySlot = { memory, guestAddress: 0n, slot: 1, flags: bindings.KVM_MEM_LOG_DIRTY_PAGES };
  vm.addMemory({ ...slot, guestMemfd: { memfd } });
  const mapOptions: GuestMemfdMapOptions = { offset: 0 };
  memfd.map(mapOptions);
  const pages: MemoryAttributes = { address: 0, size: 0x1000, attributes: bindings.KVM_MEMORY_ATTRIBUTE_PRIVATE };
  vm.setMemoryAttributes(pages);
  vm.setMemoryFlags(1, 0);
  const fileOptions: GuestMemoryFileOptions = { private: true };
  const advice: MemoryAdvice = 'MADV_HUGEPAGE';
  const policy: MemoryPolicy = 'MPOL_BIND';
  GuestMemory.fromFile(memory.fd ?? 0, fileOptions).advise(advice);
  memory.bindToNodes(policy, [0]);
  memory.write(0, memory.read(0, 16));
  return { kvm, vm, memory };
}

export function adoptAll(fds: readonly number[], own: Bindings): number {
  const [system = 0, ofVm = 0, ofVcpu = 0, ofDevice = 0, ofMemfd = 0, ofEvent = 0] = fds;
  const options: KvmFromFdOptions = { bindings: own };
  const kvm: KvmObject = Kvm.fromFd(system, options);
  const vm: Vm = Vm.fromFd(ofVm, kvm);
  const of: VmObject = vm;
  const vcpu: Vcpu = Vcpu.fromFd(ofVcpu, of, { mechanism: 'immediate_exit' });
  const deviceOptions: VmDeviceOptions = { type: bindings.KVM_DEV_TYPE_VFIO };
  const device: VmDevice = VmDevice.fromFd(ofDevice, of, deviceOptions);
  const memfd: GuestMemfd = GuestMemfd.fromFd(ofMemfd);
  const event: EventFd = EventFd.fromFd(ofEvent);
  const duplicate: DuplicateFdOptions = { cloexec: false };
  const copies: readonly number[] = [vm, vcpu, device, memfd, event].map((each) => each.duplicateFd(duplicate));
  return copies.length;
}

export function enterAll(vcpu: Vcpu, memory: GuestMemory, initrd: BootBlob): number {
  const entry: EntryOptions = { entry: 0x10_0000, stack: 0x8_0000n };
  const placement: PlacementOptions = { guestAddress: 0n };
  const realMode: RealModeOptions = { entry: 0x7c00, stack: 0x7c00, segment: 0, dataSegment: 0 };
  enterRealMode(vcpu, realMode);
  const protectedMode: ProtectedModeOptions = { ...entry, ...placement, gdt: 0x500 };
  enterProtectedMode(vcpu, memory, protectedMode);
  const tables: LongModeTables = { ...placement, tables: 0x9000, mapped: 2 ** 30, gdt: 0x500 };
  const longMode: LongModeOptions = { ...entry, ...tables, user: true };
  enterLongMode(vcpu, memory, longMode);
  const descriptor: DescriptorMembers = vcpu.getSregs().cs;
  const memoryMap: readonly MemoryMapEntry[] = [{ address: 0, size: 0x9_fc00, type: 1 }];
  const linux: Linux64Options = { ...entry, ...tables, commandLine: 'quiet', initrd, memoryMap };
  enterLinux64(vcpu, memory, linux);
  const module: PvhModule = { ...initrd, commandLine: 'initrd' };
  const pvh: PvhOptions = { ...entry, startInfo: 0x6000, modules: [module], memoryMap, rsdp: 0xe_0000 };
  return enterPvh(vcpu, memory, pvh) + identityMapBytes(2 ** 30) + Number(segmentDescriptor(descriptor));
}

export function encrypt(vm: Vm, memory: GuestMemory): EncryptResult<'KVM_SEV_LAUNCH_MEASURE'> | bigint {
  const alone: EncryptCommandAlone<'vm'> = 'KVM_SEV_LAUNCH_FINISH';
  vm.memoryEncryptOp(alone);
  const command: EncryptCommand<'vm'> = 'KVM_SEV_LAUNCH_UPDATE_DATA';
  const range: MemoryRange = { memory, offset: 0, length: 0x1000 };
  const update: EncryptOptions<typeof command> = { sevFd: 3, memory: { uaddr: range } };
  const measured: AddressedData = new Uint8Array(48);
  try {
    vm.memoryEncryptOp(command, update);
    return vm.memoryEncryptOp('KVM_SEV_LAUNCH_MEASURE', { memory: { uaddr: measured } });
  } catch (error) {
    if (error instanceof KvmFirmwareError) return error.firmwareError;
    throw error;
  }
}

export function setUpXen(vm: Vm, config: bindings.KvmXenHvmConfig): void {
  const pages: XenHypercallPages = { blob_addr_64: new Uint8Array(4096) };
  vm.xenHvmConfig(config, pages);
  const event: XenEvtchn = { port: 1, vcpu: 0 };
  vm.xenHvmEvtchnSend(event);
}

export function setUpInterrupts(vm: Vm): void {
  const msi: Msi = { address: 0xfee0_0000, data: 0x31, devid: 1 };
  const routes: readonly IrqRoute[] = [
    { gsi: 24, msi },
    { gsi: 4, irqchip: bindings.KVM_IRQCHIP_IOAPIC, pin: 4 },
  ];
  vm.setGsiRouting(routes);
  const [event, resample] = [EventFd.create(), EventFd.create()];
  const options: IrqfdOptions = { resample };
  vm.registerIrqfd(event, 4, options);
  const doorbell: Ioeventfd = { address: 0xd000_0000, length: 4, port: false, datamatch: 1n };
  vm.registerIoeventfd(event, doorbell);
}

export async function waitFor(event: EventFd): Promise<bigint> {
  const options: EventFdOptions = { signal: AbortSignal.timeout(1_000) };
  const watcher: EventFdWatcher = event.unref().watch((count) => console.log(count), options);
  watcher.close();
  for await (const count of event.ref()) return count;
  for await (const count of event.counts(options)) return count;
  const syncOptions: EventFdReadSyncOptions = { timeout: 1_000 };
  return (await event.read(options)) + event.readSync(syncOptions);
}

export function setUpFilters(vm: Vm, vcpu: Vcpu): readonly Statistic[] {
  const range: MsrRange = { base: 0x174, count: 3, access: 'read' };
  const filter: MsrFilter = { others: 'deny', ranges: [range] };
  vm.setMsrFilter(filter);
  const breakpoint: HardwareBreakpoint = { address: 0x1000, on: 'execute' };
  const debug: GuestDebug = { singleStep: true, hardwareBreakpoints: [breakpoint] };
  vcpu.setGuestDebug(debug);
  const [msr]: Msr[] = vcpu.getMsrs([0x10]);
  const device: VmDevice = vm.createDevice(bindings.KVM_DEV_TYPE_VFIO);
  const which: DeviceAttr = { group: 1, attr: msr?.data ?? 0n };
  device.hasDeviceAttr(which);
  const stats: Stats = vm.stats();
  return stats.read();
}

export function attachAll(vm: Vm, device: VmDevice, event: EventFd): readonly Disposable[] {
  const handle: VmHandle = vm.share();
  const deviceHandle: VmDeviceHandle = device.share();
  const eventHandle: EventFdHandle = event.share();
  return [Vm.attach(handle), VmDevice.attach(deviceHandle, vm.bindings), EventFd.attach(eventHandle)];
}

export function attachRings(vm: Vm, vcpu: Vcpu): readonly Disposable[] {
  const handle: DirtyRingHandle = vm.dirtyRing(vcpu).share();
  const other: CoalescedMmioRingHandle = vm.coalescedMmioRing(vcpu).share();
  return [DirtyRing.attach(handle), CoalescedMmioRing.attach(other)];
}

export function dirtyPages(vm: Vm, vcpu: Vcpu): readonly (DirtyPage | number)[] {
  const ring: DirtyRing = vm.dirtyRing(vcpu);
  const zone: CoalescedMmioZone = { address: 0x3f8, size: 1, port: true };
  vm.registerCoalescedMmio(zone);
  const writes: CoalescedMmioRing = vm.coalescedMmioRing(vcpu);
  writes.drain(({ phys_addr }) => void phys_addr);
  return [...ring.harvest(), ...pagesOf(vm.getDirtyLog(1))];
}

export function run(vm: Vm): string {
  const mechanism: Mechanism = 'immediate_exit';
  const options: VcpuOptions = { kickSignal: 40, mechanism };
  const vcpu = vm.createVcpu(0, options);
  const synchronized: Pick<SyncRegs, 'regs'> = vcpu.syncRegs('regs');
  const runOptions: RunOptions = { timeout: 1_000, runId: 1 };
  const result: RunResult = vcpu.run(runOptions);
  switch (result.reason) {
    case 'interrupted': {
      const interruption: Interruption = result;
      return interruption.cause;
    }
    case null: {
      const unrecognized: UnrecognizedExit = result;
      const copy: UnrecognizedExitObject = unrecognized.toObject();
      return `${copy.number}`;
    }
    case bindings.KVM_EXIT_IO: {
      const data: PortData = result.data;
      const exit: VcpuExit = result;
      const copy: VcpuExitObject = exit.toObject();
      return `${result.io.port} ${data.length} ${copy.reason}`;
    }
    case bindings.KVM_EXIT_MMIO: {
      const data: DeviceData = result.data;
      return `${data.value}`;
    }
    default:
      return `${synchronized.regs.rip}`;
  }
}

export async function runElsewhere(vcpu: Vcpu): Promise<readonly RunResultObject[]> {
  const results: RunResultObject[] = [];
  const options: ExitsOptions = { signal: AbortSignal.timeout(1_000) };
  for await (const result of vcpu.exits(options)) results.push(result);
  const shareable: ShareableVcpu = vcpu;
  const handle: VcpuHandle = shareable.share();
  kick(handle);
  abort(handle, 1);
  const other: Vcpu = Vcpu.attach(handle);
  const threadOptions: VcpuThreadOptions = { data: handle, signal: AbortSignal.timeout(1_000) };
  const thread = VcpuThread.start(other, new URL('file:///program.js'), threadOptions);
  await thread.finished;
  return results;
}

export const start: StartVcpuProgram<GuestMemoryHandle> = (vcpu, handle, vm: Vm) => {
  const memory = GuestMemory.attach(handle);
  vm.setIrqLine(4, true);
  const program: VcpuProgram = {
    onExit(exit) {
      return exit.reason === bindings.KVM_EXIT_HLT ? 'stop' : undefined;
    },
    onInterrupt: ({ cause }) => (cause === 'kick' && memory.size > vcpu.fd ? 'stop' : undefined),
  };
  return program;
};

/** A program whose method returns nothing. */
export const silent: StartVcpuProgram = () => ({ onExit() {} });

/** A program that is a class. */
export class Silent implements VcpuProgram {
  onExit(): void {}
  onInterrupt(): void {}
}

/** Options whose value may be undefined are passed conditionally. */
export function startConditionally(vcpu: Vcpu, signal: AbortSignal | undefined): VcpuThread {
  return VcpuThread.start(vcpu, './program.js', { ...(signal && { signal }) });
}

export function openDevice(own: AnyBindings): Device {
  return Device.open('/dev/null', own);
}

/** The ioctls of a kind of file descriptor. */
export type IoctlOf<Kind extends FdKind> = GenericIoctl<Kind>;

export function describe(error: unknown): UapiErrorDetails | null {
  if (error instanceof KvmUnsupportedError) return { ...error, code: error.capability ?? error.code };
  if (error instanceof KvmMsrError) return { ...error, code: `${error.index}` };
  const known = [
    ...[DeviceArgumentError, DeviceClosedError, DeviceError, DeviceUnavailableError, DeviceUnsupportedError],
    ...[KvmArgumentError, KvmBusyError, KvmClosedError, KvmError, KvmUnavailableError, RuntimeMissingError],
  ];
  if (known.some((type) => error instanceof type)) return error as UapiError;
  return error instanceof UapiError ? { code: error.code, errno: error.errno ?? 0 } : null;
}
