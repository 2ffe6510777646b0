/** The rules of the interrupt controllers, their lines, their routes, and the PIT. */

import type { KvmIrqRoutingEntry } from '../../../generated/x86_64/linux/kvm.js';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import { hex, type Rule, unknownBits, when } from '../../rules/rule.js';
import type { Facts } from './facts.js';
import { possibleRule, rule } from './rule.js';

const { KVM_IRQ_ROUTING_IRQCHIP, KVM_IRQ_ROUTING_MSI, KVM_MSI_VALID_DEVID } = kvm;
const { KVM_IRQFD_FLAG_DEASSIGN, KVM_IRQFD_FLAG_RESAMPLE } = kvm;

/** The pins of the controllers that the kernel emulates: two PICs and an IOAPIC. */
const pins = new Map<number, { readonly name: string; readonly count: number }>([
  [kvm.KVM_IRQCHIP_PIC_MASTER, { name: 'the first PIC', count: 8 }],
  [kvm.KVM_IRQCHIP_PIC_SLAVE, { name: 'the second PIC', count: 8 }],
  [kvm.KVM_IRQCHIP_IOAPIC, { name: 'the IOAPIC', count: 24 }],
]);

const createFirst = 'call vm.createIrqchip() before the first vCPU';
const createEither = `${createFirst}, or enable KVM_CAP_SPLIT_IRQCHIP there`;

function withoutIrqchip({ irqchip }: Facts): string | undefined {
  return when(irqchip === 'none', 'the VM has no interrupt controller in the kernel');
}

function withoutFullIrqchip({ irqchip }: Facts): string | undefined {
  if (irqchip === 'split') return 'the VM has only its local APICs in the kernel (KVM_CAP_SPLIT_IRQCHIP)';
  return when(irqchip === 'none', 'the VM has no interrupt controller in the kernel');
}

const chips: readonly Rule[] = [
  rule('KVM_CREATE_IRQCHIP', 'EEXIST', {
    rule: 'the interrupt controllers can be created once, and not after KVM_CAP_SPLIT_IRQCHIP is enabled',
    remedy: 'use the controllers that exist',
    broken: () => 'the VM has interrupt controllers in the kernel already',
  }),
  rule('KVM_CREATE_IRQCHIP', 'EINVAL', {
    rule: 'the interrupt controllers must be created before the first vCPU, because each vCPU gets a local APIC',
    remedy: 'call vm.createIrqchip() before vm.createVcpu()',
    broken: (_, { hasVcpu }) => when(hasVcpu, 'the VM has a vCPU already'),
  }),
  ...(['KVM_GET_IRQCHIP', 'KVM_SET_IRQCHIP'] as const).flatMap((ioctl) => [
    rule(ioctl, 'ENXIO', {
      rule: 'the PICs and the IOAPIC must be in the kernel',
      remedy: createFirst,
      broken: (_, facts) => withoutFullIrqchip(facts),
    }),
    rule(ioctl, 'EINVAL', {
      rule: 'the controller must be KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE or KVM_IRQCHIP_IOAPIC',
      remedy: 'use one of these; getLapic and setLapic have the local APIC',
      broken: ({ chip_id: id }) => when(!pins.has(id), `controller ${id}`),
    }),
  ]),
];

const lines: readonly Rule[] = [
  ...(['KVM_IRQ_LINE', 'KVM_IRQ_LINE_STATUS'] as const).map((ioctl) =>
    rule(ioctl, 'ENXIO', {
      rule: 'the interrupt controllers must be in the kernel',
      remedy: `${createEither}; without them use vcpu.interrupt`,
      broken: ({ irq }) => `line ${irq}: the VM has no interrupt controller in the kernel`,
    }),
  ),
  rule('KVM_SIGNAL_MSI', 'EINVAL', {
    rule: 'the local APICs must be in the kernel',
    remedy: createEither,
    broken: (_, facts) => withoutIrqchip(facts),
  }),
  rule('KVM_SIGNAL_MSI', 'EINVAL', {
    rule: 'the flags can be KVM_MSI_VALID_DEVID',
    remedy: 'leave out the other flags',
    broken: ({ flags }) => when(unknownBits(flags, KVM_MSI_VALID_DEVID) !== 0n, `flags ${hex(flags)}`),
  }),
  possibleRule('KVM_SIGNAL_MSI', 'EINVAL', {
    rule: 'with KVM_X2APIC_API_USE_32BIT_IDS bits 32 to 39 of the address must be 0; without it the high half is ignored',
    remedy: 'put the high bits of the APIC id into bits 40 to 63',
    broken: ({ address_hi: high }) => when((high & 0xff) !== 0, `high half of the address ${hex(high)}`),
  }),
  rule('KVM_SIGNAL_MSI', 'EPERM', {
    rule: 'a local APIC must be the destination of the message',
    remedy: 'address a vCPU that exists and whose guest has enabled its local APIC',
    broken: ({ address_lo: low, data }) =>
      `no interrupt controller in the kernel accepts the message ${hex(data)} to address ${hex(low)}`,
  }),
  rule('KVM_INTERRUPT', 'EINVAL', {
    rule: 'a vector is a number from 0 to 255',
    remedy: 'use the vector, not the number of the line',
    broken: ({ irq }) => when(irq > 0xff, `vector ${irq}`),
  }),
  rule('KVM_INTERRUPT', 'ENXIO', {
    rule: 'the interrupt controller is in the kernel, which delivers interrupts itself',
    remedy: 'use vm.setIrqLine, vm.signalMsi or vm.registerIrqfd',
    broken: ({ irq }) => `vector ${irq}`,
  }),
  rule('KVM_INTERRUPT', 'EEXIST', {
    rule: 'with KVM_CAP_SPLIT_IRQCHIP one external interrupt can wait for the guest',
    remedy: 'wait for KVM_EXIT_IRQ_WINDOW_OPEN (kvmRun.request_interrupt_window) before the next one',
    broken: ({ irq }) => `vector ${irq}: an external interrupt waits already`,
  }),
];

const eventfds: readonly Rule[] = [
  rule('KVM_IRQFD', 'EINVAL', {
    rule: 'the flags can be KVM_IRQFD_FLAG_DEASSIGN and KVM_IRQFD_FLAG_RESAMPLE',
    remedy: 'leave out the other flags',
    broken({ flags }) {
      const unknown = unknownBits(flags, KVM_IRQFD_FLAG_DEASSIGN, KVM_IRQFD_FLAG_RESAMPLE);
      return when(unknown !== 0n, `flags ${hex(flags)}, of which ${hex(unknown)} are unknown`);
    },
  }),
  rule('KVM_IRQFD', 'EINVAL', {
    rule: 'the interrupt controllers must be in the kernel',
    remedy: createEither,
    broken: ({ flags }, facts) => when((flags & KVM_IRQFD_FLAG_DEASSIGN) === 0, withoutIrqchip(facts)),
  }),
  rule('KVM_IRQFD', 'EINVAL', {
    rule: 'an eventfd for the acknowledgement (resample) needs the PICs and the IOAPIC in the kernel',
    remedy: `${createFirst}, or leave out resample`,
    broken: ({ flags }, facts) => when((flags & KVM_IRQFD_FLAG_RESAMPLE) !== 0, withoutFullIrqchip(facts)),
  }),
  possibleRule('KVM_IRQFD', 'EINVAL', {
    rule: 'the file descriptors must be eventfds',
    remedy: 'use EventFd.create',
    broken: ({ fd }) => `file descriptor ${fd} is not an eventfd`,
  }),
  rule('KVM_IRQFD', 'EBUSY', {
    rule: 'an eventfd can cause one interrupt of a VM',
    remedy: 'use another eventfd, or call vm.unregisterIrqfd first',
    broken: ({ gsi }) => `GSI ${gsi}: the eventfd is registered already`,
  }),
];

/** The types of routes that x86 has. */
const routeTypes: readonly number[] = [
  KVM_IRQ_ROUTING_IRQCHIP,
  KVM_IRQ_ROUTING_MSI,
  kvm.KVM_IRQ_ROUTING_HV_SINT,
  kvm.KVM_IRQ_ROUTING_XEN_EVTCHN,
];

/** Finds an entry of which `problem` returns a text, and returns the text. */
function inEntries(
  { entries }: kvm.KvmIrqRouting,
  problem: (entry: KvmIrqRoutingEntry) => string | undefined,
): string | undefined {
  for (const entry of entries) {
    const text = problem(entry);
    if (text !== undefined) return `route of GSI ${entry.gsi}: ${text}`;
  }
  return undefined;
}

/** Whether the kernel accepts two routes of one GSI: to pins of two controllers. */
function canShare(one: KvmIrqRoutingEntry, other: KvmIrqRoutingEntry): boolean {
  const isPin = one.type === KVM_IRQ_ROUTING_IRQCHIP && other.type === KVM_IRQ_ROUTING_IRQCHIP;
  return isPin && one.u.irqchip.irqchip !== other.u.irqchip.irqchip;
}

function wrongPin({ type, u: { irqchip: route } }: KvmIrqRoutingEntry): string | undefined {
  if (type !== KVM_IRQ_ROUTING_IRQCHIP) return undefined;
  const chip = pins.get(route.irqchip);
  if (chip === undefined) return `controller ${route.irqchip}`;
  return when(route.pin >= chip.count, `pin ${route.pin} of ${chip.name}, which has ${chip.count} pins`);
}

const routing: readonly Rule[] = [
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'the interrupt controllers must be in the kernel',
    remedy: createEither,
    broken: (_, facts) => withoutIrqchip(facts),
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'there can be at most KVM_CAP_IRQ_ROUTING routes',
    remedy: 'leave out routes that the guest does not use',
    broken({ nr }, facts) {
      const most = facts.capability('KVM_CAP_IRQ_ROUTING');
      return when(nr > most, `${nr} routes; KVM_CAP_IRQ_ROUTING is ${most}`);
    },
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'the member flags of struct kvm_irq_routing must be 0',
    remedy: 'set it to 0',
    broken: ({ flags }) => when(flags !== 0, `flags ${hex(flags)}`),
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'a GSI must be less than KVM_CAP_IRQ_ROUTING',
    remedy: 'use a smaller GSI',
    broken(routes, facts) {
      const most = facts.capability('KVM_CAP_IRQ_ROUTING');
      return inEntries(routes, ({ gsi }) => when(gsi >= most, `KVM_CAP_IRQ_ROUTING is ${most}`));
    },
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'a route of x86 must be to a pin, to a message, to a SynIC of Hyper-V or to an event channel of Xen',
    remedy: 'use KVM_IRQ_ROUTING_IRQCHIP or KVM_IRQ_ROUTING_MSI',
    broken: (routes) => inEntries(routes, ({ type }) => when(!routeTypes.includes(type), `type ${type}`)),
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'the flags of a route must be 0, or KVM_MSI_VALID_DEVID for a message',
    remedy: 'leave out the other flags',
    broken: (routes) =>
      inEntries(routes, ({ type, flags }) =>
        when(unknownBits(flags, type === KVM_IRQ_ROUTING_MSI ? KVM_MSI_VALID_DEVID : 0) !== 0n, `flags ${hex(flags)}`),
      ),
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'a pin must be one of the 8 pins of a PIC, or of the 24 pins of the IOAPIC',
    remedy: 'use KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE or KVM_IRQCHIP_IOAPIC with a smaller pin',
    broken: (routes) => inEntries(routes, wrongPin),
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'a GSI can have one message, or one pin of each controller',
    remedy: 'use another GSI',
    broken(routes) {
      const before: KvmIrqRoutingEntry[] = [];
      return inEntries(routes, (entry) => {
        const other = before.find((each) => each.gsi === entry.gsi && !canShare(each, entry));
        before.push(entry);
        return when(other !== undefined, 'the GSI has another route already');
      });
    },
  }),
  rule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'a route to a pin needs the PICs and the IOAPIC in the kernel',
    remedy: `${createFirst}, or route the GSI to a message`,
    broken(routes, { irqchip }) {
      const isPin = ({ type }: KvmIrqRoutingEntry): boolean => type === KVM_IRQ_ROUTING_IRQCHIP;
      const text = inEntries(routes, (entry) =>
        when(isPin(entry), 'a pin, and only the local APICs are in the kernel'),
      );
      return when(irqchip === 'split', text);
    },
  }),
  possibleRule('KVM_SET_GSI_ROUTING', 'EINVAL', {
    rule: 'with KVM_X2APIC_API_USE_32BIT_IDS bits 32 to 39 of the address of a message must be 0',
    remedy: 'put the high bits of the APIC id into bits 40 to 63',
    broken: (routes) =>
      inEntries(routes, ({ type, u: { msi } }) =>
        when(
          type === KVM_IRQ_ROUTING_MSI && (msi.address_hi & 0xff) !== 0,
          `high half of the address ${hex(msi.address_hi)}`,
        ),
      ),
  }),
];

const pit: readonly Rule[] = [
  ...(['KVM_CREATE_PIT2', 'KVM_CREATE_PIT'] as const).flatMap((ioctl) => [
    rule(ioctl, 'ENOENT', {
      // api.rst says that the kernel must have the interrupt controllers, and does not name this errno.
      rule: 'the timer needs the PICs in the kernel',
      remedy: `${createFirst}, and create the timer after that`,
      broken: (_: unknown, facts: Facts) => withoutFullIrqchip(facts),
    }),
    rule(ioctl, 'EEXIST', {
      rule: 'the timer can be created once',
      remedy: 'use the timer that exists',
      broken: () => 'the VM has a timer already',
    }),
  ]),
  ...(['KVM_GET_PIT2', 'KVM_SET_PIT2', 'KVM_GET_PIT', 'KVM_SET_PIT', 'KVM_REINJECT_CONTROL'] as const).map((ioctl) =>
    rule(ioctl, 'ENXIO', {
      rule: 'the timer must be in the kernel',
      remedy: 'call vm.createIrqchip() and vm.createPit2() first',
      broken: () => 'the VM has no timer in the kernel',
    }),
  ),
];

/** The rules of interrupts. */
export const interruptRules: readonly Rule[] = [...chips, ...lines, ...eventfds, ...routing, ...pit];
