/** The errors of the runtime. Every one names the operation and what to do. */

import { constants } from 'node:os';

/** Second names of the same numbers. */
const aliases = ['EWOULDBLOCK', 'ENOTSUP'];
const names = new Map([
  // Node does not name this one: memory that the hardware has found broken.
  [133, 'EHWPOISON'],
  ...Object.entries(constants.errno)
    .filter(([name]) => !aliases.includes(name))
    .map(([name, value]) => [value as number, name] as const),
]);

/** The name of an errno: `EINVAL`. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}

/** The kernel refused. */
export class DeviceError extends Error {
  override readonly name: string = 'DeviceError';
  /** The ioctl or system call: `KVM_SET_REGS`. */
  readonly operation: string;
  /** `EINVAL` */
  readonly code: string;

  constructor(operation: string, code: string, explanation: string) {
    super(`${operation}: ${code}: ${explanation}`);
    this.operation = operation;
    this.code = code;
  }
}

/** The kernel, or this kind of device, does not have it. */
export class DeviceUnsupportedError extends DeviceError {
  override readonly name = 'DeviceUnsupportedError';
}

/** A device cannot be opened. */
export class DeviceUnavailableError extends DeviceError {
  override readonly name = 'DeviceUnavailableError';
}

/** Used after `close()`. */
export class DeviceClosedError extends Error {
  override readonly name: string = 'DeviceClosedError';
}

/** An argument that the runtime refuses before the kernel sees it. */
export class DeviceArgumentError extends Error {
  override readonly name: string = 'DeviceArgumentError';
}

/** The kernel refused something of KVM. */
export class KvmError extends DeviceError {
  override readonly name: string = 'KvmError';
}

/** The kernel, or this version of KVM, or this VM, does not have it. */
export class KvmUnsupportedError extends KvmError {
  override readonly name = 'KvmUnsupportedError';
  /** The capability that tells of it: `KVM_CAP_X86_SMM`; null where none does. */
  readonly capability: string | null;

  constructor(operation: string, code: string, explanation: string, capability: string | null = null) {
    super(operation, code, explanation);
    this.capability = capability;
  }
}

/** One of several MSRs was refused. Those before it in the list were read or written, those after it were not. */
export class KvmMsrError extends KvmError {
  override readonly name = 'KvmMsrError';
  /** Of the MSR that was refused. */
  readonly index: number;

  constructor(operation: string, index: number) {
    const msr = `MSR 0x${index.toString(16)}`;
    super(
      operation,
      'refused',
      `${msr}: this vCPU does not have it, or does not take this value; KVM_SET_CPUID2 decides`,
    );
    this.index = index;
  }
}

/** `/dev/kvm` cannot be used here. */
export class KvmUnavailableError extends KvmError {
  override readonly name = 'KvmUnavailableError';
}

/** Another thread is in an ioctl of the vCPU. Asking the kernel would block until KVM_RUN returns. */
export class KvmBusyError extends KvmError {
  override readonly name = 'KvmBusyError';
}

/** Used after `close()`. */
export class KvmClosedError extends DeviceClosedError {
  override readonly name = 'KvmClosedError';
}

/** An argument that the runtime refuses before the kernel sees it. */
export class KvmArgumentError extends DeviceArgumentError {
  override readonly name = 'KvmArgumentError';
}

/** The native part of the package is not there. */
export class RuntimeMissingError extends Error {
  override readonly name = 'RuntimeMissingError';
}

const classes = [
  DeviceError,
  DeviceUnsupportedError,
  DeviceUnavailableError,
  DeviceClosedError,
  DeviceArgumentError,
  KvmError,
  KvmUnsupportedError,
  KvmMsrError,
  KvmUnavailableError,
  KvmBusyError,
  KvmClosedError,
  KvmArgumentError,
  RuntimeMissingError,
];

/** What another thread has thrown: an error of these classes comes from there with all but its class. */
export function restored(thrown: unknown): unknown {
  const of = thrown instanceof Error ? classes.find(({ name }) => name === thrown.name) : undefined;
  return of ? Object.setPrototypeOf(thrown, of.prototype) : thrown;
}

const explanations = new Map([
  ['EINVAL', 'the kernel does not accept the argument'],
  ['EFAULT', 'the argument is not all in accessible memory'],
  ['EBADF', 'the file descriptor is not open'],
  ['EEXIST', 'there is one already'],
  ['ENOMEM', 'the kernel has no memory for it'],
  ['E2BIG', 'the buffer has too few elements; allocate more'],
  ['ENXIO', 'there is no such device, register or irqchip'],
  ['ENOENT', 'there is no such register or entry'],
  ['EPERM', 'not permitted'],
  ['EIO', 'the kernel cannot do it for this process; a VM belongs to the process that made it'],
  ['EMFILE', 'this process has too many open files'],
  ['EAGAIN', 'there are too many timers and pending signals; raise the limit (ulimit -i)'],
  ['KVM_INTERRUPT ENXIO', 'the interrupt controller is in the kernel, which delivers interrupts itself'],
  ['KVM_KVMCLOCK_CTRL EINVAL', 'the guest has not turned its kvmclock on'],
  ['KVM_ENABLE_CAP EINVAL', 'no such capability can be enabled here, or not with these arguments'],
  ['KVM_IRQFD EBUSY', 'the eventfd is an interrupt already'],
  ['KVM_SET_BOOT_CPU_ID EBUSY', 'the VM has a vCPU already'],
  ['KVM_GET_DIRTY_LOG ENOENT', 'the slot does not have KVM_MEM_LOG_DIRTY_PAGES'],
  ['KVM_CLEAR_DIRTY_LOG ENOENT', 'the slot does not have KVM_MEM_LOG_DIRTY_PAGES'],
  ['KVM_IOEVENTFD ENOENT', 'nothing of the kind is assigned'],
  ['KVM_SIGNAL_MSI EPERM', 'no interrupt controller in the kernel takes it'],
  ['ENODEV', 'the kernel does not have this kind of device'],
]);

/** The error for a negative result of the native layer. `capability` is the one that announces the operation, if any. */
export function kernelError(operation: string, result: number, capability: string | null = null): KvmError {
  const code = errnoName(-result);
  const particular = explanations.get(`${operation} ${code}`);
  if (code === 'EBUSY' && particular === undefined)
    return new KvmBusyError(operation, code, 'busy; on a vCPU: another thread is running it, kick it first');
  if (code === 'ENOTTY' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
    const ask = capability === null ? 'checkExtension' : `checkExtension('${capability}')`;
    const explanation = `this kernel or this kind of file does not have it; ask with ${ask}`;
    return new KvmUnsupportedError(operation, code, explanation, capability);
  }
  return new KvmError(operation, code, particular ?? explanations.get(code) ?? 'the kernel refused');
}

/** The error for a negative result of the native layer on a device that is not KVM's. */
export function deviceError(operation: string, result: number): DeviceError {
  const code = errnoName(-result);
  if (code === 'ENOTTY' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
    return new DeviceUnsupportedError(operation, code, 'this kernel or this device does not have it');
  if (code === 'EBUSY') return new DeviceError(operation, code, 'busy; something else uses it');
  if (code === 'EPERM') return new DeviceError(operation, code, 'not permitted; it may need a capability, or root');
  return new DeviceError(operation, code, explanations.get(code) ?? 'the kernel refused');
}

const unopenable = new Map([
  ['ENOENT', 'not found; load the module of its driver, or in a container pass the device in'],
  ['EACCES', 'may not be opened by this user; see who may with ls -l'],
  ['EPERM', 'may not be opened here; in a container, pass the device in'],
  ['EBUSY', 'is held by something else'],
  ['ENODEV', 'has no driver behind it; load its module'],
  ['ENXIO', 'has no driver behind it; load its module'],
  ['EISDIR', 'is a folder'],
]);

/** The error for a device that cannot be opened. */
export function openDeviceError(path: string, result: number): DeviceUnavailableError {
  const code = errnoName(-result);
  return new DeviceUnavailableError(`open ${path}`, code, `${path} ${unopenable.get(code) ?? 'cannot be opened'}`);
}

const unavailable = new Map([
  [
    'ENOENT',
    'not found; load kvm_intel or kvm_amd (modprobe), turn virtualization on in the firmware, or give this machine nested virtualization',
  ],
  ['EACCES', "may not be opened by this user; add the user to the group 'kvm' (adduser USER kvm) and log in again"],
  ['EPERM', 'may not be opened here; in a container, pass the device in'],
  ['EBUSY', 'is held by another hypervisor; stop it first'],
  ['ENODEV', 'has no hardware behind it; the processor has no virtualization or it is turned off in the firmware'],
  ['ENXIO', 'has no hardware behind it; the processor has no virtualization or it is turned off in the firmware'],
  ['ENOTTY', 'is not KVM; the device is /dev/kvm'],
  ['EISDIR', 'is a folder; the device is /dev/kvm'],
]);

/** The error for a `/dev/kvm` that cannot be opened. */
export function openError(path: string, result: number): KvmUnavailableError {
  const code = errnoName(-result);
  return new KvmUnavailableError(`open ${path}`, code, `${path} ${unavailable.get(code) ?? 'cannot be opened'}`);
}
