/**
 * The core registers of arm64: the members of `struct kvm_regs`. The number of a core register counts the words of 32 bits before
 * it in the struct.
 */

import {
  KVM_REG_ARM_CORE,
  KVM_REG_ARM64,
  KVM_REG_SIZE_U32,
  KVM_REG_SIZE_U64,
  KVM_REG_SIZE_U128,
  KVM_SPSR_ABT,
  KVM_SPSR_EL1,
  KVM_SPSR_FIQ,
  KVM_SPSR_IRQ,
  KVM_SPSR_UND,
  KvmRegs,
  UserFpsimdState,
  UserPtRegs,
} from '../../../generated/arm64/linux/kvm.js';
import { type Below, below } from '../../registers/register.js';

/** The widths of the core registers by name. */
export type CoreRegisterBits = Record<
  `x${Below<31>}` | 'sp' | 'pc' | 'pstate' | 'sp_el1' | 'elr_el1' | `spsr_${'el1' | 'abt' | 'und' | 'irq' | 'fiq'}`,
  64
> &
  Record<`v${Below<32>}`, 128> &
  Record<'fpsr' | 'fpcr', 32>;

const { regs, sp_el1, elr_el1, spsr, fp_regs } = KvmRegs.$layout.members;
const { regs: x, sp, pc, pstate } = UserPtRegs.$layout.members;
const { vregs, fpsr, fpcr } = UserFpsimdState.$layout.members;

/** Returns the names and ids of the core registers. */
export function coreRegisters(): [string, bigint][] {
  const generalCount = x.dims[0];
  const vectorCount = vregs.dims[0];
  return [
    ...below(generalCount).map((index) => of64(`x${index}`, regs.offset + x.offset + (index * x.size) / generalCount)),
    of64('sp', regs.offset + sp.offset),
    of64('pc', regs.offset + pc.offset),
    of64('pstate', regs.offset + pstate.offset),
    of64('sp_el1', sp_el1.offset),
    of64('elr_el1', elr_el1.offset),
    bankedStatus('spsr_el1', KVM_SPSR_EL1),
    bankedStatus('spsr_abt', KVM_SPSR_ABT),
    bankedStatus('spsr_und', KVM_SPSR_UND),
    bankedStatus('spsr_irq', KVM_SPSR_IRQ),
    bankedStatus('spsr_fiq', KVM_SPSR_FIQ),
    ...below(vectorCount).map((index) =>
      of(KVM_REG_SIZE_U128, `v${index}`, fp_regs.offset + vregs.offset + (index * vregs.size) / vectorCount),
    ),
    of(KVM_REG_SIZE_U32, 'fpsr', fp_regs.offset + fpsr.offset),
    of(KVM_REG_SIZE_U32, 'fpcr', fp_regs.offset + fpcr.offset),
  ];
}

function bankedStatus(name: string, index: number): [string, bigint] {
  return of64(name, spsr.offset + (index * spsr.size) / spsr.dims[0]);
}

function of64(name: string, offset: number): [string, bigint] {
  return of(KVM_REG_SIZE_U64, name, offset);
}

function of(size: bigint, name: string, offset: number): [string, bigint] {
  return [name, KVM_REG_ARM64 | size | BigInt(KVM_REG_ARM_CORE) | BigInt(offset / 4)];
}
