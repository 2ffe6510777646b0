/** The numbers of the interrupt lines of arm64, for `Vm.setIrqLine` and `Vm.registerIrqfd`. */

import * as arm64 from '../../generated/arm64/linux/kvm.js';
import { requireOneOf } from '../arguments.js';
import { KvmArgumentError } from '../errors.js';
import { requireInteger } from '../numbers.js';
import { requireKnownKeys } from '../options.js';

/** An interrupt line. */
export interface IrqLine {
  /** `spi`: a shared interrupt of the controller. `ppi`: a private interrupt of a vCPU. `cpu`: IRQ or FIQ of a vCPU without a controller. */
  readonly type: 'spi' | 'ppi' | 'cpu';
  /** The number of the interrupt as the controller counts it: from 32 for `spi`, from 16 to 31 for `ppi`, and 0 (IRQ) or 1 (FIQ) for `cpu`. */
  readonly number: number;
  /** The index of the vCPU, for `ppi` and `cpu`. By default 0. */
  readonly vcpu?: number;
}

const ranges = { spi: [32, 1019], ppi: [16, 31], cpu: [0, 1] } as const;
const mostVcpus = 4096;

/**
 * Returns the number of an interrupt line.
 *
 * @param line the type, the number and the vCPU of the line.
 * @throws KvmArgumentError for a line that does not exist.
 * @example
 * vm.setIrqLine(irqLine({ type: 'spi', number: 33 }), true);
 * @see api.rst, "KVM_IRQ_LINE"
 */
export function irqLine(line: IrqLine): number {
  const operation = 'irqLine';
  requireKnownKeys<IrqLine>(operation, line, { type: true, number: true, vcpu: true });
  const { type, number, vcpu = 0 } = line;
  requireOneOf(operation, 'type', type, Object.keys(ranges));
  const [first, last] = ranges[type];
  if (requireInteger(operation, 'number', number, last) < first) {
    throw new KvmArgumentError(
      operation,
      `number ${number}; a line of type '${type}' has a number from ${first} to ${last}`,
    );
  }
  const index = requireInteger(operation, 'vcpu', vcpu, mostVcpus - 1);
  const types = {
    spi: arm64.KVM_ARM_IRQ_TYPE_SPI,
    ppi: arm64.KVM_ARM_IRQ_TYPE_PPI,
    cpu: arm64.KVM_ARM_IRQ_TYPE_CPU,
  };
  const low = index & arm64.KVM_ARM_IRQ_VCPU_MASK;
  const high = index >> 8;
  const value =
    (high << arm64.KVM_ARM_IRQ_VCPU2_SHIFT) |
    (types[type] << arm64.KVM_ARM_IRQ_TYPE_SHIFT) |
    (low << arm64.KVM_ARM_IRQ_VCPU_SHIFT) |
    number;
  return value >>> 0;
}
