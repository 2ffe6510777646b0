/** Breaches of the rules of the registers of x86. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import type { Vcpu } from '../../../../runtime/x86_64.js';
import { type Breach, type Make, of, setSupportedCpuid } from './breach.js';

/** The registers of long mode, in the members of a struct. */
const long = { efer: 0x500n, cr0: 0x8000_0001n, cr4: 0x20n };

type Sregs = kvm.KvmSregs | kvm.KvmSregs2;

/** Wrong registers, and the rule that they break. */
const wrongRegisters: readonly (readonly [
  when: string,
  rule: string,
  shows: string,
  change: (sregs: Sregs, vcpu: Vcpu) => unknown,
])[] = [
  ['cr0 has a high bit', 'bits 32 to 63 of cr0', 'cr0 0x10000000000', (sregs) => (sregs.cr0 = 1n << 40n)],
  ['cr0 has NW alone', 'cr0.NW (bit 29) needs cr0.CD', 'cr0 0x20000001', (sregs) => (sregs.cr0 = 0x2000_0001n)],
  [
    'cr0 has PG alone',
    'needs protected mode (cr0.PE',
    'cr0 0x80000000: PG without PE',
    (sregs) => (sregs.cr0 = 0x8000_0000n),
  ],
  [
    'cr4 does not have PAE',
    'needs cr4.PAE',
    'cr0.PG without cr4.PAE',
    (sregs) => Object.assign(sregs, { ...long, cr4: 0n }),
  ],
  [
    'efer does not have LMA',
    'which needs efer.LMA',
    'efer 0x100',
    (sregs) => Object.assign(sregs, { ...long, efer: 0x100n }),
  ],
  ['efer has LMA alone', 'efer.LMA (bit 10) needs paging', 'efer 0x400', (sregs) => (sregs.efer = 0x400n)],
  ['the code segment is long', 'a 64-bit code segment', 'cs.l 1', (sregs) => (sregs.cs.l = 1)],
  [
    'cr3 is beyond the physical addresses',
    'cr3 must be a physical address',
    'cr3 0x10000000000; physical addresses have 36 bits',
    (sregs) => Object.assign(sregs, { ...long, cr3: 1n << 40n }),
  ],
  ['cr4 has a reserved bit', 'of cr4 are reserved', 'cr4 0x10000000000', (sregs) => (sregs.cr4 = 1n << 40n)],
  [
    'the APIC base has a reserved bit',
    'bits 0 to 7 and 9 of the APIC base',
    'apic_base 0xfee00901',
    (sregs) => (sregs.apic_base = 0xfee0_0901n),
  ],
  [
    'the APIC base is too high',
    'the APIC base must be a physical address',
    'apic_base 0x10000000000; physical addresses have 36 bits',
    (sregs) => (sregs.apic_base = 1n << 40n),
  ],
  [
    'the APIC is in x2APIC mode but not enabled',
    'needs the APIC enabled (bit 11)',
    'apic_base 0xfee00400',
    (sregs, vcpu) => {
      setSupportedCpuid(vcpu);
      sregs.apic_base = 0xfee0_0400n;
    },
  ],
  [
    'the CPUID does not have x2APIC',
    'needs x2APIC in the CPUID',
    'apic_base 0xfee00c00',
    (sregs) => (sregs.apic_base = 0xfee0_0c00n),
  ],
];

const registers: readonly Breach[] = wrongRegisters.flatMap(([when, rule, shows, change]) => [
  ...of('KVM_SET_SREGS', 'EINVAL', [
    when,
    rule,
    shows,
    (make) => {
      const vcpu = make.vcpu();
      const sregs = vcpu.getSregs();
      change(sregs, vcpu);
      vcpu.setSregs(sregs);
    },
  ]),
  ...of('KVM_SET_SREGS2', 'EINVAL', [
    when,
    rule,
    shows,
    (make) => {
      const vcpu = make.vcpu();
      const sregs = vcpu.getSregs2();
      change(sregs, vcpu);
      vcpu.setSregs2(sregs);
    },
  ]),
  ...of('KVM_RUN', 'EINVAL', [
    when,
    rule,
    shows,
    (make) => {
      const vcpu = make.vcpu();
      const { sregs } = vcpu.kvmRun.s.regs;
      vcpu.ioctl(kvm.KVM_GET_SREGS, sregs);
      change(sregs, vcpu);
      vcpu.kvmRun.kvm_dirty_regs = BigInt(kvm.KVM_SYNC_X86_SREGS);
      vcpu.run();
    },
  ]),
]);

const otherRegisters: readonly Breach[] = [
  ...(['KVM_SET_SREGS', 'KVM_SET_SREGS2'] as const).flatMap((ioctl) =>
    of(ioctl, 'EINVAL', [
      'cr4 has a bit of a missing feature',
      'a bit of cr4 needs its feature',
      'cr4 0x2000 has VMXE (bit 13)',
      (make) => {
        const vcpu = make.vcpu();
        const sregs = ioctl === 'KVM_SET_SREGS' ? vcpu.getSregs() : vcpu.getSregs2();
        sregs.cr4 = 0x2000n;
        if (sregs instanceof kvm.KvmSregs) vcpu.setSregs(sregs);
        else vcpu.setSregs2(sregs);
      },
    ]),
  ),
  ...of('KVM_RUN', 'EINVAL', [
    'synchronized registers are wrong',
    'registers in kvm_dirty_regs',
    'kvm_dirty_regs 0x2',
    (make) => {
      const vcpu = make.vcpu();
      vcpu.syncRegs('sregs').sregs.cr0 = 0x8000_0000n;
      vcpu.run();
    },
  ]),
  ...of(
    'KVM_SET_SREGS2',
    'EINVAL',
    [
      'a flag is unknown',
      'the flags can be KVM_SREGS2_FLAGS_PDPTRS_VALID',
      'flags 0x8',
      (make) => {
        const vcpu = make.vcpu();
        vcpu.setSregs2(Object.assign(vcpu.getSregs2(), { flags: 8n }));
      },
    ],
    [
      'there are page directory pointers without PAE paging',
      'the page directory pointers need PAE paging',
      'pdptrs with cr0 0x60000010',
      (make) => {
        const vcpu = make.vcpu();
        vcpu.setSregs2(Object.assign(vcpu.getSregs2(), { flags: BigInt(kvm.KVM_SREGS2_FLAGS_PDPTRS_VALID) }));
      },
    ],
  ),
  ...of(
    'KVM_SET_XCRS',
    'EINVAL',
    [
      'there are flags',
      'the flags must be 0, and there can be at most 16',
      'flags 0x1',
      xcrs((all) => (all.flags = 1)),
    ],
    ['x87 is off', 'x87 (bit 0)', 'xcr0 0x0', xcr0(0n)],
    ['AVX is on without SSE', 'AVX (bit 2) of xcr0 needs SSE', 'xcr0 0x5', xcr0(5n)],
    ['MPX is half on', '(MPX) must be equal', 'xcr0 0xb', xcr0(0xbn)],
    ['AVX-512 is partly on', '(AVX-512) must be equal', 'xcr0 0x27', xcr0(0x27n)],
    ['the CPUID does not have a bit', 'needs its bit in leaf 0xd', 'xcr0 0x1000000000000003', xcr0((1n << 60n) | 3n)],
  ),
  ...of(
    'KVM_SET_DEBUGREGS',
    'EINVAL',
    ['dr6 has a high bit', 'bits 32 to 63 of dr6', 'dr6 0x100000000', debugregs({ dr6: 1n << 32n })],
    ['dr7 has a high bit', 'bits 32 to 63 of dr7', 'dr7 0x100000000', debugregs({ dr7: 1n << 32n })],
    ['there are flags', 'the flags must be 0', 'flags 0x1', debugregs({ flags: 1n })],
  ),
  ...of(
    'KVM_SET_XSAVE',
    'EINVAL',
    ['the area is compacted', 'whose XCOMP_BV', 'bytes 520 to 523', xsave(130, 0xff)],
    ['the header has reserved bytes', 'bytes 528 to 575', 'bytes 560 to 563', xsave(140, 0xff)],
    ['a feature is missing', 'a bit of XSTATE_BV', 'XSTATE_BV 0x40000000', xsave(129, 0x4000_0000)],
  ),
];

function xcrs(change: (xcrs: kvm.KvmXcrs) => unknown): (make: Make) => void {
  return (make) => {
    const vcpu = make.vcpu();
    setSupportedCpuid(vcpu);
    const all = vcpu.getXcrs();
    change(all);
    vcpu.setXcrs(all);
  };
}

function xcr0(value: bigint): (make: Make) => void {
  return xcrs((all) => (all.xcrs.get(0).value = value));
}

function debugregs(change: object): (make: Make) => void {
  return (make) => {
    const vcpu = make.vcpu();
    vcpu.setDebugregs(Object.assign(vcpu.getDebugregs(), change));
  };
}

function xsave(word: number, value: number): (make: Make) => void {
  return (make) => {
    const vcpu = make.vcpu();
    const area = vcpu.getXsave();
    area.region.set(word, value);
    vcpu.setXsave(area);
  };
}

/** The breaches. */
export const registerBreaches: readonly Breach[] = [...registers, ...otherRegisters];
