/** The registers of an arm64 vCPU by name. */

import * as kvm from '../../../generated/arm64/linux/kvm.js';
import {
  bitsOf,
  hexadecimal,
  type Register,
  RegisterTable,
  requireId,
  unknownRegister,
} from '../../registers/register.js';
import { type CoreRegisterBits, coreRegisters } from './core.js';
import { type OtherRegisterBits, otherRegisters } from './other.js';
import { type SystemRegisterName, systemRegister, systemRegisters } from './system.js';

/**
 * The widths of the registers by name. Core registers have lower-case names: `x0`, `pc`, `pstate`, `v0`, and `z0` and `p0` of SVE.
 * System registers have the names of the architecture: `SCTLR_EL1`. A system register without a name here is
 * `ARM64_SYS_REG(op0,op1,crn,crm,op2)`. A register of the firmware has the name of its constant without `KVM_REG_ARM_`:
 * `PSCI_VERSION`.
 */
export type RegisterWidths = CoreRegisterBits &
  OtherRegisterBits &
  Record<SystemRegisterName | `ARM64_SYS_REG(${number},${number},${number},${number},${number})`, 64>;

/** The name of a register. */
export type RegisterName = keyof RegisterWidths;

let table: RegisterTable | undefined;

function registers(): RegisterTable {
  table ??= new RegisterTable([
    ...coreRegisters(),
    ...systemRegisters().map(([name, encoding]) => [name, systemRegister(encoding)] as const),
    ...otherRegisters(),
  ]);
  return table;
}

/**
 * Returns the id and the width of a register. No vCPU has all registers; KVM_GET_REG_LIST returns those that a vCPU has.
 *
 * @throws KvmArgumentError for an unknown name.
 * @see api.rst, "KVM_SET_ONE_REG"
 *
 * @example
 * const { id } = registerNamed('pc');
 */
export function registerNamed<Name extends RegisterName>(name: Name): Register<RegisterWidths[Name]> {
  const id = registers().ids.get(name) ?? encoded(name);
  if (id === undefined) throw unknownRegister(name, 'arm64', "'x0', 'pc', 'SCTLR_EL1' or 'ARM64_SYS_REG(3,0,1,0,0)'");
  return { id, bits: bitsOf(id, kvm) as RegisterWidths[Name] };
}

/** Returns the names of all registers. `ARM64_SYS_REG(…)` is not among them. */
export function registerNames(): RegisterName[] {
  return [...registers().ids.keys()] as RegisterName[];
}

/**
 * Returns the name of a register by its id, as KVM_GET_REG_LIST returns it. A register without a name gets the name of the kernel's
 * macro with its arguments, such as `ARM64_SYS_REG(3,0,0,3,7)` or `KVM_REG_ARM_FW_REG(9)`, or else the id in hexadecimal.
 *
 * @throws KvmArgumentError unless the id is a bigint of 64 bits.
 */
export function nameOfRegister(id: bigint): string {
  requireId('nameOfRegister', id);
  return registers().names.get(id) ?? partsOf(id) ?? hexadecimal(id);
}

const systemFields = [
  [kvm.KVM_REG_ARM64_SYSREG_OP0_MASK, kvm.KVM_REG_ARM64_SYSREG_OP0_SHIFT],
  [kvm.KVM_REG_ARM64_SYSREG_OP1_MASK, kvm.KVM_REG_ARM64_SYSREG_OP1_SHIFT],
  [kvm.KVM_REG_ARM64_SYSREG_CRN_MASK, kvm.KVM_REG_ARM64_SYSREG_CRN_SHIFT],
  [kvm.KVM_REG_ARM64_SYSREG_CRM_MASK, kvm.KVM_REG_ARM64_SYSREG_CRM_SHIFT],
  [kvm.KVM_REG_ARM64_SYSREG_OP2_MASK, kvm.KVM_REG_ARM64_SYSREG_OP2_SHIFT],
] as const;

/** Returns the id of `ARM64_SYS_REG(…)`, or undefined for another name and for an argument that its field cannot hold. */
function encoded(name: unknown): bigint | undefined {
  if (typeof name !== 'string') return undefined;
  const [, ...found] = /^ARM64_SYS_REG\((\d+),(\d+),(\d+),(\d+),(\d+)\)$/.exec(name) ?? [];
  const [op0, op1, crn, crm, op2] = found.map(Number);
  if (op0 === undefined || op1 === undefined || crn === undefined || crm === undefined || op2 === undefined) return;
  const id = systemRegister([op0, op1, crn, crm, op2]);
  return partsOf(id) === name ? id : undefined;
}

function partsOf(id: bigint): string | undefined {
  const number = Number(id & 0xffffn);
  switch (id - BigInt(number)) {
    case kvm.KVM_REG_ARM64 | kvm.KVM_REG_SIZE_U64 | BigInt(kvm.KVM_REG_ARM64_SYSREG):
      return `ARM64_SYS_REG(${systemFields.map(([mask, shift]) => (number & mask) >> shift).join(',')})`;
    case kvm.KVM_REG_ARM_FW_REG(0):
      return `KVM_REG_ARM_FW_REG(${number})`;
    case kvm.KVM_REG_ARM_FW_FEAT_BMAP_REG(0):
      return `KVM_REG_ARM_FW_FEAT_BMAP_REG(${number})`;
    default:
      return undefined;
  }
}
