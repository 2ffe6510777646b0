/**
 * The registers of riscv64 by group. A group is a type of the kernel's ids, or a subtype of it. Most groups are the members of a
 * struct: the number of a register in the id counts the members before it. So a member that a newer header adds has a name here too.
 */

import * as kvm from '../../../generated/riscv64/linux/kvm.js';
import type { MemberLayout } from '../../../support/layout.js';
import { type Below, below } from '../../registers/register.js';

type Members<Struct extends { readonly $layout: { readonly members: object } }> = keyof Struct['$layout']['members'] &
  string;

type IsaExtension = keyof typeof kvm.KVMRISCVISAEXTID extends infer Name
  ? Name extends `KVM_RISCV_ISA_EXT_${infer Extension}`
    ? Exclude<Extension, 'MAX'>
    : never
  : never;

type SbiExtension = keyof typeof kvm.KVMRISCVSBIEXTID extends infer Name
  ? Name extends `KVM_RISCV_SBI_EXT_${infer Extension}`
    ? Exclude<Extension, 'MAX'>
    : never
  : never;

type FirmwareFeature = `${Members<typeof kvm.KvmRiscvSbiFwft>}.${Members<typeof kvm.KvmRiscvSbiFwftFeature>}`;

type Sets = 'multi_en' | 'multi_dis';

/** The widths of the registers by name, without those of the vector registers, which depend on the processor. */
export type FixedRegisterWidths = Record<
  | Members<typeof kvm.UserRegsStruct>
  | 'mode'
  | `config.${Members<typeof kvm.KvmRiscvConfig>}`
  | `csr.${Members<typeof kvm.KvmRiscvCsr>}`
  | `aia.${Members<typeof kvm.KvmRiscvAiaCsr>}`
  | `smstateen.${Members<typeof kvm.KvmRiscvSmstateenCsr>}`
  | `zicfiss.${Members<typeof kvm.KvmRiscvZicfissCsr>}`
  | `timer.${Members<typeof kvm.KvmRiscvTimer>}`
  | `fp_d.f[${Below<32>}]`
  | `isa_ext.${IsaExtension}`
  | `isa_ext.${Sets}[${0 | 1}]`
  | `sbi_ext.${SbiExtension}`
  | `sbi_ext.${Sets}[0]`
  | `sbi_sta.${Members<typeof kvm.KvmRiscvSbiSta>}`
  | `sbi_fwft.${FirmwareFeature}`
  | `vector.${Exclude<Members<typeof kvm.RiscvVExtState>, 'datap'>}`,
  64
> &
  Record<`fp_f.f[${Below<32>}]` | 'fp_f.fcsr' | 'fp_d.fcsr', 32>;

/** A register without its width: the type, the subtype and the number. */
type Numbered = readonly [name: string, size: bigint, number: number];

/** Returns the names and ids of all registers of `FixedRegisterWidths`. */
export function fixedRegisters(): [string, bigint][] {
  const { KVM_REG_RISCV_CSR, KVM_REG_RISCV_ISA_EXT, KVM_REG_RISCV_SBI_EXT, KVM_REG_RISCV_SBI_STATE } = kvm;
  const core = [...members('', kvm.UserRegsStruct), ...members('', kvm.KvmRiscvCore)];
  return [
    ...ids(kvm.KVM_REG_RISCV_CONFIG, members('config.', kvm.KvmRiscvConfig)),
    ...ids(
      kvm.KVM_REG_RISCV_CORE,
      core.filter(([name]) => name !== 'regs'),
    ),
    ...ids(KVM_REG_RISCV_CSR | kvm.KVM_REG_RISCV_CSR_GENERAL, members('csr.', kvm.KvmRiscvCsr)),
    ...ids(KVM_REG_RISCV_CSR | kvm.KVM_REG_RISCV_CSR_AIA, members('aia.', kvm.KvmRiscvAiaCsr)),
    ...ids(KVM_REG_RISCV_CSR | kvm.KVM_REG_RISCV_CSR_SMSTATEEN, members('smstateen.', kvm.KvmRiscvSmstateenCsr)),
    ...ids(KVM_REG_RISCV_CSR | kvm.KVM_REG_RISCV_CSR_ZICFISS, members('zicfiss.', kvm.KvmRiscvZicfissCsr)),
    ...ids(kvm.KVM_REG_RISCV_TIMER, members('timer.', kvm.KvmRiscvTimer)),
    ...ids(kvm.KVM_REG_RISCV_FP_F, members('fp_f.', kvm.RiscvFExtState, 4)),
    ...ids(kvm.KVM_REG_RISCV_FP_D, members('fp_d.', kvm.RiscvDExtState)),
    ...ids(
      KVM_REG_RISCV_ISA_EXT | kvm.KVM_REG_RISCV_ISA_SINGLE,
      extensions('isa_ext.', 'KVM_RISCV_ISA_EXT_', kvm.KVMRISCVISAEXTID),
    ),
    ...ids(
      KVM_REG_RISCV_ISA_EXT | kvm.KVM_REG_RISCV_ISA_MULTI_EN,
      sets('isa_ext.multi_en', kvm.KVM_REG_RISCV_ISA_MULTI_REG_LAST),
    ),
    ...ids(
      KVM_REG_RISCV_ISA_EXT | kvm.KVM_REG_RISCV_ISA_MULTI_DIS,
      sets('isa_ext.multi_dis', kvm.KVM_REG_RISCV_ISA_MULTI_REG_LAST),
    ),
    ...ids(
      KVM_REG_RISCV_SBI_EXT | kvm.KVM_REG_RISCV_SBI_SINGLE,
      extensions('sbi_ext.', 'KVM_RISCV_SBI_EXT_', kvm.KVMRISCVSBIEXTID),
    ),
    ...ids(
      KVM_REG_RISCV_SBI_EXT | kvm.KVM_REG_RISCV_SBI_MULTI_EN,
      sets('sbi_ext.multi_en', kvm.KVM_REG_RISCV_SBI_MULTI_REG_LAST),
    ),
    ...ids(
      KVM_REG_RISCV_SBI_EXT | kvm.KVM_REG_RISCV_SBI_MULTI_DIS,
      sets('sbi_ext.multi_dis', kvm.KVM_REG_RISCV_SBI_MULTI_REG_LAST),
    ),
    ...ids(KVM_REG_RISCV_SBI_STATE | kvm.KVM_REG_RISCV_SBI_STA, members('sbi_sta.', kvm.KvmRiscvSbiSta)),
    ...ids(KVM_REG_RISCV_SBI_STATE | kvm.KVM_REG_RISCV_SBI_FWFT, firmwareFeatures()),
    ...ids(
      kvm.KVM_REG_RISCV_VECTOR,
      members('vector.', kvm.RiscvVExtState).filter(([name]) => name !== 'vector.datap'),
    ),
  ];
}

/** Returns the ids of registers of a type and subtype. */
function ids(type: number, registers: readonly Numbered[]): [string, bigint][] {
  return registers.map(([name, size, number]) => [name, kvm.KVM_REG_RISCV | size | BigInt(type) | BigInt(number)]);
}

interface Struct {
  readonly $layout: { readonly members: Readonly<Record<string, MemberLayout>> };
}

/** Returns the members of a struct, and the elements of its arrays. A number counts `unit` bytes. */
function members(prefix: string, { $layout }: Struct, unit = 8): Numbered[] {
  return Object.entries($layout.members).flatMap(([member, { offset, size, dims }]): Numbered[] => {
    const count = dims?.[0] ?? undefined;
    if (count === undefined) return [[`${prefix}${member}`, sizeOf(size), offset / unit]];
    const bytes = size / count;
    return below(count).map((index) => [
      `${prefix}${member}[${index}]`,
      sizeOf(bytes),
      (offset + index * bytes) / unit,
    ]);
  });
}

function firmwareFeatures(): Numbered[] {
  return Object.entries(kvm.KvmRiscvSbiFwft.$layout.members).flatMap(([feature, { offset }]) =>
    members(`sbi_fwft.${feature}.`, kvm.KvmRiscvSbiFwftFeature).map(
      ([name, size, number]): Numbered => [name, size, offset / 8 + number],
    ),
  );
}

/** Returns the registers that enable one extension each. */
function extensions(prefix: string, start: string, numbers: Readonly<Record<string, number>>): Numbered[] {
  const names = Object.entries(numbers).map(([name, number]) => [name.slice(start.length), number] as const);
  return names.filter(([name]) => name !== 'MAX').map(([name, number]) => [`${prefix}${name}`, sizeOf(8), number]);
}

/** Returns the registers that enable or disable several extensions at once. */
function sets(name: string, last: number): Numbered[] {
  return below(last + 1).map((index) => [`${name}[${index}]`, sizeOf(8), index]);
}

/** Returns the part of an id that contains the width. */
export function sizeOf(bytes: number): bigint {
  return BigInt(Math.log2(bytes)) << BigInt(kvm.KVM_REG_SIZE_SHIFT);
}
