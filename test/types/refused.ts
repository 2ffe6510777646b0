/**
 * Programs that must not compile: old names, internal members, ioctls on the wrong file descriptor, wrong options. `npm run
 * types` fails if one of them compiles, because its `@ts-expect-error` is unused then. The tests of this folder compile
 * them with each version of TypeScript.
 */

import { Device, EventFd, GuestMemory, type KvmError, type UapiError, VcpuThread } from 'kvm-uapi';
import { assign, copy, equal } from 'kvm-uapi/support';
import { Kvm, type RunResult, type StartVcpuProgram, Vcpu, type VcpuProgram, Vm, type VmDevice } from 'kvm-uapi/x86_64';
import * as bindings from 'kvm-uapi/x86_64/linux/kvm';

// @ts-expect-error: `Kvm` belongs to an architecture
export type KvmOfRoot = import('kvm-uapi').Kvm;
// @ts-expect-error: an old name of `VcpuHandle`
export type SharedVcpu = import('kvm-uapi').SharedVcpu;
// @ts-expect-error: an old name of `Vcpu.exits`
export type Exits = typeof import('kvm-uapi').exits;
// @ts-expect-error: `Capability` is the one type
export type CapabilityName = import('kvm-uapi/x86_64').CapabilityName;
// @ts-expect-error: a handle of a vCPU is not a handle of a VM
export const vmOfVcpuHandle = (handle: import('kvm-uapi').VcpuHandle): Vm => Vm.attach(handle);

export function oldNames(kvm: Kvm, vm: Vm, vcpu: Vcpu, device: VmDevice): void {
  // @ts-expect-error: getApiVersion
  kvm.apiVersion();
  // @ts-expect-error: getSupportedCpuid
  kvm.supportedCpuid();
  // @ts-expect-error: getMsrIndexList
  kvm.msrIndices();
  // @ts-expect-error: getDeviceAttr
  kvm.attributes;
  // @ts-expect-error: createIrqchip and others
  vm.interrupts;
  // @ts-expect-error: registerIoeventfd and others
  vm.io;
  // @ts-expect-error: getDirtyLog and others
  vm.dirty;
  // @ts-expect-error: memoryEncryptOp
  vm.hasEncryption();
  // @ts-expect-error: setCpuid2
  vcpu.setCpuid(kvm.getSupportedCpuid());
  // @ts-expect-error: completeExit
  vcpu.complete(() => {});
  // @ts-expect-error: the result of `run`
  vcpu.exit;
  // @ts-expect-error: the result of `run`
  vcpu.interruption;
  // @ts-expect-error: the result of `run` is an object
  vcpu.run() === 'exit';
  // @ts-expect-error: timeout
  vcpu.run({ timeoutMs: 1 });
  // @ts-expect-error: runId
  vcpu.run({ number: 1 });
  // @ts-expect-error: the blocking run takes no AbortSignal
  vcpu.run({ signal: AbortSignal.timeout(1) });
  // @ts-expect-error: kickSignal
  vm.createVcpu(0, { signal: 40 });
  // @ts-expect-error: hasDeviceAttr
  device.attributes;
}

export async function internals(
  vm: Vm,
  vcpu: Vcpu,
  memory: GuestMemory,
  event: EventFd,
  thread: VcpuThread,
): Promise<void> {
  // @ts-expect-error: created by `GuestMemory.create`
  new GuestMemory(4096);
  // @ts-expect-error: created by `Vm.createVcpu`
  new Vcpu({});
  // @ts-expect-error: created by `Kvm.open`
  new Kvm(3);
  // @ts-expect-error: created by `EventFd.create`
  new EventFd(3);
  // @ts-expect-error: created by `Device.open`
  new Device(3);
  // @ts-expect-error: created by `VcpuThread.start`
  new VcpuThread(vcpu, 'program.js', {});
  // @ts-expect-error: the class of a VM is a type only
  new (await import('kvm-uapi/x86_64')).Vm(3);
  // @ts-expect-error: internal
  Vcpu.create;
  // @ts-expect-error: internal
  vm.handle;
  // @ts-expect-error: internal
  vm.target;
  // @ts-expect-error: internal
  vm.slotSize(0);
  // @ts-expect-error: internal
  vcpu.handle;
  // @ts-expect-error: internal
  memory.handle;
  // @ts-expect-error: a file descriptor belongs to its object
  event.fd = 3;
  // @ts-expect-error: views in place are not replaced
  vcpu.kvmRun = new bindings.KvmRun(vcpu.shared);
  // @ts-expect-error: settled by the Worker
  thread.finished = Promise.resolve();
  // @ts-expect-error: set by the Worker
  thread.exitCode = 0;
  // @ts-expect-error: memory that the kernel shares is not replaced
  vcpu.shared = new DataView(new ArrayBuffer(4096));
  // @ts-expect-error: a file descriptor belongs to its object
  vcpu.fd = 3;
  // @ts-expect-error: the bindings of a VM do not change
  vm.bindings = bindings;
  // @ts-expect-error: methods are not replaced
  vm.ioctl = () => 0;
  // @ts-expect-error: memory has the size that it was created with
  memory.size = 4096;
  // @ts-expect-error: memory has the address that the kernel gave it
  memory.address = 0n;
  // @ts-expect-error: a handle is not changed
  vcpu.share().id = 1;
}

export function wrongFileDescriptors(kvm: Kvm, vm: Vm, vcpu: Vcpu, device: VmDevice): void {
  // @ts-expect-error: an ioctl of a vCPU
  vm.ioctl(bindings.KVM_NMI);
  // @ts-expect-error: an ioctl of a VM
  vcpu.ioctl(bindings.KVM_CREATE_IRQCHIP);
  // @ts-expect-error: an ioctl of /dev/kvm
  vm.ioctl(bindings.KVM_CREATE_VM, 0);
  // @ts-expect-error: an ioctl of a VM
  device.ioctl(bindings.KVM_CREATE_IRQCHIP);
  // @ts-expect-error: an ioctl of a vCPU
  kvm.ioctl(bindings.KVM_GET_REGS, vcpu.getRegs());
  // @ts-expect-error: another struct
  vcpu.ioctl(bindings.KVM_GET_REGS, vcpu.getSregs());
  // @ts-expect-error: it takes no argument
  vcpu.ioctl(bindings.KVM_NMI, 1);
  // @ts-expect-error: no name of a capability
  kvm.checkExtension('KVM_CREATE_VM');
}

export function refusedIoctls(vm: Vm, vcpu: Vcpu, device: VmDevice): void {
  // @ts-expect-error: run
  vcpu.ioctl(bindings.KVM_RUN);
  // @ts-expect-error: run and kick
  vcpu.ioctl(bindings.KVM_SET_SIGNAL_MASK, new bindings.KvmSignalMask(vcpu.shared));
  // @ts-expect-error: getXsave2
  vcpu.ioctl(bindings.KVM_GET_XSAVE2, new bindings.KvmXsave(vcpu.shared));
  // @ts-expect-error: getOneReg
  vcpu.ioctl(bindings.KVM_GET_ONE_REG, new bindings.KvmOneReg(vcpu.shared));
  // @ts-expect-error: addMemory
  vm.ioctl(bindings.KVM_SET_USER_MEMORY_REGION, new bindings.KvmUserspaceMemoryRegion(vcpu.shared));
  // @ts-expect-error: getDirtyLog
  vm.ioctl(bindings.KVM_GET_DIRTY_LOG, new bindings.KvmDirtyLog(vcpu.shared));
  // @ts-expect-error: setDeviceAttr
  device.ioctl(bindings.KVM_SET_DEVICE_ATTR, new bindings.KvmDeviceAttr(vcpu.shared));
  // @ts-expect-error: a request number is not an ioctl
  vcpu.ioctl(0xae80);
  // @ts-expect-error: the argument is missing
  vcpu.ioctl(bindings.KVM_GET_REGS);
  // @ts-expect-error: the name of an ioctl is not changed
  bindings.KVM_GET_REGS.name = 'KVM_RUN';
}

export function wrongOptions(vm: Vm, vcpu: Vcpu, memory: GuestMemory, event: EventFd): void {
  // @ts-expect-error: it needs a route to a pin or to a message
  vm.setGsiRouting([{ gsi: 1 }]);
  // @ts-expect-error: a route is to a pin or to a message
  vm.setGsiRouting([{ gsi: 1, irqchip: 0, pin: 1, msi: { address: 0, data: 0 } }]);
  // @ts-expect-error: a message without data
  vm.setGsiRouting([{ gsi: 1, msi: { address: 0 } }]);
  // @ts-expect-error: the option is `timeout`
  vcpu.run({ timeOut: 1 });
  // @ts-expect-error: a number of milliseconds
  vcpu.run({ timeout: '1' });
  // @ts-expect-error: a number of milliseconds
  vcpu.run(1);
  // @ts-expect-error: a number
  vcpu.run({ runId: 1n });
  // @ts-expect-error: no such mechanism
  vm.createVcpu(0, { mechanism: 'signal' });
  // @ts-expect-error: the number of a signal
  vm.createVcpu(0, { kickSignal: 'SIGUSR1' });
  // @ts-expect-error: the path is an option
  Kvm.open('/dev/kvm');
  // @ts-expect-error: a number of bytes
  GuestMemory.create('64k');
  // @ts-expect-error: the memory is missing
  vm.addMemory({ guestAddress: 0 });
  // @ts-expect-error: a GuestMemory, not its bytes
  vm.addMemory({ memory: memory.bytes(0, 4096), guestAddress: 0 });
  // @ts-expect-error: bytes
  memory.write(0, 'text');
  // @ts-expect-error: a number or a bigint
  vm.registerIoeventfd(event, { address: '0xd0000000', length: 4 });
  // @ts-expect-error: the number of an eventfd is not an eventfd
  vm.registerIrqfd(event.fd, 4);
  // @ts-expect-error: no such set of registers
  vcpu.syncRegs('msrs');
  // @ts-expect-error: a 64-bit register is a bigint
  vcpu.getRegs().rip = 0x1000;
  // @ts-expect-error: only some exits have data
  vcpu.completeExit((exit) => exit.data);
}

export function wrongValues(vm: Vm, vcpu: Vcpu, regs: bindings.KvmRegs, sregs: bindings.KvmSregs): void {
  // @ts-expect-error: no member of the struct
  vcpu.setRegs({ eip: 1n });
  // @ts-expect-error: a bigint
  vcpu.setRegs({ rip: 1 });
  // @ts-expect-error: the C name is the key
  vcpu.setRegs({ rip: 1n, $rip: 1 });
  // @ts-expect-error: another struct
  vcpu.setRegs(vcpu.getSregs());
  // @ts-expect-error: no member of the struct inside
  vcpu.setSregs({ cs: { bas: 1n } });
  // @ts-expect-error: a bigint
  vm.setClock({ clock: 1 });
  // @ts-expect-error: a view
  vcpu.setCpuid2({ nent: 1 });
  // @ts-expect-error: no member of the struct
  assign(regs, { eip: 1n });
  // @ts-expect-error: the C name is the key
  assign(regs, { rip: 1n, $rip: 1 });
  // @ts-expect-error: a bigint
  assign(regs, { rip: 1 });
  // @ts-expect-error: no member of the struct inside
  assign(sregs, { cs: { bas: 1n } });
  // @ts-expect-error: a number
  assign(sregs, { cs: { selector: 8n } });
  // @ts-expect-error: bigints
  assign(sregs, { interrupt_bitmap: [1] });
  // @ts-expect-error: another struct
  assign(sregs, { cs: sregs.gdt });
  // @ts-expect-error: another struct
  assign(sregs, regs);
  // @ts-expect-error: another struct
  equal(regs, sregs);
  // @ts-expect-error: another struct
  copy(regs, sregs);
}

export function resultsWithoutNarrowing(vcpu: Vcpu, result: RunResult): unknown {
  // @ts-expect-error: only some exits have data
  result.data;
  // @ts-expect-error: only an exit has the members of its reason
  result.io.port;
  // @ts-expect-error: only an interruption has a cause
  result.cause;
  // @ts-expect-error: no such reason
  if (result.reason === 'exit') return;
  if (result.reason === 'interrupted') {
    // @ts-expect-error: no such cause
    if (result.cause === 'signal') return;
    // @ts-expect-error: an interruption has no data
    return result.data;
  }
  if (result.reason === bindings.KVM_EXIT_HLT) {
    // @ts-expect-error: this exit has no data
    return result.data;
  }
  if (result.reason === bindings.KVM_EXIT_IO) {
    // @ts-expect-error: the data of a port access has elements, not a value
    result.data.value;
    // @ts-expect-error: the members of another reason
    return result.mmio;
  }
  // @ts-expect-error: the members of an exit are not replaced
  result.reason = 5;
  return vcpu;
}

export function wrongThreads(vcpu: Vcpu, handle: { readonly kind: 'vcpu'; readonly id: number }): void {
  // @ts-expect-error: a module, not a function
  VcpuThread.start(vcpu, () => ({ onExit() {} }));
  // @ts-expect-error: a vCPU, not its handle
  VcpuThread.start(handle, 'program.js');
  // @ts-expect-error: the signal, not its controller
  VcpuThread.start(vcpu, 'program.js', { signal: new AbortController() });
  // @ts-expect-error: the option is `data`
  VcpuThread.start(vcpu, 'program.js', { workerData: 1 });
  // @ts-expect-error: the handle of a memory is not that of a vCPU
  Vcpu.attach(GuestMemory.create(4096).share());
}

// @ts-expect-error: onExit is synchronous
export const asynchronous: StartVcpuProgram = () => ({ async onExit() {} });
// @ts-expect-error: onExit returns 'stop' or nothing
export const wrongAnswer: StartVcpuProgram = () => ({ onExit: () => true });
// @ts-expect-error: onExit is missing
export const withoutOnExit: StartVcpuProgram = () => ({ onInterrupt() {} });
// @ts-expect-error: the old name of onExit
export const oldProgram: VcpuProgram = { exit: () => 'stop' };
export class Asynchronous implements VcpuProgram {
  // @ts-expect-error: onExit is synchronous
  async onExit(): Promise<void> {}
}

export function errors(error: UapiError, kvm: KvmError): void {
  // @ts-expect-error: read only
  error.code = 'EINVAL';
  // @ts-expect-error: only some errors have it
  kvm.capability;
}

export function encryption(vm: Vm, vcpu: Vcpu, memory: GuestMemory, bytes: Uint8Array): void {
  const { KvmSevInit, KvmSevLaunchStart, KvmTdxInitVm } = bindings;
  const at = (size: number): DataView => new DataView(new ArrayBuffer(size));
  // @ts-expect-error: the command has no such name
  vm.memoryEncryptOp('KVM_SEV_LAUNCH');
  // @ts-expect-error: a command of a vCPU
  vm.memoryEncryptOp('KVM_TDX_INIT_VCPU', { argument: 1n });
  // @ts-expect-error: a command of a VM
  vcpu.memoryEncryptOp('KVM_SEV_INIT');
  // @ts-expect-error: a number is not a name
  vm.memoryEncryptOp(bindings.KVM_SEV_INIT);
  // @ts-expect-error: the struct of another command
  vm.memoryEncryptOp('KVM_SEV_LAUNCH_START', { argument: new KvmSevInit(at(64)) });
  // @ts-expect-error: this command has no struct
  vm.memoryEncryptOp('KVM_SEV_LAUNCH_FINISH', { argument: new KvmSevLaunchStart(at(64)) });
  // @ts-expect-error: the struct is missing
  vm.memoryEncryptOp('KVM_TDX_INIT_VM');
  // @ts-expect-error: the value is missing
  vcpu.memoryEncryptOp('KVM_TDX_INIT_VCPU', {});
  // @ts-expect-error: the struct has no such address
  vm.memoryEncryptOp('KVM_SEV_LAUNCH_MEASURE', { memory: { dh_uaddr: bytes } });
  // @ts-expect-error: the command uses memory of the guest in place
  vm.memoryEncryptOp('KVM_SEV_LAUNCH_UPDATE_DATA', { memory: { uaddr: bytes } });
  // @ts-expect-error: TDX has no file descriptor
  vm.memoryEncryptOp('KVM_TDX_INIT_VM', { argument: new KvmTdxInitVm(at(264)), sevFd: 3 });
  // @ts-expect-error: SEV has no flags
  vm.memoryEncryptOp('KVM_SEV_INIT', { flags: 1 });
  // @ts-expect-error: the result of this command is its own struct
  const measured: bindings.KvmSevLaunchStart = vm.memoryEncryptOp('KVM_SEV_LAUNCH_MEASURE');
  void measured;
  // These compile.
  vm.memoryEncryptOp('KVM_SEV_LAUNCH_UPDATE_DATA', { sevFd: 3, memory: { uaddr: { memory, length: 4096 } } });
  const { len }: bindings.KvmSevLaunchMeasure = vm.memoryEncryptOp('KVM_SEV_LAUNCH_MEASURE', {
    memory: { uaddr: bytes },
  });
  const nothing: undefined = vcpu.memoryEncryptOp('KVM_TDX_INIT_VCPU', { argument: len });
  void nothing;
}
