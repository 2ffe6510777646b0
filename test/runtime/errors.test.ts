/** The classes of the runtime's errors, and the properties that these errors have in common with Node's system errors. */

import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  deviceIoctlError,
  ioctlError,
  openDeviceError,
  openKvmError,
  restored,
  syscallError,
} from '../../runtime/errors.js';
import {
  Device,
  DeviceArgumentError,
  DeviceError,
  GuestMemory,
  KvmArgumentError,
  KvmBusyError,
  KvmClosedError,
  KvmError,
  KvmMsrError,
  KvmUnsupportedError,
  RuntimeMissingError,
  UapiError,
} from '../../runtime/index.js';
import { thrownBy } from '../helpers/vcpus.js';

describe('an error of the runtime', () => {
  it('an error has the code, the negative errno, the system call and the ioctl when the kernel refuses an ioctl', () => {
    const error = ioctlError('KVM_SET_REGS', -22);
    expect(error).toBeInstanceOf(KvmError);
    expect({ ...error }).toEqual({
      name: 'KvmError',
      operation: 'KVM_SET_REGS',
      code: 'EINVAL',
      errno: -22,
      syscall: 'ioctl',
      ioctl: 'KVM_SET_REGS',
    });
    expect(error.message).toBe('KVM_SET_REGS: EINVAL: the kernel does not accept the argument');
  });

  it('an error does not have an errno, a system call and an ioctl when the runtime refuses a call', () => {
    const error = new KvmArgumentError('Vm.addMemory', 'slot -1; it must be an integer');
    expect({ ...error }).toEqual({
      name: 'KvmArgumentError',
      operation: 'Vm.addMemory',
      code: 'ERR_KVM_INVALID_ARGUMENT',
    });
    expect(['errno', 'syscall', 'ioctl'].filter((name) => name in error)).toEqual([]);
    expect(error.message).toBe('Vm.addMemory: slot -1; it must be an integer');
  });

  it.each<[UapiError, object]>([
    [syscallError('mmap', 'GuestMemory.create', -12), { code: 'ENOMEM', errno: -12, syscall: 'mmap' }],
    [openKvmError('/dev/kvm', -2), { code: 'ENOENT', errno: -2, syscall: 'open', operation: 'open /dev/kvm' }],
    [openDeviceError('/dev/x', -13), { code: 'EACCES', errno: -13, syscall: 'open', operation: 'open /dev/x' }],
    [openDeviceError('fd 3', -24), { code: 'EMFILE', message: expect.stringMatching(/too many open files; raise/) }],
    [ioctlError('KVM_RUN', -16), { name: 'KvmBusyError', code: 'EBUSY', errno: -16 }],
    [ioctlError('KVM_SMI', -25, 'KVM_CAP_X86_SMM'), { name: 'KvmUnsupportedError', capability: 'KVM_CAP_X86_SMM' }],
    [deviceIoctlError('TUNSETIFF', -1), { name: 'DeviceError', code: 'EPERM', ioctl: 'TUNSETIFF' }],
    [deviceIoctlError('TUNSETIFF', -25), { name: 'DeviceUnsupportedError', code: 'ENOTTY' }],
    [ioctlError('KVM_RUN', -9999), { code: 'errno 9999', errno: -9999 }],
    [new KvmClosedError('Vm', 'this VM is closed'), { code: 'ERR_KVM_CLOSED' }],
    [new KvmMsrError('KVM_GET_MSRS', 0x10), { code: 'ERR_KVM_MSR_REFUSED', ioctl: 'KVM_GET_MSRS', index: 16 }],
    [new KvmUnsupportedError('KVM_SMI', 'no', null), { code: 'ERR_KVM_UNSUPPORTED', capability: null }],
    [new RuntimeMissingError('/x.node', 'not built'), { code: 'ERR_RUNTIME_MISSING', operation: '/x.node' }],
  ])('every error is a UapiError: %s', (error, properties) => {
    expect(error).toBeInstanceOf(UapiError);
    expect(error).toMatchObject(properties);
  });

  it('an error is either a KvmError or a DeviceError', () => {
    expect(new KvmArgumentError('x', 'y')).not.toBeInstanceOf(DeviceError);
    expect(new DeviceArgumentError('x', 'y')).not.toBeInstanceOf(KvmError);
    expect(thrownBy(() => Device.open('/dev/nothing', {} as never))).toBeInstanceOf(Error);
    expect(thrownBy(() => GuestMemory.create(1))).toMatchObject({ operation: 'GuestMemory.create' });
  });

  it('an error keeps its class and its properties when a Worker throws it', async () => {
    const program =
      "throw Object.assign(new Error('KVM_RUN: EBUSY: busy'), { name: 'KvmBusyError', code: 'EBUSY', errno: -16 });";
    const worker = new Worker(program, { eval: true });
    const thrown = await new Promise((resolve) => worker.once('error', resolve));
    const error = restored(thrown);
    expect(error).toBeInstanceOf(KvmBusyError);
    expect(error).toMatchObject({ code: 'EBUSY', errno: -16, message: 'KVM_RUN: EBUSY: busy' });
  });
});
