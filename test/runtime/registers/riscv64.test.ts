/** The names of riscv64's registers, and their ids in the kernel's headers. */

import { describe, expect, it } from 'vitest';
import { riscv64 } from '../../../generator/targets/riscv64.js';
import type { RegisterValue } from '../../../runtime/registers/register.js';
import {
  nameOfRegister,
  type RegisterName,
  registerNamed,
  registerNames,
} from '../../../runtime/riscv64/registers/names.js';
import { compiledIds, whyNotCompiled } from '../../helpers/register-ids.js';

const vlenb = 32;

/** The macros of a group, with the member's name as the argument of the last one. */
type Macros = (member: string) => string;

const of64 = (type: string): string => `KVM_REG_RISCV | KVM_REG_SIZE_U64 | ${type}`;
const csr = (subtype: string): string => of64(`KVM_REG_RISCV_CSR | KVM_REG_RISCV_CSR_${subtype}`);

/** The core registers are those without a group. */
const groups: Readonly<Record<string, Macros>> = {
  '': (member) => of64(`KVM_REG_RISCV_CORE | KVM_REG_RISCV_CORE_REG(${member === 'mode' ? member : `regs.${member}`})`),
  config: (member) => of64(`KVM_REG_RISCV_CONFIG | KVM_REG_RISCV_CONFIG_REG(${member})`),
  csr: (member) => `${csr('GENERAL')} | KVM_REG_RISCV_CSR_REG(${member})`,
  aia: (member) => `${csr('AIA')} | KVM_REG_RISCV_CSR_AIA_REG(${member})`,
  smstateen: (member) => `${csr('SMSTATEEN')} | KVM_REG_RISCV_CSR_SMSTATEEN_REG(${member})`,
  zicfiss: (member) => `${csr('ZICFISS')} | KVM_REG_RISCV_CSR_ZICFISS_REG(${member})`,
  timer: (member) => of64(`KVM_REG_RISCV_TIMER | KVM_REG_RISCV_TIMER_REG(${member})`),
  fp_f: (member) => `KVM_REG_RISCV | KVM_REG_SIZE_U32 | KVM_REG_RISCV_FP_F | KVM_REG_RISCV_FP_F_REG(${member})`,
  fp_d: (member) =>
    `KVM_REG_RISCV | KVM_REG_SIZE_${member === 'fcsr' ? 'U32' : 'U64'} | KVM_REG_RISCV_FP_D | KVM_REG_RISCV_FP_D_REG(${member})`,
  isa_ext: extension('ISA'),
  sbi_ext: extension('SBI'),
  sbi_sta: (member) => of64(`KVM_REG_RISCV_SBI_STATE | KVM_REG_RISCV_SBI_STA | KVM_REG_RISCV_SBI_STA_REG(${member})`),
  sbi_fwft: (member) =>
    of64(`KVM_REG_RISCV_SBI_STATE | KVM_REG_RISCV_SBI_FWFT | KVM_REG_RISCV_SBI_FWFT_REG(${member})`),
  vector: (member) => {
    const [, number] = /^v\[(\d+)\]$/.exec(member) ?? [];
    if (number === undefined) return of64(`KVM_REG_RISCV_VECTOR | KVM_REG_RISCV_VECTOR_CSR_REG(${member})`);
    return `KVM_REG_RISCV | KVM_REG_SIZE_U${8 * vlenb} | KVM_REG_RISCV_VECTOR | KVM_REG_RISCV_VECTOR_REG(${number})`;
  },
};

function extension(kind: 'ISA' | 'SBI'): Macros {
  return (member) => {
    const [, set, index] = /^multi_(en|dis)\[(\d)\]$/.exec(member) ?? [];
    const which =
      set === undefined
        ? `KVM_REG_RISCV_${kind}_SINGLE | KVM_RISCV_${kind}_EXT_${member}`
        : `KVM_REG_RISCV_${kind}_MULTI_${set.toUpperCase()} | ${index}`;
    return of64(`KVM_REG_RISCV_${kind}_EXT | ${which}`);
  };
}

/** The number of registers of each group. */
const counts: Readonly<Record<string, string>> = {
  '': 'sizeof(struct kvm_riscv_core) / 8',
  config: 'sizeof(struct kvm_riscv_config) / 8',
  csr: 'sizeof(struct kvm_riscv_csr) / 8',
  aia: 'sizeof(struct kvm_riscv_aia_csr) / 8',
  smstateen: 'sizeof(struct kvm_riscv_smstateen_csr) / 8',
  zicfiss: 'sizeof(struct kvm_riscv_zicfiss_csr) / 8',
  timer: 'sizeof(struct kvm_riscv_timer) / 8',
  fp_f: 'sizeof(struct __riscv_f_ext_state) / 4',
  fp_d: 'offsetof(struct __riscv_d_ext_state, fcsr) / 8 + 1',
  isa_ext: 'KVM_RISCV_ISA_EXT_MAX + 2 * (KVM_REG_RISCV_ISA_MULTI_REG_LAST + 1)',
  sbi_ext: 'KVM_RISCV_SBI_EXT_MAX + 2 * (KVM_REG_RISCV_SBI_MULTI_REG_LAST + 1)',
  sbi_sta: 'sizeof(struct kvm_riscv_sbi_sta) / 8',
  sbi_fwft: 'sizeof(struct kvm_riscv_sbi_fwft) / 8',
  vector: 'offsetof(struct __riscv_v_ext_state, datap) / 8 + 32',
};

/** The group and the member of a name. */
function partsOf(name: string): [group: string, member: string] {
  const [, group = '', member = ''] = /^(?:([^.]+)\.)?(.*)$/.exec(name) ?? [];
  return [group, member];
}

const names = registerNames();
const reason = whyNotCompiled(riscv64);

describe.skipIf(reason)(`the registers of riscv64${reason === undefined ? '' : ` (${reason})`}`, () => {
  it("the ids are those of the kernel's macros", async () => {
    const expressions = names.map((name) => {
      const [group, member] = partsOf(name);
      return [name, groups[group]?.(member) ?? `there is no group ${group}`] as const;
    });
    const compiled = await compiledIds(riscv64, Object.fromEntries(expressions));
    expect(names.length).toBeGreaterThan(280);
    expect(Object.fromEntries(names.map((name) => [name, registerNamed(name, vlenb).id]))).toEqual(compiled);
  });

  it('each group has as many registers as in the headers', async () => {
    const expected = await compiledIds(riscv64, counts);
    const counted: Record<string, bigint> = Object.fromEntries(Object.keys(counts).map((group) => [group, 0n]));
    for (const name of names) {
      const [group] = partsOf(name);
      counted[group] = (counted[group] ?? 0n) + 1n;
    }
    expect(counted).toEqual(expected);
  });

  it('an id without a name gets its type, subtype and number', async () => {
    const parts = {
      'KVM_REG_RISCV_CSR(1,9)': `${csr('AIA')} | 9`,
      'KVM_REG_RISCV_CONFIG(0,4660)': of64('KVM_REG_RISCV_CONFIG | 0x1234'),
      'KVM_REG_RISCV_VECTOR(0,38)': of64('KVM_REG_RISCV_VECTOR | KVM_REG_RISCV_VECTOR_REG(32)'),
    };
    const compiled = await compiledIds(riscv64, parts);
    expect(Object.values(compiled).map(nameOfRegister)).toEqual(Object.keys(parts));
  });
});

describe("the names of riscv64's registers", () => {
  it('each id has one name, and the name gives the id', () => {
    expect(names.map((name) => nameOfRegister(registerNamed(name, vlenb).id))).toEqual(names);
  });

  it('the width of a register follows from its name', () => {
    const [pc, fcsr] = [registerNamed('pc').bits satisfies 64, registerNamed('fp_d.fcsr').bits satisfies 32];
    const values: [RegisterValue<typeof pc>, RegisterValue<typeof fcsr>] = [1n, 1];
    expect([pc, fcsr, registerNamed('vector.v[31]', 64n).bits]).toEqual([64, 32, 512]);
    expect(values).toHaveLength(2);
  });

  it.each([undefined, 0, 8, 24, 16_384, 16.5, Number.NaN, '16', -16n, Symbol.iterator])(
    'a vector register with vlenb %o is refused',
    (wrong) => {
      expect(() => registerNamed('vector.v[0]', wrong as number)).toThrow(
        /vector\.v\[0\] with vlenb .*; vlenb is a power of two from 16 to 8192; read it from the register vector\.vlenb/,
      );
    },
  );

  it.each(['csr.sstatuss', 'regs', 'x1', 'vector.v[32]', 'vector.datap', 'isa_ext.MAX', 'toString', Symbol.iterator])(
    'the name %o is refused',
    (name) => {
      expect(() => registerNamed(name as RegisterName, vlenb)).toThrow(/is not the name of a register of riscv64/);
    },
  );

  it('an id of another architecture is given in hexadecimal', () => {
    expect(nameOfRegister(0x6030_0000_0010_0040n)).toBe('0x6030000000100040');
  });

  it('a wrong name does not compile', () => {
    // @ts-expect-error: no register has this name
    expect(() => registerNamed('csr.sstatuss')).toThrow();
  });
});
