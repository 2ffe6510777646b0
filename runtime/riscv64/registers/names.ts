/** The registers of a riscv64 vCPU by name. */

import * as kvm from '../../../generated/riscv64/linux/kvm.js';
import { KvmArgumentError } from '../../errors.js';
import {
  type Below,
  bitsOf,
  hexadecimal,
  type Register,
  RegisterTable,
  requireId,
  unknownRegister,
} from '../../registers/register.js';
import { type FixedRegisterWidths, fixedRegisters, sizeOf } from './groups.js';

/** The width of a vector register, VLEN. */
type VectorBits = 128 | 256 | 512 | 1024 | 2048 | 4096 | 8192 | 16_384 | 32_768 | 65_536;

/**
 * The widths of the registers by name. Core registers have the names of `struct kvm_riscv_core` without `regs.`: `pc`, `ra`, `a0`,
 * `mode`. The name of any other register is its group, a point and the name in the kernel's header: `config.isa`, `csr.sstatus`,
 * `aia.siselect`, `smstateen.sstateen0`, `zicfiss.ssp`, `timer.time`, `fp_f.f[0]`, `fp_d.f[0]`, `vector.vl`, `vector.v[0]`,
 * `isa_ext.SSTC`, `isa_ext.multi_en[0]`, `sbi_ext.TIME`, `sbi_sta.shmem_lo`.
 */
export type RegisterWidths = FixedRegisterWidths & Record<`vector.v[${Below<32>}]`, VectorBits>;

/** The name of a register. */
export type RegisterName = keyof RegisterWidths;

const vectorCount = 32;
/** The specification of the extension V allows a VLEN from 128 to 65,536. */
const [fewestVectorBytes, mostVectorBytes] = [16, 8192];

let table: RegisterTable | undefined;

function registers(): RegisterTable {
  table ??= new RegisterTable(fixedRegisters());
  return table;
}

/**
 * Returns the id and the width of a register. No vCPU has all registers; KVM_GET_REG_LIST returns those that a vCPU has.
 *
 * @param vlenb the bytes of a vector register, which the register `vector.vlenb` contains. Only the names `vector.v[…]` need it.
 * @throws KvmArgumentError for an unknown name, and for a vector register without `vlenb`.
 * @see api.rst, "KVM_SET_ONE_REG"
 *
 * @example
 * const { id } = registerNamed('pc');
 * const vector = registerNamed('vector.v[0]', 16);
 */
export function registerNamed<Name extends RegisterName>(
  name: Name,
  vlenb?: number | bigint,
): Register<RegisterWidths[Name]> {
  const id = registers().ids.get(name) ?? vector(name, vlenb);
  if (id === undefined) throw unknownRegister(name, 'riscv64', "'pc', 'csr.sstatus' or 'fp_d.f[0]'");
  return { id, bits: bitsOf(id, kvm) as RegisterWidths[Name] };
}

/** Returns the names of all registers. */
export function registerNames(): RegisterName[] {
  const vectors = Array.from({ length: vectorCount }, (_, index) => `vector.v[${index}]`);
  return [...registers().ids.keys(), ...vectors] as RegisterName[];
}

/** Returns the id of a vector register, or undefined for another name. */
function vector(name: unknown, vlenb: unknown): bigint | undefined {
  if (typeof name !== 'string') return undefined;
  const number = Number(/^vector\.v\[(0|[1-9]\d?)\]$/.exec(name)?.[1] ?? vectorCount);
  if (number >= vectorCount) return undefined;
  const type = kvm.KVM_REG_RISCV | BigInt(kvm.KVM_REG_RISCV_VECTOR);
  return type | sizeOf(requireVectorBytes(name, vlenb)) | kvm.KVM_REG_RISCV_VECTOR_REG(number);
}

function requireVectorBytes(name: string, vlenb: unknown): number {
  const bytes = typeof vlenb === 'bigint' ? Number(vlenb) : vlenb;
  const isLength = typeof bytes === 'number' && bytes >= fewestVectorBytes && bytes <= mostVectorBytes;
  if (isLength && Number.isInteger(Math.log2(bytes))) return bytes;
  const isNumeric = typeof vlenb === 'number' || typeof vlenb === 'bigint';
  const given = `${name} with vlenb ${isNumeric ? vlenb : typeof vlenb}`;
  const rule = `vlenb is a power of two from ${fewestVectorBytes} to ${mostVectorBytes}`;
  throw new KvmArgumentError('registerNamed', `${given}; ${rule}; read it from the register vector.vlenb`);
}

/** The types of ids, and their constants. */
const types: ReadonlyMap<number, string> = new Map([
  [kvm.KVM_REG_RISCV_CONFIG, 'KVM_REG_RISCV_CONFIG'],
  [kvm.KVM_REG_RISCV_CORE, 'KVM_REG_RISCV_CORE'],
  [kvm.KVM_REG_RISCV_CSR, 'KVM_REG_RISCV_CSR'],
  [kvm.KVM_REG_RISCV_TIMER, 'KVM_REG_RISCV_TIMER'],
  [kvm.KVM_REG_RISCV_FP_F, 'KVM_REG_RISCV_FP_F'],
  [kvm.KVM_REG_RISCV_FP_D, 'KVM_REG_RISCV_FP_D'],
  [kvm.KVM_REG_RISCV_ISA_EXT, 'KVM_REG_RISCV_ISA_EXT'],
  [kvm.KVM_REG_RISCV_SBI_EXT, 'KVM_REG_RISCV_SBI_EXT'],
  [kvm.KVM_REG_RISCV_VECTOR, 'KVM_REG_RISCV_VECTOR'],
  [kvm.KVM_REG_RISCV_SBI_STATE, 'KVM_REG_RISCV_SBI_STATE'],
]);

/**
 * Returns the name of a register by its id, as KVM_GET_REG_LIST returns it. A register without a name gets the name of its type with
 * the subtype and the number, such as `KVM_REG_RISCV_CSR(1,9)`, or else the id in hexadecimal.
 *
 * @throws KvmArgumentError unless the id is a bigint of 64 bits.
 */
export function nameOfRegister(id: bigint): string {
  requireId('nameOfRegister', id);
  return registers().names.get(id) ?? partsOf(id) ?? hexadecimal(id);
}

function partsOf(id: bigint): string | undefined {
  if ((id & kvm.KVM_REG_ARCH_MASK) !== kvm.KVM_REG_RISCV) return undefined;
  const low = Number(id & 0xffff_ffffn);
  const type = (low & kvm.KVM_REG_RISCV_TYPE_MASK) >>> 0;
  const subtype = (low & kvm.KVM_REG_RISCV_SUBTYPE_MASK) >>> kvm.KVM_REG_RISCV_SUBTYPE_SHIFT;
  const number = low & 0xffff;
  const first = Number(kvm.KVM_REG_RISCV_VECTOR_REG(0));
  const isVector = type === kvm.KVM_REG_RISCV_VECTOR && subtype === 0;
  if (isVector && number >= first && number < first + vectorCount) return `vector.v[${number - first}]`;
  const name = types.get(type);
  return name && `${name}(${subtype},${number})`;
}
