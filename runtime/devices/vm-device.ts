/** A device of `Vm.createDevice`: the kernel emulates it in the VM, or connects it with the VM. */

import { inspectable } from '../../support/inspect.js';
import { addon, type FileRecord } from '../addon.js';
import { newHandle, requireHandle } from '../arguments.js';
import type { Creator } from '../construction.js';
import type { Architecture, Bindings, CapabilityContext, GenericIoctl, Rules } from '../context.js';
import { openVmOf, type VmObject } from '../creators.js';
import { adopted, requireFd } from '../descriptors.js';
import { KvmClosedError } from '../errors.js';
import { checkBindings } from '../host-bindings.js';
import { genericIoctl, ioctlsOfFile } from '../ioctl.js';
import { fileRecord, KernelFile } from '../kernel-file.js';
import { requireU32 } from '../numbers.js';
import { OpenVm } from '../open-vm.js';
import { requireKnownKeys } from '../options.js';
import { type AttributeTarget, type DeviceAttr, getDeviceAttr, hasDeviceAttr, setDeviceAttr } from './device-attr.js';

/**
 * What another thread needs to attach to the device. `VmDevice.share` returns the handle. A handle can be posted. A handle does not
 * keep the device open: keep the device open until the other thread has attached.
 */
export interface VmDeviceHandle {
  /** Always `'vm device'`. */
  readonly kind: 'vm device';
  /** The number of the device in this process. */
  readonly id: number;
  /** The number of this process. */
  readonly generation: number;
}

/** The options of `VmDevice.fromFd`. */
export interface VmDeviceOptions {
  /** The type of the device, `KVM_DEV_TYPE_…`. With it the lengths of the attributes are known. */
  readonly type?: number;
}

/** The methods of `VmDevice` that every architecture has. */
export abstract class VmDeviceBase extends KernelFile {
  readonly #target: AttributeTarget<'device'>;
  /** Makes any ioctl of the device file descriptor. */
  readonly ioctl: GenericIoctl<'device'>;

  /** The VM that this object itself has opened. */
  readonly #ownVm: OpenVm | undefined;

  protected constructor(
    given: Creator,
    vm: CapabilityContext & { readonly rules: Rules },
    record: FileRecord,
    ownVm?: OpenVm,
  ) {
    super(given, 'Vm.createDevice, VmDevice.attach or VmDevice.fromFd', record);
    this.#ownVm = ownVm;
    const deviceType = (): number => addon().deviceType(fileRecord(this));
    this.#target = {
      ...ioctlsOfFile(() => fileRecord(this)),
      kind: 'device',
      capabilities: vm,
      rules: vm.rules,
      deviceType,
    };
    this.ioctl = genericIoctl(this.#target);
  }

  /**
   * Returns the handle to post to another thread, which passes it to `VmDevice.attach`.
   *
   * @throws KvmClosedError after `close`.
   */
  share(): VmDeviceHandle {
    return newHandle('vm device', addon().deviceId(fileRecord(this)));
  }

  /** Closes the device in this thread. The last `close` of all threads closes the file descriptor. */
  override close(): void {
    super.close();
    this.#ownVm?.close();
  }

  /**
   * KVM_HAS_DEVICE_ATTR: returns whether the device has an attribute.
   *
   * @param which the numbers of the group and of the attribute.
   * @throws KvmUnsupportedError when the kernel does not have the capability, KvmError when the kernel refuses.
   * @see api.rst, "KVM_HAS_DEVICE_ATTR"
   */
  hasDeviceAttr(which: DeviceAttr): boolean {
    return hasDeviceAttr(this.#target, which);
  }

  /**
   * KVM_GET_DEVICE_ATTR: returns the first `length` bytes of an attribute, in the byte order of the architecture.
   *
   * @param which the numbers of the group and of the attribute.
   * @param length in bytes, at most 32 MiB. By default the length of the attribute, where the bindings know it. For other
   * attributes the kernel's document of the device (Documentation/virt/kvm/devices/) says the length.
   * @throws KvmError with code `ENXIO` when the device does not have the attribute, KvmArgumentError for a length that is too
   * large, and without a length when the bindings do not know it.
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  getDeviceAttr(which: DeviceAttr, length?: number): Uint8Array {
    return getDeviceAttr(this.#target, which, length);
  }

  /**
   * KVM_SET_DEVICE_ATTR: sets an attribute to `bytes`, in the byte order of the architecture. If the bindings do not know the
   * length of the attribute, zeros follow after `bytes`.
   *
   * @param which the numbers of the group and of the attribute.
   * @param bytes the value, at most 32 MiB. By default no bytes, for an attribute without a value.
   * @throws KvmError with code `ENXIO` when the device does not have the attribute, KvmArgumentError when the attribute has
   * another length than `bytes`.
   * @example
   * using vfio = vm.createDevice(KVM_DEV_TYPE_VFIO);
   * vfio.setDeviceAttr({ group: KVM_DEV_VFIO_FILE, attr: KVM_DEV_VFIO_FILE_ADD }, new Uint8Array(Int32Array.of(fd).buffer));
   * @see api.rst, "KVM_SET_DEVICE_ATTR/KVM_GET_DEVICE_ATTR"
   */
  setDeviceAttr(which: DeviceAttr, bytes?: Uint8Array): void {
    setDeviceAttr(this.#target, which, bytes);
  }
}

/** A device and its VM, which an object of the device has opened. */
export interface OpenDevice<B extends Bindings = Bindings> {
  readonly record: FileRecord;
  readonly vm: OpenVm<B>;
}

/** Implements `VmDevice.attach`. */
export function attachedDevice<B extends Bindings>(
  handle: VmDeviceHandle,
  architecture: Architecture<B>,
): OpenDevice<B> {
  checkBindings('VmDevice.attach', architecture.bindings);
  inspectable(architecture.bindings);
  const record = addon().deviceFind(requireHandle('VmDevice.attach', handle, 'vm device'));
  const vm = record && addon().vmOfDevice(record);
  if (!record || !vm) throw new KvmClosedError('VmDevice.attach', 'the device of this handle is closed');
  return { record, vm: new OpenVm(vm, architecture) };
}

/** Implements `VmDevice.fromFd`. */
export function deviceFromFd(fd: number, vm: VmObject, options: VmDeviceOptions): OpenDevice {
  const operation = 'VmDevice.fromFd';
  requireKnownKeys<VmDeviceOptions>(operation, options, { type: true });
  const number = requireFd(operation, fd);
  const open = openVmOf(operation, vm);
  const type = options.type === undefined ? undefined : requireU32(operation, 'type', options.type);
  const record = adopted(operation, 'a device of a VM', number, addon().deviceFromFd(open.record, number));
  if (type !== undefined) addon().deviceSetType(record, type);
  const of = addon().vmOfDevice(record);
  if (!of) throw new KvmClosedError(operation, 'the VM of this device is closed');
  return { record, vm: new OpenVm(of, open) };
}
