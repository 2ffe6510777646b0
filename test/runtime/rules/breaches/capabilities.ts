/** Breaches of the rules of KVM_ENABLE_CAP. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import type { Vm } from '../../../../runtime/x86_64.js';
import { allocate } from '../../../../support/index.js';
import { type Breach, irqchip, type Make, of, ofCapability, split } from './breach.js';

type Capability = Parameters<Vm['enableCap']>[0];

const enable =
  (capability: Capability, ...args: (number | bigint)[]) =>
  (make: Make): void =>
    make.vm().enableCap(capability, ...args);
const enableLate =
  (capability: Capability, ...args: (number | bigint)[]) =>
  (make: Make): void =>
    make.vmWithVcpu().enableCap(capability, ...args);

const rings: readonly Breach[] = (['KVM_CAP_DIRTY_LOG_RING', 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL'] as const).flatMap(
  (capability) => [
    ...ofCapability(
      capability,
      'EINVAL',
      ['the size is not a power of two', 'a power of two', '12288 bytes', enable(capability, 12_288)],
      [
        'the VM has rings',
        'can be enabled once',
        'dirty rings of 4096 bytes',
        (make) => {
          const vm = make.vm();
          vm.enableCap(capability, 4096);
          vm.enableCap(capability, 4096);
        },
      ],
      ['the VM has a vCPU', 'before the first vCPU', 'the VM has a vCPU already', enableLate(capability, 4096)],
    ),
    ...ofCapability(capability, 'E2BIG', [
      'the size is too large',
      'must be at most the value of',
      `2097152 bytes; ${capability} is 1048576`,
      enable(capability, 2 ** 21),
    ]),
  ],
);

/** The breaches. */
export const capabilityBreaches: readonly Breach[] = [
  ...ofCapability('KVM_CAP_SPLIT_IRQCHIP', 'EINVAL', [
    'there are too many pins',
    'the number of pins',
    '5000 pins',
    enable('KVM_CAP_SPLIT_IRQCHIP', 5000),
  ]),
  ...ofCapability(
    'KVM_CAP_SPLIT_IRQCHIP',
    'EEXIST',
    [
      'the controllers exist',
      'exclude each other',
      'controllers in the kernel already',
      (make) => split(make.vm(irqchip)),
    ],
    [
      'the VM has a vCPU',
      'before the first vCPU',
      'the VM has a vCPU already',
      enableLate('KVM_CAP_SPLIT_IRQCHIP', 24),
    ],
  ),
  ...rings,
  ...ofCapability(
    'KVM_CAP_MAX_VCPU_ID',
    'EINVAL',
    [
      'the limit is too large',
      'must be at most what KVM_CHECK_EXTENSION returns',
      '99999; KVM_CAP_MAX_VCPU_ID is 4096',
      enable('KVM_CAP_MAX_VCPU_ID', 99_999),
    ],
    [
      'the VM has a vCPU',
      'must be enabled before the first vCPU',
      '4: the VM has a vCPU already',
      enableLate('KVM_CAP_MAX_VCPU_ID', 4),
    ],
    [
      'the limit is set',
      'KVM_CAP_MAX_VCPU_ID can be enabled once',
      '5: the limit is set already',
      (make) => {
        const vm = make.vm();
        vm.enableCap('KVM_CAP_MAX_VCPU_ID', 4);
        vm.enableCap('KVM_CAP_MAX_VCPU_ID', 5);
      },
    ],
    [
      'the boot vCPU is above the limit',
      'less than the id of the boot vCPU',
      '4 is less than the id of the boot vCPU',
      (make) => {
        const vm = make.vm();
        vm.setBootCpuId(9);
        vm.enableCap('KVM_CAP_MAX_VCPU_ID', 4);
      },
    ],
  ),
  ...ofCapability(
    'KVM_CAP_X86_APIC_BUS_CYCLES_NS',
    'EINVAL',
    [
      'the time is 0',
      'at least 1 ns',
      '0 ns',
      (make) => make.vm(irqchip).enableCap('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 0),
    ],
    [
      'the VM has a vCPU',
      'before the first vCPU',
      '10 ns: the VM has a vCPU already',
      (make) => make.vmWithVcpu(irqchip).enableCap('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 10),
    ],
  ),
  ...ofCapability('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 'ENXIO', [
    'the VM has no controllers',
    'the local APICs must be in the kernel',
    'no interrupt controller in the kernel',
    enable('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 10),
  ]),
  ...ofCapability('KVM_CAP_HALT_POLL', 'EINVAL', [
    'the time is too long',
    'nanoseconds of 32 bits',
    '8589934592 ns',
    enable('KVM_CAP_HALT_POLL', 2 ** 33),
  ]),
  ...ofCapability(
    'KVM_CAP_X86_DISABLE_EXITS',
    'EINVAL',
    ['a bit is unknown', 'can have the bits', 'argument 0x400', enable('KVM_CAP_X86_DISABLE_EXITS', 0x400)],
    ['the VM has a vCPU', 'before the first vCPU', 'a vCPU already', enableLate('KVM_CAP_X86_DISABLE_EXITS', 2)],
  ),
  ...(
    [
      ['KVM_CAP_DISABLE_QUIRKS2', 2 ** 40, '0x10000000000'],
      ['KVM_CAP_X2APIC_API', 0x400, '0x400'],
      ['KVM_CAP_EXIT_HYPERCALL', 1, '0x1'],
      ['KVM_CAP_X86_USER_SPACE_MSR', 0x400, '0x400'],
      ['KVM_CAP_EXIT_ON_EMULATION_FAILURE', 2, '0x2'],
      ['KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 5, '0x4'],
    ] as const
  ).flatMap(([capability, bits, shown]) =>
    ofCapability(capability, 'EINVAL', [
      `a bit of ${capability} is unknown`,
      'can have the bits',
      `of which the kernel does not have ${shown}`,
      enable(capability, bits),
    ]),
  ),
  ...ofCapability('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 'EINVAL', [
    'one bit needs another',
    'needs KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE',
    'argument 0x2',
    enable('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 2),
  ]),
  ...ofCapability('KVM_CAP_VM_DISABLE_NX_HUGE_PAGES', 'EINVAL', [
    'there is an argument',
    'must be 0',
    'argument 1',
    enable('KVM_CAP_VM_DISABLE_NX_HUGE_PAGES', 1),
  ]),
  ...of(
    'KVM_ENABLE_CAP',
    'EINVAL',
    [
      'a capability of the VM is enabled on a vCPU',
      'on the VM, not on a vCPU',
      'KVM_CAP_SPLIT_IRQCHIP on a vCPU',
      (make) => make.vcpu().enableCap('KVM_CAP_SPLIT_IRQCHIP', 24),
    ],
    [
      'a capability of a vCPU is enabled on the VM',
      'on a vCPU, not on the VM',
      'KVM_CAP_ENFORCE_PV_FEATURE_CPUID on a VM',
      enable('KVM_CAP_ENFORCE_PV_FEATURE_CPUID', 1),
    ],
    [
      'the flags are set',
      'flags of struct kvm_enable_cap',
      'flags 0x1',
      (make) => {
        const argument = allocate(kvm.KvmEnableCap);
        Object.assign(argument, { cap: kvm.KVM_CAP_X86_DISABLE_EXITS, flags: 1 });
        make.vm().ioctl(kvm.KVM_ENABLE_CAP, argument);
      },
    ],
    ['the capability is always on', 'always on', 'capability 32 on a VM', enable('KVM_CAP_IRQFD')],
  ),
];
