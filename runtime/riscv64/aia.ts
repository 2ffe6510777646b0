/** The interrupt controllers of riscv64, which are one device: the APLIC of the VM and the IMSIC of each vCPU. */

import { KvmArgumentError } from '../errors.js';
import { requireInteger, requireU64 } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Vm } from './vm.js';
import type { VmDevice } from './vm-device.js';

/** The options of `createAia`. */
export interface AiaOptions {
  /** The number of vCPUs of the VM. All of them exist, with the ids from 0 on. */
  readonly vcpus: number;
  /** The guest-physical address of the IMSIC of vCPU 0: a multiple of 4 KiB times the number of vCPUs, rounded up to a power of two. The IMSICs of the other vCPUs follow, 4 KiB each. */
  readonly imsic: number | bigint;
  /** The guest-physical address of the APLIC, which has 16 KiB: a multiple of 4 KiB. By default there is no APLIC. */
  readonly aplic?: number | bigint;
  /** The number of wired interrupts of the APLIC, up to 1023. By default 0. */
  readonly sources?: number;
}

const page = 0x1000n;
const mostVcpus = 1 << 14;
const mostSources = 1023;

/**
 * Creates an AIA (Advanced Interrupt Architecture) with its addresses. Call this function after the vCPUs are created and before the
 * first run. From then on `Vm.setIrqLine`, `Vm.setGsiRouting`, `Vm.registerIrqfd` and `Vm.signalMsi` work.
 *
 * @param vm the VM.
 * @param options the number of vCPUs and the addresses.
 * @throws KvmArgumentError for a wrong option, KvmError with code `ENODEV` when the processor does not have the extension Ssaia, or
 * with code `EINVAL` when a vCPU does not exist.
 * @example
 * using aia = createAia(vm, { vcpus: 2, imsic: 0x2800_0000, aplic: 0xd00_0000, sources: 96 });
 * @see api.rst, "KVM_CREATE_DEVICE"
 */
export function createAia(vm: Vm, options: AiaOptions): VmDevice {
  const operation = 'createAia';
  requireKnownKeys<AiaOptions>(operation, options, { vcpus: true, imsic: true, aplic: true, sources: true });
  const { bindings } = vm;
  const vcpus = requireInteger(operation, 'vcpus', options.vcpus, mostVcpus);
  if (vcpus === 0) throw new KvmArgumentError(operation, `vcpus 0; it must be an integer from 1 to ${mostVcpus}`);
  const hartBits = Math.ceil(Math.log2(vcpus));
  const imsic = requireMultiple(operation, 'imsic', options.imsic, page << BigInt(hartBits));
  const aplic = options.aplic === undefined ? undefined : requireMultiple(operation, 'aplic', options.aplic, page);
  const sources = requireInteger(operation, 'sources', options.sources ?? 0, mostSources);
  if (sources > 0 && aplic === undefined) {
    throw new KvmArgumentError(
      operation,
      `sources ${sources} without aplic; wired interrupts need the address of an APLIC`,
    );
  }
  const device = vm.createDevice(bindings.KVM_DEV_TYPE_RISCV_AIA);
  const set = (group: number, attr: number, value?: Uint32Array | BigUint64Array): void => {
    device.setDeviceAttr(
      { group, attr },
      value === undefined ? undefined : new Uint8Array(value.buffer as ArrayBuffer),
    );
  };
  try {
    const { KVM_DEV_RISCV_AIA_GRP_CONFIG: config, KVM_DEV_RISCV_AIA_GRP_ADDR: address } = bindings;
    set(config, bindings.KVM_DEV_RISCV_AIA_CONFIG_SRCS, Uint32Array.of(sources));
    set(config, bindings.KVM_DEV_RISCV_AIA_CONFIG_HART_BITS, Uint32Array.of(hartBits));
    if (aplic !== undefined) set(address, bindings.KVM_DEV_RISCV_AIA_ADDR_APLIC, BigUint64Array.of(aplic));
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      set(address, bindings.KVM_DEV_RISCV_AIA_ADDR_IMSIC(vcpu), BigUint64Array.of(imsic + BigInt(vcpu) * page));
    }
    set(bindings.KVM_DEV_RISCV_AIA_GRP_CTRL, bindings.KVM_DEV_RISCV_AIA_CTRL_INIT);
    return device;
  } catch (error) {
    device.close();
    throw error;
  }
}

function requireMultiple(operation: string, name: string, value: number | bigint, alignment: bigint): bigint {
  const address = requireU64(operation, name, value);
  if (address % alignment === 0n) return address;
  throw new KvmArgumentError(
    operation,
    `${name} 0x${address.toString(16)}; it must be a multiple of 0x${alignment.toString(16)}`,
  );
}
