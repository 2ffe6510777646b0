/** The errors of the runtime. Each one names the operation, the cause, and what to do. */

import { constants } from 'node:os';

/** Second names of the same numbers. */
const aliases = ['EWOULDBLOCK', 'ENOTSUP'];
const names = new Map([
  // Node has no name for this error: the hardware has found that the memory is damaged.
  [133, 'EHWPOISON'],
  ...Object.entries(constants.errno)
    .filter(([name]) => !aliases.includes(name))
    .map(([name, value]) => [value as number, name] as const),
]);

/** Returns the name of an errno, such as `EINVAL`. */
function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}

/** What an error says besides its message. */
export interface UapiErrorDetails {
  /** The name of the errno, such as `EINVAL`, or a code of this package, such as `ERR_KVM_CLOSED`. */
  readonly code: string;
  /** The negative errno, if the kernel refused. */
  readonly errno?: number;
  /** The system call, if the kernel refused: `ioctl`, `mmap`, `open`. */
  readonly syscall?: string;
  /** The name of the ioctl, such as `KVM_SET_REGS`, if there is one. */
  readonly ioctl?: string;
  /** The rule of KVM that is broken, if it is known. */
  readonly rule?: string;
  /** The title of the section of the kernel's `Documentation/virt/kvm/api.rst` about this, if there is one. */
  readonly see?: string;
}

/** The base class of all errors of the runtime. The properties have the names and the meanings of Node's system errors. */
export class UapiError extends Error {
  /** The name of the class. */
  override readonly name: string = 'UapiError';
  /** The name of the errno, such as `EINVAL`, or a code of this package, such as `ERR_KVM_CLOSED`. */
  readonly code: string;
  /** The negative errno, if the kernel refused. */
  declare readonly errno?: number;
  /** The system call, if the kernel refused: `ioctl`, `mmap`, `open`. */
  declare readonly syscall?: string;
  /** The name of the ioctl, such as `KVM_SET_REGS`, if there is one. */
  declare readonly ioctl?: string;
  /** The rule of KVM that is broken, if it is known. docs/errors.md lists the rules. */
  declare readonly rule?: string;
  /** The title of the section of the kernel's `Documentation/virt/kvm/api.rst` about this, if there is one. */
  declare readonly see?: string;
  /** What failed: the name of an ioctl, or of a method or a class of this package. */
  readonly operation: string;

  constructor(operation: string, problem: string, details: UapiErrorDetails, options?: ErrorOptions) {
    const message = details.errno === undefined ? problem : `${details.code}: ${problem}`;
    super(`${operation}: ${message}`, options);
    this.operation = operation;
    this.code = details.code;
    if (details.errno !== undefined) this.errno = details.errno;
    if (details.syscall !== undefined) this.syscall = details.syscall;
    if (details.ioctl !== undefined) this.ioctl = details.ioctl;
    if (details.rule !== undefined) this.rule = details.rule;
    if (details.see !== undefined) this.see = details.see;
  }
}

/** An operation on a `Device` failed. The code is the name of the errno if the kernel refused. */
export class DeviceError extends UapiError {
  override readonly name: string = 'DeviceError';
}

/** The kernel or the driver does not support the ioctl. The code is the name of the errno. */
export class DeviceUnsupportedError extends DeviceError {
  override readonly name = 'DeviceUnsupportedError';
}

/** A device cannot be opened. The message says what to do. The code is the name of the errno. */
export class DeviceUnavailableError extends DeviceError {
  override readonly name = 'DeviceUnavailableError';
}

/** A `Device` was used after `close()`. The code is `ERR_DEVICE_CLOSED`. */
export class DeviceClosedError extends DeviceError {
  override readonly name = 'DeviceClosedError';

  constructor(operation: string, problem: string) {
    super(operation, problem, { code: 'ERR_DEVICE_CLOSED' });
  }
}

/** The runtime refuses an argument before the kernel gets it. The code is `ERR_DEVICE_INVALID_ARGUMENT`. */
export class DeviceArgumentError extends DeviceError {
  override readonly name = 'DeviceArgumentError';

  constructor(operation: string, problem: string) {
    super(operation, problem, { code: 'ERR_DEVICE_INVALID_ARGUMENT' });
  }
}

/**
 * An operation of KVM, or of an object that this package makes for KVM, failed. The code is the name of the errno if the kernel
 * refused, and `ERR_KVM_INVALID_DATA` if data in shared memory is not valid.
 */
export class KvmError extends UapiError {
  override readonly name: string = 'KvmError';
}

/**
 * The kernel, this VM or the bindings do not support the operation. The code is the name of the errno if the kernel refused,
 * and otherwise `ERR_KVM_UNSUPPORTED`.
 */
export class KvmUnsupportedError extends KvmError {
  override readonly name = 'KvmUnsupportedError';
  /** The capability that announces the operation, such as `KVM_CAP_X86_SMM`. Null if no capability announces it. */
  readonly capability: string | null;

  constructor(
    operation: string,
    problem: string,
    capability: string | null = null,
    details: UapiErrorDetails = { code: 'ERR_KVM_UNSUPPORTED' },
  ) {
    super(operation, problem, details);
    this.capability = capability;
  }
}

/** Why the kernel has refused an MSR, and the properties that the error has in addition. */
export interface MsrRefusal {
  readonly problem: string;
  readonly details: Pick<UapiErrorDetails, 'rule' | 'see'>;
}

/**
 * The kernel refused one of several MSRs. The MSRs before it in the list were read or written, and the MSRs after it were
 * not. The code is `ERR_KVM_MSR_REFUSED`.
 */
export class KvmMsrError extends KvmError {
  override readonly name = 'KvmMsrError';
  /** The index of the MSR that was refused. */
  readonly index: number;

  constructor(ioctl: string, index: number, refusal?: MsrRefusal) {
    const {
      problem = 'the vCPU does not have this MSR, or the MSR cannot have this value; KVM_SET_CPUID2 decides',
      details,
    } = refusal ?? {};
    const msr = `MSR 0x${index.toString(16)}`;
    super(ioctl, `${msr}: ${problem}`, { code: 'ERR_KVM_MSR_REFUSED', ioctl, ...details });
    this.index = index;
  }
}

/**
 * The firmware of the memory encryption refused a command of KVM_MEMORY_ENCRYPT_OP: the firmware of AMD's secure processor, or
 * Intel's TDX module. The code is the name of the errno.
 */
export class KvmFirmwareError extends KvmError {
  override readonly name = 'KvmFirmwareError';
  /** The name of the command, such as `KVM_SEV_LAUNCH_START`. */
  readonly command: string;
  /** The error of the firmware: the member `error` of `struct kvm_sev_cmd`, or `hw_error` of `struct kvm_tdx_cmd`. */
  readonly firmwareError: bigint;
  /** The name of the error, such as `SEV_RET_INVALID_LEN`. Null if the name is not known. */
  readonly firmwareErrorName: string | null;

  constructor(
    ioctl: string,
    command: string,
    firmwareError: bigint,
    firmwareErrorName: string | null,
    details: UapiErrorDetails,
  ) {
    const number = `0x${firmwareError.toString(16)}`;
    const shown = firmwareErrorName === null ? number : `${firmwareErrorName} (${number})`;
    super(ioctl, `${command}: error of the firmware: ${shown}`, details);
    this.command = command;
    this.firmwareError = firmwareError;
    this.firmwareErrorName = firmwareErrorName;
  }
}

/** `/dev/kvm` cannot be used. The message says what to do. The code is the name of the errno. */
export class KvmUnavailableError extends KvmError {
  override readonly name = 'KvmUnavailableError';
}

/**
 * The vCPU is in a run: another thread runs it, or a debugger uses it during a run of this thread. The code is `EBUSY`. The
 * runtime does not call the kernel, because the call would block until KVM_RUN returns. A debugger that runs another vCPU
 * during a run of this thread gets this error, too.
 */
export class KvmBusyError extends KvmError {
  override readonly name = 'KvmBusyError';
}

/** An object was used after `close()`. The code is `ERR_KVM_CLOSED`. */
export class KvmClosedError extends KvmError {
  override readonly name = 'KvmClosedError';

  constructor(operation: string, problem: string) {
    super(operation, problem, { code: 'ERR_KVM_CLOSED' });
  }
}

/** The runtime refuses an argument before the kernel gets it. The code is `ERR_KVM_INVALID_ARGUMENT`. */
export class KvmArgumentError extends KvmError {
  override readonly name = 'KvmArgumentError';

  constructor(operation: string, problem: string, options?: ErrorOptions) {
    super(operation, problem, { code: 'ERR_KVM_INVALID_ARGUMENT' }, options);
  }
}

/** A file of the package is not found or cannot be loaded: the addon, or the module of the Worker. The code is `ERR_RUNTIME_MISSING`. */
export class RuntimeMissingError extends UapiError {
  override readonly name = 'RuntimeMissingError';

  constructor(path: string, problem: string) {
    super(path, problem, { code: 'ERR_RUNTIME_MISSING' });
  }
}

const classes = [
  UapiError,
  DeviceError,
  DeviceUnsupportedError,
  DeviceUnavailableError,
  DeviceClosedError,
  DeviceArgumentError,
  KvmError,
  KvmUnsupportedError,
  KvmMsrError,
  KvmFirmwareError,
  KvmUnavailableError,
  KvmBusyError,
  KvmClosedError,
  KvmArgumentError,
  RuntimeMissingError,
];

/** Restores the class of an error that another thread has thrown. Posting keeps everything else of the error. */
export function restored(thrown: unknown): unknown {
  const of = thrown instanceof Error ? classes.find(({ name }) => name === thrown.name) : undefined;
  return of ? Object.setPrototypeOf(thrown, of.prototype) : thrown;
}

const noEncryption =
  'this VM has no memory encryption; it needs SEV or TDX of the processor and of the kernel, and most commands need a type of VM, such as kvm.createVm(KVM_X86_SNP_VM)';

const explanations = new Map([
  ['EINVAL', 'the kernel does not accept the argument'],
  ['EFAULT', 'part of the argument is not in accessible memory'],
  ['EBADF', 'the file descriptor is not open'],
  ['EEXIST', 'it exists already'],
  ['ENOMEM', 'the kernel does not have enough memory'],
  ['E2BIG', 'the buffer has too few elements; allocate more'],
  ['ENXIO', 'there is no such device, register or interrupt controller'],
  ['ENOENT', 'there is no such register or entry'],
  ['EPERM', 'not permitted'],
  ['EIO', 'only the process that created a VM can use it, and only until the kernel finds the VM broken'],
  ['EMFILE', 'this process has too many open files; raise the limit (ulimit -n)'],
  ['EAGAIN', 'there are too many timers and pending signals; raise the limit (ulimit -i)'],
  ['ENODEV', 'the kernel does not support this kind of device'],
  [
    'KVM_RUN EFAULT',
    'the guest accessed memory that the kernel cannot provide; if the memory is a file, the file may be shorter than the memory',
  ],
  ['KVM_MEMORY_ENCRYPT_OP ENOTTY', noEncryption],
  ['KVM_MEMORY_ENCRYPT_REG_REGION ENOTTY', noEncryption],
  ['KVM_MEMORY_ENCRYPT_UNREG_REGION ENOTTY', noEncryption],
  ['KVM_ENABLE_CAP EINVAL', 'this capability cannot be enabled here, or not with these arguments'],
]);

const missing = ['ENOTTY', 'EOPNOTSUPP', 'ENOSYS'];

/** The details of an ioctl that failed. `result` is -errno. */
function ioctlDetails(ioctl: string, result: number): UapiErrorDetails {
  return { code: errnoName(-result), errno: result, syscall: 'ioctl', ioctl };
}

/** Returns the error of a KVM ioctl that failed. `result` is -errno. `capability` announces the ioctl. */
export function ioctlError(ioctl: string, result: number, capability: string | null = null): KvmError {
  const details = ioctlDetails(ioctl, result);
  const { code } = details;
  const particular = explanations.get(`${ioctl} ${code}`);
  if (code === 'EBUSY' && particular === undefined)
    return new KvmBusyError(ioctl, 'busy; if this is a vCPU, it is in a run: kick it first', details);
  if (missing.includes(code)) {
    const ask = capability === null ? '' : `; ask with checkExtension('${capability}')`;
    const problem = particular ?? `this kernel or this kind of file does not have this ioctl${ask}`;
    return new KvmUnsupportedError(ioctl, problem, capability, details);
  }
  return new KvmError(ioctl, particular ?? explanationOf(code), details);
}

/** Returns the error of a command that the firmware refused. `result` is -errno. */
export function firmwareError(
  ioctl: string,
  result: number,
  command: string,
  error: bigint,
  name: string | null,
): KvmFirmwareError {
  const details = ioctlDetails(ioctl, result);
  return new KvmFirmwareError(ioctl, command, error, name, details);
}

/**
 * Returns the error of a system call that failed for KVM. `result` is -errno. `operation` says what the call was for, and
 * `problem` why it failed, if that is known better than from the errno.
 */
export function syscallError(syscall: string, operation: string, result: number, problem?: string): KvmError {
  const code = errnoName(-result);
  return new KvmError(operation, problem ?? explanationOf(code), { code, errno: result, syscall });
}

/** Returns the error of an ioctl on a `Device` that failed. `result` is -errno. */
export function deviceIoctlError(ioctl: string, result: number): DeviceError {
  const details = ioctlDetails(ioctl, result);
  const { code } = details;
  if (missing.includes(code))
    return new DeviceUnsupportedError(ioctl, 'this kernel or this device does not have this ioctl', details);
  if (code === 'EBUSY') return new DeviceError(ioctl, 'busy; another user of the device holds it', details);
  if (code === 'EPERM') return new DeviceError(ioctl, 'not permitted; it may need a capability, or root', details);
  return new DeviceError(ioctl, explanationOf(code), details);
}

function explanationOf(code: string): string {
  return explanations.get(code) ?? 'the kernel refused';
}

const unopenable = new Map([
  ['ENOENT', 'not found; load the module of its driver; in a container, pass the device in'],
  ['EACCES', 'this user may not open it; ls -l shows who may'],
  ['EPERM', 'it may not be opened here; in a container, pass the device in'],
  ['EBUSY', 'another program holds it'],
  ['ENODEV', 'it has no driver; load the module of its driver'],
  ['ENXIO', 'it has no driver; load the module of its driver'],
  ['EISDIR', 'it is a folder, not a device'],
  ['EMFILE', 'this process has too many open files; raise the limit (ulimit -n)'],
]);

const unavailable = new Map([
  [
    'ENOENT',
    'not found; load kvm_intel or kvm_amd (modprobe), turn virtualization on in the firmware, or give this machine nested virtualization',
  ],
  ['EACCES', "this user may not open it; add the user to the group 'kvm' (adduser USER kvm) and log in again"],
  ['EPERM', 'it may not be opened here; in a container, pass the device in'],
  ['EBUSY', 'another hypervisor holds it; stop that first'],
  ['ENODEV', 'the processor has no virtualization, or the firmware has turned it off'],
  ['ENXIO', 'the processor has no virtualization, or the firmware has turned it off'],
  ['ENOTTY', 'it is not KVM; the device of KVM is /dev/kvm'],
  ['EISDIR', 'it is a folder; the device of KVM is /dev/kvm'],
  ['EMFILE', 'this process has too many open files; raise the limit (ulimit -n)'],
]);

function openDetails(result: number): UapiErrorDetails {
  return { code: errnoName(-result), errno: result, syscall: 'open' };
}

/** Returns the error for a device that cannot be opened. */
export function openDeviceError(path: string, result: number): DeviceUnavailableError {
  const details = openDetails(result);
  return new DeviceUnavailableError(`open ${path}`, unopenable.get(details.code) ?? 'it cannot be opened', details);
}

/** Returns the error for a `/dev/kvm` that cannot be opened. */
export function openKvmError(path: string, result: number): KvmUnavailableError {
  const details = openDetails(result);
  return new KvmUnavailableError(`open ${path}`, unavailable.get(details.code) ?? 'it cannot be opened', details);
}
