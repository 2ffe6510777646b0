/** The rules of KVM_ENABLE_CAP: when a capability can be enabled, where, and with which arguments. */

import type { KvmEnableCap } from '../../../generated/x86_64/linux/kvm.js';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import type { CapabilityName } from '../../capability.js';
import { type Code, hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import type { Facts } from './facts.js';
import { possibleRule, type Row, rule } from './rule.js';

const pageSize = 4096n;
/** The kernel's KVM_MAX_IRQ_ROUTES. */
const mostReservedPins = 4096n;

/** What a rule of a capability gets: the first argument of KVM_ENABLE_CAP. */
interface CapabilityRow extends Omit<Row<KvmEnableCap>, 'broken' | 'see'> {
  /** The title of the section of api.rst. By default it is the name of the capability. */
  readonly see?: string;
  readonly of?: typeof rule | typeof possibleRule;
  broken(value: bigint, facts: Facts): string | undefined;
}

/** A rule of KVM_ENABLE_CAP for one capability. */
function capabilityRule(
  capability: CapabilityName,
  code: Code,
  { broken, see = capability, of = rule, ...row }: CapabilityRow,
): Rule {
  const made = of('KVM_ENABLE_CAP', code, {
    ...row,
    see,
    broken({ cap, args }, facts) {
      return cap === facts.numberOf(capability) ? broken(args.get(0), facts) : undefined;
    },
  });
  return { ...made, capability };
}

/** A capability whose argument is a mask of the bits that `known` returns. */
function maskRule(capability: CapabilityName, names: string, known: (facts: Facts) => number): Rule {
  return capabilityRule(capability, 'EINVAL', {
    rule: `the argument of ${capability} can have the bits ${names}`,
    remedy: 'leave out the other bits',
    broken(value, facts) {
      const unknown = unknownBits(value, known(facts));
      return when(unknown !== 0n, `argument ${hex(value)}, of which the kernel does not have ${hex(unknown)}`);
    },
  });
}

/** The mask that KVM_CHECK_EXTENSION returns for a capability. */
function offered(capability: CapabilityName): (facts: Facts) => number {
  return (facts) => facts.capability(capability);
}

const splitIrqchip: readonly Rule[] = [
  capabilityRule('KVM_CAP_SPLIT_IRQCHIP', 'EINVAL', {
    rule: 'the argument is the number of pins of the IOAPIC of user space, at most 4096',
    remedy: 'use 24',
    broken: (value) => when(value > mostReservedPins, `${value} pins`),
  }),
  capabilityRule('KVM_CAP_SPLIT_IRQCHIP', 'EEXIST', {
    rule: 'KVM_CAP_SPLIT_IRQCHIP and createIrqchip exclude each other, and each works once',
    remedy: 'use the controllers that exist',
    broken: (_, { irqchip }) => when(irqchip !== 'none', 'the VM has interrupt controllers in the kernel already'),
  }),
  capabilityRule('KVM_CAP_SPLIT_IRQCHIP', 'EEXIST', {
    // api.rst does not name this errno.
    rule: 'KVM_CAP_SPLIT_IRQCHIP must be enabled before the first vCPU, because each vCPU gets a local APIC',
    remedy: 'enable it before vm.createVcpu()',
    broken: (_, { irqchip }) => when(irqchip === 'none', 'the VM has a vCPU already'),
  }),
];

const ringSection = 'KVM_CAP_DIRTY_LOG_RING/KVM_CAP_DIRTY_LOG_RING_ACQ_REL';

const dirtyRings: readonly Rule[] = (['KVM_CAP_DIRTY_LOG_RING', 'KVM_CAP_DIRTY_LOG_RING_ACQ_REL'] as const).flatMap(
  (capability) => [
    capabilityRule(capability, 'EINVAL', {
      rule: 'the size of a dirty ring in bytes must be a power of two, and at least one page',
      remedy: 'use 65536',
      see: ringSection,
      broken: (bytes) => when(bytes < pageSize || (bytes & (bytes - 1n)) !== 0n, `${bytes} bytes`),
    }),
    capabilityRule(capability, 'E2BIG', {
      rule: `the size of a dirty ring must be at most the value of ${capability}`,
      remedy: 'use a smaller size',
      see: ringSection,
      broken: (bytes, facts) => `${bytes} bytes; ${capability} is ${facts.capability(capability)}`,
    }),
    capabilityRule(capability, 'EINVAL', {
      rule: 'the dirty rings can be enabled once',
      remedy: 'use the rings that the VM has',
      see: ringSection,
      broken: (_, { dirtyRingBytes }) => when(dirtyRingBytes > 0, `the VM has dirty rings of ${dirtyRingBytes} bytes`),
    }),
    capabilityRule(capability, 'EINVAL', {
      rule: 'the dirty rings must be enabled before the first vCPU',
      remedy: 'enable them before vm.createVcpu()',
      see: ringSection,
      broken: (_, { hasVcpu }) => when(hasVcpu, 'the VM has a vCPU already'),
    }),
  ],
);

const vcpuIds: readonly Rule[] = [
  capabilityRule('KVM_CAP_MAX_VCPU_ID', 'EINVAL', {
    rule: 'the argument must be at most what KVM_CHECK_EXTENSION returns for KVM_CAP_MAX_VCPU_ID',
    remedy: 'use a smaller number',
    broken(value, facts) {
      const most = facts.capability('KVM_CAP_MAX_VCPU_ID');
      return when(most > 0 && value > most, `${value}; KVM_CAP_MAX_VCPU_ID is ${most}`);
    },
  }),
  capabilityRule('KVM_CAP_MAX_VCPU_ID', 'EINVAL', {
    rule: 'KVM_CAP_MAX_VCPU_ID must be enabled before the first vCPU',
    remedy: 'enable it before vm.createVcpu()',
    broken: (value, { hasVcpu }) => when(hasVcpu, `${value}: the VM has a vCPU already`),
  }),
  capabilityRule('KVM_CAP_MAX_VCPU_ID', 'EINVAL', {
    rule: 'KVM_CAP_MAX_VCPU_ID can be enabled once',
    remedy: 'enable it with the largest number that the VM needs',
    of: possibleRule,
    broken: (value) => `${value}: the limit is set already`,
  }),
  capabilityRule('KVM_CAP_MAX_VCPU_ID', 'EINVAL', {
    rule: 'the limit must not be less than the id of the boot vCPU',
    remedy: 'use a larger limit, or another id in vm.setBootCpuId',
    of: possibleRule,
    broken: (value) => `${value} is less than the id of the boot vCPU`,
  }),
];

const timing: readonly Rule[] = [
  capabilityRule('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 'EINVAL', {
    rule: 'a cycle of the bus of the local APICs takes at least 1 ns',
    remedy: 'use a number of nanoseconds',
    broken: (value) => when(value === 0n, '0 ns'),
  }),
  capabilityRule('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 'ENXIO', {
    rule: 'the local APICs must be in the kernel',
    remedy: 'call vm.createIrqchip() first',
    broken: (value) => `${value} ns: the VM has no interrupt controller in the kernel`,
  }),
  capabilityRule('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 'EINVAL', {
    rule: 'KVM_CAP_X86_APIC_BUS_CYCLES_NS must be enabled before the first vCPU',
    remedy: 'enable it before vm.createVcpu()',
    broken: (value, { hasVcpu }) => when(hasVcpu, `${value} ns: the VM has a vCPU already`),
  }),
  capabilityRule('KVM_CAP_HALT_POLL', 'EINVAL', {
    rule: 'the time of polling is a number of nanoseconds of 32 bits',
    remedy: 'use a smaller number',
    broken: (value) => when(value >= 2n ** 32n, `${value} ns`),
  }),
];

const masks: readonly Rule[] = [
  maskRule('KVM_CAP_X86_DISABLE_EXITS', 'that KVM_CHECK_EXTENSION returns', offered('KVM_CAP_X86_DISABLE_EXITS')),
  capabilityRule('KVM_CAP_X86_DISABLE_EXITS', 'EINVAL', {
    rule: 'KVM_CAP_X86_DISABLE_EXITS must be enabled before the first vCPU',
    remedy: 'enable it before vm.createVcpu()',
    broken: (_, { hasVcpu }) => when(hasVcpu, 'the VM has a vCPU already'),
  }),
  maskRule('KVM_CAP_DISABLE_QUIRKS2', 'that KVM_CHECK_EXTENSION returns', offered('KVM_CAP_DISABLE_QUIRKS2')),
  maskRule('KVM_CAP_X2APIC_API', 'that KVM_CHECK_EXTENSION returns', offered('KVM_CAP_X2APIC_API')),
  maskRule('KVM_CAP_EXIT_HYPERCALL', 'that KVM_CHECK_EXTENSION returns', offered('KVM_CAP_EXIT_HYPERCALL')),
  maskRule(
    'KVM_CAP_X86_USER_SPACE_MSR',
    'KVM_MSR_EXIT_REASON_INVAL, KVM_MSR_EXIT_REASON_UNKNOWN and KVM_MSR_EXIT_REASON_FILTER',
    () => kvm.KVM_MSR_EXIT_REASON_VALID_MASK,
  ),
  maskRule('KVM_CAP_EXIT_ON_EMULATION_FAILURE', '0x1', () => 1),
  maskRule('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 'that KVM_CHECK_EXTENSION returns', (facts) =>
    facts.capability('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2'),
  ),
  capabilityRule('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 'EINVAL', {
    rule: 'KVM_DIRTY_LOG_INITIALLY_SET needs KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE',
    remedy: 'set both bits: 3',
    broken: (value) =>
      when(value !== 0n && (value & BigInt(kvm.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE)) === 0n, `argument ${hex(value)}`),
  }),
  capabilityRule('KVM_CAP_VM_DISABLE_NX_HUGE_PAGES', 'EPERM', {
    rule: 'KVM_CAP_VM_DISABLE_NX_HUGE_PAGES needs CAP_SYS_BOOT, because it weakens the host',
    remedy: 'give the process the capability, or do not disable the protection',
    broken: () => 'the process does not have CAP_SYS_BOOT',
  }),
  capabilityRule('KVM_CAP_VM_DISABLE_NX_HUGE_PAGES', 'EINVAL', {
    rule: 'the argument of KVM_CAP_VM_DISABLE_NX_HUGE_PAGES must be 0',
    remedy: 'leave it out',
    broken: (value) => when(value !== 0n, `argument ${value}`),
  }),
];

/** The capabilities that a vCPU of x86 can enable. */
const ofVcpu: readonly CapabilityName[] = [
  'KVM_CAP_HYPERV_SYNIC',
  'KVM_CAP_HYPERV_SYNIC2',
  'KVM_CAP_HYPERV_ENLIGHTENED_VMCS',
  'KVM_CAP_HYPERV_DIRECT_TLBFLUSH',
  'KVM_CAP_HYPERV_ENFORCE_CPUID',
  'KVM_CAP_ENFORCE_PV_FEATURE_CPUID',
];

/** The capabilities that a VM of x86 can enable, as far as this package knows. */
const ofVm: readonly CapabilityName[] = [
  'KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2',
  'KVM_CAP_HALT_POLL',
  'KVM_CAP_DIRTY_LOG_RING',
  'KVM_CAP_DIRTY_LOG_RING_ACQ_REL',
  'KVM_CAP_DISABLE_QUIRKS',
  'KVM_CAP_DISABLE_QUIRKS2',
  'KVM_CAP_SPLIT_IRQCHIP',
  'KVM_CAP_X2APIC_API',
  'KVM_CAP_X86_DISABLE_EXITS',
  'KVM_CAP_MSR_PLATFORM_INFO',
  'KVM_CAP_EXCEPTION_PAYLOAD',
  'KVM_CAP_X86_TRIPLE_FAULT_EVENT',
  'KVM_CAP_X86_USER_SPACE_MSR',
  'KVM_CAP_X86_BUS_LOCK_EXIT',
  'KVM_CAP_EXIT_HYPERCALL',
  'KVM_CAP_EXIT_ON_EMULATION_FAILURE',
  'KVM_CAP_PMU_CAPABILITY',
  'KVM_CAP_MAX_VCPU_ID',
  'KVM_CAP_X86_NOTIFY_VMEXIT',
  'KVM_CAP_VM_DISABLE_NX_HUGE_PAGES',
  'KVM_CAP_X86_APIC_BUS_CYCLES_NS',
];

/** The name of the capability that is enabled, if it is in a list. */
function nameIn(names: readonly CapabilityName[], { cap }: KvmEnableCap, facts: Facts): CapabilityName | undefined {
  return names.find((name) => facts.numberOf(name) === cap);
}

const places: readonly Rule[] = [
  rule('KVM_ENABLE_CAP', 'EINVAL', {
    rule: 'this capability is enabled on the VM, not on a vCPU',
    remedy: 'call vm.enableCap',
    broken(enable, facts) {
      const name = nameIn(ofVm, enable, facts);
      return when(facts.kind === 'vcpu' && name !== undefined, `${name} on a vCPU`);
    },
  }),
  rule('KVM_ENABLE_CAP', 'EINVAL', {
    rule: 'this capability is enabled on a vCPU, not on the VM',
    remedy: 'call vcpu.enableCap',
    broken(enable, facts) {
      const name = nameIn(ofVcpu, enable, facts);
      return when(facts.kind === 'vm' && name !== undefined, `${name} on a VM`);
    },
  }),
  rule('KVM_ENABLE_CAP', 'EINVAL', {
    rule: 'the member flags of struct kvm_enable_cap must be 0',
    remedy: 'set it to 0',
    broken: ({ flags }) => when(flags !== 0, `flags ${hex(flags)}`),
  }),
  possibleRule('KVM_ENABLE_CAP', 'EINVAL', {
    rule: 'many capabilities are always on and cannot be enabled',
    remedy: 'see the section of the capability in api.rst',
    broken(enable, facts) {
      const known = nameIn([...ofVm, ...ofVcpu], enable, facts);
      return when(known === undefined, `capability ${enable.cap} on a ${facts.kind === 'vcpu' ? 'vCPU' : 'VM'}`);
    },
  }),
];

/** The rules of capabilities. */
export const capabilityRules: readonly Rule[] = [
  ...places,
  ...splitIrqchip,
  ...dirtyRings,
  ...vcpuIds,
  ...timing,
  ...masks,
];
