/** Breaches of the rules of a vCPU. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../../../support/index.js';
import { type Breach, irqchip, type Make, of, setSupportedCpuid } from './breach.js';

function events(change: (events: kvm.KvmVcpuEvents) => unknown): (make: Make) => void {
  return (make) => {
    const vcpu = make.vcpu();
    const all = vcpu.getVcpuEvents();
    change(all);
    vcpu.setVcpuEvents(all);
  };
}

const running: readonly Breach[] = [
  ...of(
    'KVM_RUN',
    'EINVAL',
    [
      'an unknown set is to be stored',
      'kvm_valid_regs can have',
      'kvm_valid_regs 0x80; KVM_CAP_SYNC_REGS is 0x7',
      (make) => {
        const vcpu = make.vcpu();
        vcpu.kvmRun.kvm_valid_regs = 0x80n;
        vcpu.run();
      },
    ],
    [
      'an unknown set is dirty',
      'kvm_dirty_regs can have',
      'kvm_dirty_regs 0x80; KVM_CAP_SYNC_REGS is 0x7',
      (make) => {
        const vcpu = make.vcpu();
        vcpu.kvmRun.kvm_dirty_regs = 0x80n;
        vcpu.run();
      },
    ],
  ),
  ...of('KVM_RUN', 'ENOSPC', [
    'the guest has no memory',
    'the guest needs memory',
    'the VM has no memory',
    (make) => make.vcpu().run(),
  ]),
];

const pending: readonly Breach[] = [
  ...of(
    'KVM_SET_VCPU_EVENTS',
    'EINVAL',
    ['a flag is unknown', 'the flags can be KVM_VCPUEVENT_VALID', 'flags 0x100', events((all) => (all.flags = 0x100))],
    [
      'the exception is the NMI',
      'a number from 0 to 31 except 2',
      'exception 2',
      events((all) => Object.assign(all.exception, { injected: 1, nr: 2 })),
    ],
    [
      'payloads are not enabled',
      'KVM_VCPUEVENT_VALID_PAYLOAD needs',
      'flags 0x10',
      events((all) => (all.flags = kvm.KVM_VCPUEVENT_VALID_PAYLOAD)),
    ],
    [
      'triple faults are not enabled',
      'KVM_VCPUEVENT_VALID_TRIPLE_FAULT needs',
      'flags 0x20',
      events((all) => (all.flags = kvm.KVM_VCPUEVENT_VALID_TRIPLE_FAULT)),
    ],
    [
      'the kernel has no system management mode',
      'needs KVM_CAP_X86_SMM',
      'flags 0x8, smi.smm 1',
      events((all) => {
        all.flags = kvm.KVM_VCPUEVENT_VALID_SMM;
        all.smi.smm = 1;
      }),
    ],
  ),
  ...of('KVM_SET_GUEST_DEBUG', 'EBUSY', [
    'an exception waits',
    'if no other exception waits',
    'an exception waits already',
    (make) => {
      const vcpu = make.vcpu((vm) => vm.enableCap('KVM_CAP_EXCEPTION_PAYLOAD', 1));
      const all = vcpu.getVcpuEvents();
      all.flags = kvm.KVM_VCPUEVENT_VALID_PAYLOAD;
      Object.assign(all.exception, { pending: 1, nr: 13 });
      vcpu.setVcpuEvents(all);
      vcpu.setGuestDebug({ inject: 'debug' });
    },
  ]),
  ...of('KVM_SET_MP_STATE', 'EINVAL', [
    'the state is of another architecture',
    'on x86 the state can be',
    'state 5',
    (make) => {
      const vcpu = make.vcpu(irqchip);
      vcpu.setMpState(Object.assign(vcpu.getMpState(), { mp_state: kvm.KVM_MP_STATE_STOPPED }));
    },
  ]),
  ...of('KVM_SET_VAPIC_ADDR', 'EINVAL', [
    'the address has no memory',
    'must be in a memory slot',
    'address 0x5000',
    (make) => make.vcpu(irqchip).setVapicAddr(0x5000),
  ]),
  ...of('KVM_KVMCLOCK_CTRL', 'EINVAL', [
    'the guest does not use kvmclock',
    'must have turned its kvmclock on',
    'the guest has not turned its kvmclock on',
    (make) => make.vcpu().kvmclockCtrl(),
  ]),
];

const configuration: readonly Breach[] = [
  ...of('KVM_SET_CPUID2', 'E2BIG', [
    'there are too many entries',
    'at most 256 CPUID entries',
    '300 entries',
    (make) => make.vcpu().setCpuid2(allocate(kvm.KvmCpuid2, 300)),
  ]),
  ...of(
    'KVM_SET_CPUID2',
    'EINVAL',
    [
      'the addresses have a wrong size',
      'linear addresses have 48 or 57 bits',
      '50 bits',
      (make) => {
        const leaves = allocate(kvm.KvmCpuid2, 1);
        Object.assign(leaves.entries.get(0), { function: 0x8000_0008, eax: 0x3228 });
        make.vcpu().setCpuid2(leaves);
      },
    ],
    [
      'the vCPU has run',
      'after its first KVM_RUN',
      'the vCPU has run',
      (make) => setSupportedCpuid(make.vcpuThatHasRun()),
    ],
  ),
  ...of('KVM_GET_SUPPORTED_CPUID', 'E2BIG', [
    'there are more entries',
    'room for all entries',
    'it has room for 1',
    (make) => make.kvm().ioctl(kvm.KVM_GET_SUPPORTED_CPUID, allocate(kvm.KvmCpuid2, 1)),
  ]),
  ...of('KVM_GET_EMULATED_CPUID', 'E2BIG', [
    'there are more entries',
    'room for all entries',
    'it has room for 0',
    (make) => make.kvm().ioctl(kvm.KVM_GET_EMULATED_CPUID, allocate(kvm.KvmCpuid2, 0)),
  ]),
  ...of('KVM_GET_CPUID2', 'E2BIG', [
    'there are more entries',
    'room for all entries',
    'it has room for 1',
    (make) => {
      const vcpu = make.vcpu();
      setSupportedCpuid(vcpu);
      vcpu.ioctl(kvm.KVM_GET_CPUID2, allocate(kvm.KvmCpuid2, 1));
    },
  ]),
  ...[kvm.KVM_GET_MSR_INDEX_LIST, kvm.KVM_GET_MSR_FEATURE_INDEX_LIST].flatMap((request) =>
    of(request.name, 'E2BIG', [
      'there are more MSRs',
      'room for all indices',
      'the kernel has',
      (make) => make.kvm().ioctl(request, allocate(kvm.KvmMsrList, 1)),
    ]),
  ),
  ...[kvm.KVM_GET_MSRS, kvm.KVM_SET_MSRS].flatMap((request) =>
    of(request.name, 'E2BIG', [
      'there are too many MSRs',
      'at most 255 MSRs',
      '256 MSRs',
      (make) => make.vcpu().ioctl(request, allocate(kvm.KvmMsrs, 256)),
    ]),
  ),
  ...of('KVM_GET_ONE_REG', 'EINVAL', [
    'the id is unknown',
    'the id must be that of a register',
    'register 0x2030000000000000',
    (make) => make.vcpu().getOneReg(0x2030_0000_0000_0000n),
  ]),
  ...of('KVM_SET_ONE_REG', 'EINVAL', [
    'the id is unknown',
    'the id must be that of a register',
    'register 0x2030000000000000',
    (make) => make.vcpu().setOneReg(0x2030_0000_0000_0000n, 0n),
  ]),
  ...of(
    'KVM_X86_SETUP_MCE',
    'EINVAL',
    ['there are no banks', 'the number of banks', '0 banks; KVM_CAP_MCE is 32', (make) => make.vcpu().setupMce(0n)],
    [
      'a bit is unknown',
      'the mask of kvm.getMceCapSupported',
      'capabilities 0x1000000000a',
      (make) => make.vcpu().setupMce((1n << 40n) | 10n),
    ],
  ),
  ...of(
    'KVM_X86_SET_MCE',
    'EINVAL',
    [
      'the status is not valid',
      'must be valid (bit 63)',
      'status 0x0',
      (make) => make.vcpu().setMce(allocate(kvm.KvmX86Mce)),
    ],
    [
      'the bank is too large',
      'less than the number of banks',
      'bank 40',
      (make) => make.vcpu().setMce(Object.assign(allocate(kvm.KvmX86Mce), { bank: 40, status: 1n << 63n })),
    ],
  ),
];

/** Sets an MSR of a vCPU with the CPUID that the kernel supports. */
function msr(index: number, data: bigint): (make: Make) => void {
  return (make) => {
    const vcpu = make.vcpu();
    setSupportedCpuid(vcpu);
    vcpu.setMsrs([{ index, data }]);
  };
}

const msrs: readonly Breach[] = of(
  'KVM_SET_MSRS',
  'ERR_KVM_MSR_REFUSED',
  [
    'an address is not canonical',
    'canonical addresses',
    'MSR 0xc0000082: 0x8000000000000000 is not canonical',
    msr(0xc000_0082, 1n << 63n),
  ],
  ['TSC_AUX is too large', 'of TSC_AUX are reserved', 'MSR 0xc0000103: 0x10000000000', msr(0xc000_0103, 1n << 40n)],
  [
    'EFER has a reserved bit',
    'EFER has the bits',
    'MSR 0xc0000080: 0x10000000000, of which 0x10000000000 are reserved',
    msr(0xc000_0080, 1n << 40n),
  ],
  [
    'the APIC base is not a physical address',
    'of the APIC base are reserved',
    'MSR 0x1b: 0x1000000000000000',
    msr(0x1b, 1n << 60n),
  ],
  [
    'the MSR cannot have the value',
    'must accept the value',
    'MSR 0x2ff: the likely cause: the vCPU has this MSR, but not with the value 0xff00000000',
    msr(0x2ff, 0xffn << 32n),
  ],
  [
    'the vCPU does not have the MSR',
    'must have the MSR',
    'MSR 0x999: the likely cause: the vCPU does not have this MSR',
    msr(0x999, 0n),
  ],
);

/** The breaches. */
export const vcpuBreaches: readonly Breach[] = [...running, ...pending, ...configuration, ...msrs];
