/** The names of arm64's registers, and their ids in the kernel's headers. */

import { describe, expect, it } from 'vitest';
import { arm64 } from '../../../generator/targets/arm64.js';
import {
  nameOfRegister,
  type RegisterName,
  registerNamed,
  registerNames,
} from '../../../runtime/arm64/registers/names.js';
import { systemRegisters } from '../../../runtime/arm64/registers/system.js';
import type { RegisterValue } from '../../../runtime/registers/register.js';
import { assembledEncodings, compiledIds, whyNotCompiled } from '../../helpers/register-ids.js';

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const core = (size: string, member: string): string =>
  `KVM_REG_ARM64 | KVM_REG_SIZE_${size} | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(${member})`;

/** The macros of all registers except the system registers. */
const macros: Record<string, string> = {
  ...Object.fromEntries(indices(31).map((n) => [`x${n}`, core('U64', `regs.regs[${n}]`)])),
  sp: core('U64', 'regs.sp'),
  pc: core('U64', 'regs.pc'),
  pstate: core('U64', 'regs.pstate'),
  sp_el1: core('U64', 'sp_el1'),
  elr_el1: core('U64', 'elr_el1'),
  spsr_el1: core('U64', 'spsr[KVM_SPSR_EL1]'),
  spsr_abt: core('U64', 'spsr[KVM_SPSR_ABT]'),
  spsr_und: core('U64', 'spsr[KVM_SPSR_UND]'),
  spsr_irq: core('U64', 'spsr[KVM_SPSR_IRQ]'),
  spsr_fiq: core('U64', 'spsr[KVM_SPSR_FIQ]'),
  ...Object.fromEntries(indices(32).map((n) => [`v${n}`, core('U128', `fp_regs.vregs[${n}]`)])),
  fpsr: core('U32', 'fp_regs.fpsr'),
  fpcr: core('U32', 'fp_regs.fpcr'),
  CNTV_CTL_EL0: 'KVM_REG_ARM_TIMER_CTL',
  CNTV_CVAL_EL0: 'KVM_REG_ARM_TIMER_CVAL',
  CNTVCT_EL0: 'KVM_REG_ARM_TIMER_CNT',
  CNTP_CTL_EL0: 'KVM_REG_ARM_PTIMER_CTL',
  CNTP_CVAL_EL0: 'KVM_REG_ARM_PTIMER_CVAL',
  CNTPCT_EL0: 'KVM_REG_ARM_PTIMER_CNT',
  PSCI_VERSION: 'KVM_REG_ARM_PSCI_VERSION',
  SMCCC_ARCH_WORKAROUND_1: 'KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1',
  SMCCC_ARCH_WORKAROUND_2: 'KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2',
  SMCCC_ARCH_WORKAROUND_3: 'KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3',
  STD_BMAP: 'KVM_REG_ARM_STD_BMAP',
  STD_HYP_BMAP: 'KVM_REG_ARM_STD_HYP_BMAP',
  VENDOR_HYP_BMAP: 'KVM_REG_ARM_VENDOR_HYP_BMAP',
  VENDOR_HYP_BMAP_2: 'KVM_REG_ARM_VENDOR_HYP_BMAP_2',
  ...Object.fromEntries(
    indices(14).map((n) => [
      `CCSIDR${n}`,
      `KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | KVM_REG_ARM_DEMUX_ID_CCSIDR | ${n}`,
    ]),
  ),
  ...Object.fromEntries(
    indices(32).flatMap((slice) => {
      const suffix = slice === 0 ? '' : `[${slice}]`;
      return [
        ...indices(32).map((n) => [`z${n}${suffix}`, `KVM_REG_ARM64_SVE_ZREG(${n}, ${slice})`]),
        ...indices(16).map((n) => [`p${n}${suffix}`, `KVM_REG_ARM64_SVE_PREG(${n}, ${slice})`]),
        [`ffr${suffix}`, `KVM_REG_ARM64_SVE_FFR(${slice})`],
      ];
    }),
  ),
  sve_vls: 'KVM_REG_ARM64_SVE_VLS',
};

/** System registers that are newer than the oldest assembler of the tests, of binutils 2.40. LLVM 19 gives the same encodings. */
const newerThanAssembler = new Set([
  ...['AMAIR2_EL1', 'FPMR', 'HDFGRTR2_EL2', 'HDFGWTR2_EL2', 'HFGITR2_EL2', 'HFGRTR2_EL2', 'HFGWTR2_EL2'],
  ...['ID_AA64DFR2_EL1', 'ID_AA64FPFR0_EL1', 'ID_AA64ISAR3_EL1', 'ID_AA64MMFR3_EL1', 'ID_AA64MMFR4_EL1'],
  ...['ID_AA64PFR2_EL1', 'MAIR2_EL1', 'PIRE0_EL1', 'PIRE0_EL2', 'PIR_EL1', 'PIR_EL2', 'POR_EL0', 'POR_EL1', 'POR_EL2'],
  ...['S2POR_EL1', 'SCTLR2_EL1', 'SCTLR2_EL2', 'TCR2_EL1', 'TCR2_EL2'],
]);

const reason = whyNotCompiled(arm64);

describe.skipIf(reason)(`the registers of arm64${reason === undefined ? '' : ` (${reason})`}`, () => {
  const system = systemRegisters();

  it('the encodings of system registers are those of the assembler', () => {
    const assembled = assembledEncodings(
      arm64,
      system.map(([name]) => name),
    );
    const unknown = system.map(([name]) => name).filter((name) => !(name in assembled));
    expect(unknown.filter((name) => !newerThanAssembler.has(name))).toEqual([]);
    expect(Object.keys(assembled).length).toBeGreaterThan(250);
    expect(Object.fromEntries(system.filter(([name]) => name in assembled))).toEqual(assembled);
  });

  it("the ids are those of the kernel's macros", async () => {
    const expressions = {
      ...macros,
      ...Object.fromEntries(system.map(([name, encoding]) => [name, `ARM64_SYS_REG(${encoding.join(', ')})`])),
    };
    const compiled = await compiledIds(arm64, expressions);
    const names = registerNames();
    expect(names.length).toBeGreaterThan(1900);
    expect(Object.fromEntries(names.map((name) => [name, registerNamed(name).id]))).toEqual(compiled);
  });

  it('an id without a name gets the macro of the kernel that gives this id', async () => {
    const parts = [
      'ARM64_SYS_REG(3,0,0,3,7)',
      'ARM64_SYS_REG(2,7,15,15,7)',
      'KVM_REG_ARM_FW_REG(9)',
      'KVM_REG_ARM_FW_FEAT_BMAP_REG(77)',
    ];
    const compiled = await compiledIds(arm64, Object.fromEntries(parts.map((text) => [text, text])));
    expect(Object.values(compiled).map(nameOfRegister)).toEqual(parts);
    expect(registerNamed('ARM64_SYS_REG(2,7,15,15,7)').id).toBe(compiled[parts[1] as string]);
  });
});

describe("the names of arm64's registers", () => {
  it('each id has one name, and the name gives the id', () => {
    const names = registerNames();
    expect(names.map((name) => nameOfRegister(registerNamed(name).id))).toEqual(names);
  });

  it('the width of a register follows from its name', () => {
    const [pc, fpsr, v0, z0] = [
      registerNamed('pc').bits satisfies 64,
      registerNamed('fpsr').bits satisfies 32,
      registerNamed('v0').bits satisfies 128,
      registerNamed('z0[3]').bits satisfies 2048,
    ];
    const values: [RegisterValue<typeof pc>, RegisterValue<typeof fpsr>, RegisterValue<typeof v0>] = [
      1n,
      1,
      Uint8Array.of(1),
    ];
    expect([pc, fpsr, v0, z0, registerNamed('p15').bits, registerNamed('sve_vls').bits]).toEqual([
      ...[64, 32, 128, 2048, 256, 512],
    ]);
    expect(values).toHaveLength(3);
  });

  it('an id that is not of arm64 is given in hexadecimal', () => {
    expect(nameOfRegister(0x8030_0000_0200_0000n)).toBe('0x8030000002000000');
  });

  it.each([
    ...['SCTRL_EL1', 'x31', 'z0[32]', 'ARM64_SYS_REG(4,0,0,0,0)', 'ARM64_SYS_REG(3, 0, 0, 0, 0)'],
    ...['toString', Symbol.iterator, undefined],
  ])('the name %o is refused', (name) => {
    expect(() => registerNamed(name as RegisterName)).toThrow(
      /registerNamed: .* is not the name of a register of arm64/,
    );
  });

  it.each([7, -1n, 1n << 64n, '0x10', null])('the id %s is refused', (id) => {
    expect(() => nameOfRegister(id as bigint)).toThrow(/nameOfRegister: id: .*; the id of a register is a bigint/);
  });

  it('a wrong name does not compile', () => {
    // @ts-expect-error: no register has this name
    expect(() => registerNamed('x31')).toThrow();
  });
});
