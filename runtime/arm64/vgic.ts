/**
 * The interrupt controllers of arm64, which are devices: GICv2, GICv3 and the ITS of a GICv3. The addresses and the settings are
 * attributes of the device.
 */

import { describe, requireList } from '../arguments.js';
import { KvmArgumentError } from '../errors.js';
import { requireInteger, requireU32, requireU64 } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Vm } from './vm.js';
import type { VmDevice } from './vm-device.js';

/** The options of `createGicV2`. */
export interface GicV2Options {
  /** The guest-physical address of the distributor, which has 4 KiB. */
  readonly distributor: number | bigint;
  /** The guest-physical address of the CPU interface, which has 8 KiB. */
  readonly cpuInterface: number | bigint;
  /** The number of interrupts, with the 32 of each vCPU: a multiple of 32 from 64 to 1024. By default 256. */
  readonly interrupts?: number;
}

/** A region of redistributors. Each vCPU has one, of 128 KiB. */
export interface RedistributorRegion {
  /** The guest-physical address of the region: a multiple of 64 KiB. */
  readonly address: number | bigint;
  /** The number of redistributors. */
  readonly count: number;
}

/** The options of `createGicV3`. */
export interface GicV3Options {
  /** The guest-physical address of the distributor, which has 64 KiB: a multiple of 64 KiB. */
  readonly distributor: number | bigint;
  /** The regions of the redistributors, in the order of the vCPUs. They have room for all vCPUs. */
  readonly redistributors: readonly RedistributorRegion[];
  /** The number of interrupts, with the 32 of each vCPU: a multiple of 32 from 64 to 1024. By default 256. */
  readonly interrupts?: number;
}

/** The options of `createIts`. */
export interface ItsOptions {
  /** The guest-physical address of the ITS, which has 128 KiB: a multiple of 64 KiB. */
  readonly address: number | bigint;
}

const regionAlignment = 0x1_0000n;
const fewestInterrupts = 64;
const mostInterrupts = 1024;
const interruptsPerWord = 32;
const mostRedistributors = 0xfff;
const mostRegions = 0xfff;
/** The highest number of physical addresses of arm64. */
const addressEnd = 2n ** 52n;

/**
 * Creates a GICv2 with its addresses. Call this function before the first run. `Vm.createIrqchip` creates one without addresses.
 *
 * @param vm the VM.
 * @param options the addresses.
 * @throws KvmArgumentError for a wrong option, KvmError with code `ENODEV` when the processor has no GICv2 for guests.
 * @see api.rst, "KVM_CREATE_DEVICE"
 */
export function createGicV2(vm: Vm, options: GicV2Options): VmDevice {
  const operation = 'createGicV2';
  requireKnownKeys<GicV2Options>(operation, options, { distributor: true, cpuInterface: true, interrupts: true });
  const { bindings } = vm;
  const distributor = requireU64(operation, 'distributor', options.distributor);
  const cpuInterface = requireU64(operation, 'cpuInterface', options.cpuInterface);
  const interrupts = interruptsOf(operation, options.interrupts);
  return closedOnError(vm.createDevice(bindings.KVM_DEV_TYPE_ARM_VGIC_V2), (device) => {
    setAddress(vm, device, bindings.KVM_VGIC_V2_ADDR_TYPE_DIST, distributor);
    setAddress(vm, device, bindings.KVM_VGIC_V2_ADDR_TYPE_CPU, cpuInterface);
    initialize(vm, device, interrupts);
  });
}

/**
 * Creates a GICv3 with its addresses. Call this function after the vCPUs are created and before the first run.
 *
 * @param vm the VM.
 * @param options the addresses of the distributor and of the regions of redistributors.
 * @throws KvmArgumentError for a wrong option, KvmError with code `ENODEV` when the processor has no GICv3 for guests, or with code
 * `E2BIG` or `EINVAL` when regions overlap or are outside of the addresses of the guest.
 * @example
 * using gic = createGicV3(vm, { distributor: 0x800_0000, redistributors: [{ address: 0x80a_0000, count: 4 }] });
 * @see api.rst, "KVM_CREATE_DEVICE"
 */
export function createGicV3(vm: Vm, options: GicV3Options): VmDevice {
  const operation = 'createGicV3';
  requireKnownKeys<GicV3Options>(operation, options, { distributor: true, redistributors: true, interrupts: true });
  const { bindings } = vm;
  const distributor = requireU64(operation, 'distributor', options.distributor);
  const regions = requireList(operation, 'redistributors', options.redistributors).map((region, index) =>
    regionValue(operation, region, index),
  );
  requireInteger(operation, 'number of regions', regions.length, mostRegions);
  const interrupts = interruptsOf(operation, options.interrupts);
  return closedOnError(vm.createDevice(bindings.KVM_DEV_TYPE_ARM_VGIC_V3), (device) => {
    setAddress(vm, device, bindings.KVM_VGIC_V3_ADDR_TYPE_DIST, distributor);
    for (const region of regions) setAddress(vm, device, bindings.KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION, region);
    initialize(vm, device, interrupts);
  });
}

/**
 * Creates an ITS, which a GICv3 needs for interrupts of messages with device ids.
 *
 * @param vm the VM, which has a GICv3.
 * @param options the address.
 * @throws KvmArgumentError for a wrong option, KvmError with code `ENODEV` when the processor has no ITS for guests.
 * @see api.rst, "KVM_CREATE_DEVICE"
 */
export function createIts(vm: Vm, options: ItsOptions): VmDevice {
  const operation = 'createIts';
  requireKnownKeys<ItsOptions>(operation, options, { address: true });
  const { bindings } = vm;
  const address = requireU64(operation, 'address', options.address);
  return closedOnError(vm.createDevice(bindings.KVM_DEV_TYPE_ARM_VGIC_ITS), (device) => {
    setAddress(vm, device, bindings.KVM_VGIC_ITS_ADDR_TYPE, address);
    device.setDeviceAttr({ group: bindings.KVM_DEV_ARM_VGIC_GRP_CTRL, attr: bindings.KVM_DEV_ARM_VGIC_CTRL_INIT });
  });
}

function interruptsOf(operation: string, interrupts: number = 256): number {
  const number = requireU32(operation, 'interrupts', interrupts);
  if (number % interruptsPerWord === 0 && number >= fewestInterrupts && number <= mostInterrupts) return number;
  const rule = `it must be a multiple of ${interruptsPerWord} from ${fewestInterrupts} to ${mostInterrupts}`;
  throw new KvmArgumentError(operation, `interrupts ${describe(interrupts)}; ${rule}`);
}

/**
 * The value of KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION: bits 63 to 52 are the count, 51 to 16 the address, and 11 to 0 the index.
 * The kernel's Documentation/virt/kvm/devices/arm-vgic-v3.rst describes it.
 */
function regionValue(operation: string, region: RedistributorRegion, index: number): bigint {
  requireKnownKeys<RedistributorRegion>(operation, region, { address: true, count: true });
  const address = requireU64(operation, 'address of a region', region.address);
  const count = requireInteger(operation, 'count', region.count, mostRedistributors);
  if (address % regionAlignment !== 0n || address >= addressEnd) {
    const rule = 'it must be a multiple of 64 KiB below 2^52';
    throw new KvmArgumentError(operation, `address of a region 0x${address.toString(16)}; ${rule}`);
  }
  if (count === 0)
    throw new KvmArgumentError(operation, `count 0; a region has 1 to ${mostRedistributors} redistributors`);
  return (BigInt(count) << 52n) | address | BigInt(index);
}

function setAddress({ bindings }: Vm, device: VmDevice, attr: number, address: bigint): void {
  const bytes = new Uint8Array(BigUint64Array.of(address).buffer);
  device.setDeviceAttr({ group: bindings.KVM_DEV_ARM_VGIC_GRP_ADDR, attr }, bytes);
}

function initialize({ bindings }: Vm, device: VmDevice, interrupts: number): void {
  const { KVM_DEV_ARM_VGIC_GRP_NR_IRQS: group, KVM_DEV_ARM_VGIC_GRP_CTRL } = bindings;
  device.setDeviceAttr({ group, attr: 0 }, new Uint8Array(Uint32Array.of(interrupts).buffer));
  device.setDeviceAttr({ group: KVM_DEV_ARM_VGIC_GRP_CTRL, attr: bindings.KVM_DEV_ARM_VGIC_CTRL_INIT });
}

function closedOnError(device: VmDevice, setUp: (device: VmDevice) => void): VmDevice {
  try {
    setUp(device);
    return device;
  } catch (error) {
    device.close();
    throw error;
  }
}
