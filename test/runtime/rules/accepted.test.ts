/** Arguments at the limits of the rules, which the kernel accepts. No rule about an argument is broken by them. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import type { IoctlTarget } from '../../../runtime/context.js';
import { vcpuContext } from '../../../runtime/vcpu.js';
import { vmContext } from '../../../runtime/vm.js';
import { Facts } from '../../../runtime/x86_64/rules/facts.js';
import { rules } from '../../../runtime/x86_64/rules/list.js';
import type { Vcpu, Vm } from '../../../runtime/x86_64.js';
import { allocate } from '../../../support/index.js';
import { hasKvm, needsKvm } from '../../helpers/vcpus.js';
import { irqchip, Make, setSupportedCpuid } from './breaches/breach.js';

/** An accepted call: what it is, the ioctl, and a function that makes the call and returns the argument. */
type Accepted<T> = readonly [what: string, ioctl: string, call: (made: T, make: Make) => unknown];

/** The rules of an ioctl that the argument or the time of the call breaks. */
function brokenRules(target: IoctlTarget, ioctl: string, argument: unknown): string[] {
  const facts = new Facts(target);
  return rules
    .filter((rule) => rule.ioctl === ioctl && rule.isCertain && (rule.code === 'EINVAL' || rule.code === 'E2BIG'))
    .flatMap((rule) => rule.broken(argument, facts) ?? []);
}

/** Fills a struct. */
function filled<T extends object>(struct: T, members: object): T {
  return Object.assign(struct, members);
}

function enable(capability: keyof typeof kvm & `KVM_CAP_${string}`, value: number): Accepted<Vm> {
  return [
    `${capability} is enabled with ${value}`,
    'KVM_ENABLE_CAP',
    (vm) => {
      vm.enableCap(capability, value);
      const argument = filled(allocate(kvm.KvmEnableCap), { cap: vm.bindings[capability] });
      argument.args.set(0, BigInt(value));
      return argument;
    },
  ];
}

const ofVm: readonly Accepted<Vm>[] = [
  [
    'the last id of a vCPU',
    'KVM_CREATE_VCPU',
    (vm) => {
      vm.createVcpu(4095).close();
      return 4095n;
    },
  ],
  [
    'the largest boot vCPU',
    'KVM_SET_BOOT_CPU_ID',
    (vm) => {
      vm.setBootCpuId(4096);
      return 4096n;
    },
  ],
  [
    'a guest memfd with all flags',
    'KVM_CREATE_GUEST_MEMFD',
    (vm) => {
      const flags = vm.checkExtension('KVM_CAP_GUEST_MEMFD_FLAGS');
      vm.createGuestMemfd(4096, flags).close();
      return filled(allocate(kvm.KvmCreateGuestMemfd), { size: 4096n, flags: BigInt(flags) });
    },
  ],
  [
    'the last slot, up to the last address',
    'KVM_SET_USER_MEMORY_REGION',
    (vm, make) => {
      const [memory, start] = [make.memory(), (1n << 52n) - 0x4000n];
      vm.addMemory({ memory, guestAddress: start, slot: 32_763, flags: 3 });
      const members = { slot: 32_763, flags: 3, guest_phys_addr: start, memory_size: 0x4000n };
      return filled(allocate(kvm.KvmUserspaceMemoryRegion), members);
    },
  ],
  [
    'the last three pages below 4 GiB',
    'KVM_SET_TSS_ADDR',
    (vm) => {
      vm.setTssAddr(0xffff_d000);
      return 0xffff_d000n;
    },
  ],
  [
    'an address before the first vCPU',
    'KVM_SET_IDENTITY_MAP_ADDR',
    (vm) => {
      vm.setIdentityMapAddr(0xfffb_c000);
      return filled(allocate(kvm.KVM_SET_IDENTITY_MAP_ADDR.argument), { value: 0xfffb_c000n });
    },
  ],
  [
    'a clock with all flags',
    'KVM_SET_CLOCK',
    (vm) => {
      const clock = filled(vm.getClock(), { flags: 0xe });
      vm.setClock(clock);
      return clock;
    },
  ],
  [
    'a frequency before the first vCPU',
    'KVM_SET_TSC_KHZ',
    (vm) => {
      vm.setTscKhz(1_000_000);
      return 1_000_000n;
    },
  ],
  [
    'the fewest pages',
    'KVM_SET_NR_MMU_PAGES',
    (vm) => {
      vm.setNrMmuPages(64);
      return 64n;
    },
  ],
  [
    'a filter that denies all but one MSR',
    'KVM_X86_SET_MSR_FILTER',
    (vm) => {
      vm.setMsrFilter({ others: 'deny', ranges: [{ base: 0x10, count: 1 }] });
      const filter = filled(allocate(kvm.KvmMsrFilter), { flags: kvm.KVM_MSR_FILTER_DEFAULT_DENY });
      filter.ranges.get(0).nmsrs = 1;
      return filter;
    },
  ],
  [
    'a filter with the most events',
    'KVM_SET_PMU_EVENT_FILTER',
    (vm) => {
      const filter = filled(allocate(kvm.KvmPmuEventFilter, 300), { action: kvm.KVM_PMU_EVENT_DENY, flags: 1 });
      vm.setPmuEventFilter(filter);
      return filter;
    },
  ],
  [
    'an ioeventfd at the last address with a datamatch',
    'KVM_IOEVENTFD',
    (vm, make) => {
      const members = { addr: 2n ** 64n - 9n, len: 8, flags: kvm.KVM_IOEVENTFD_FLAG_DATAMATCH };
      const writes = filled(allocate(kvm.KvmIoeventfd), { ...members, fd: make.event().fd });
      vm.ioctl(kvm.KVM_IOEVENTFD, writes);
      return writes;
    },
  ],
  [
    'a zone of ports',
    'KVM_REGISTER_COALESCED_MMIO',
    (vm) => {
      const zone = filled(allocate(kvm.KvmCoalescedMmioZone), { addr: 0x60n, size: 4, pio: 1 });
      vm.ioctl(kvm.KVM_REGISTER_COALESCED_MMIO, zone);
      return zone;
    },
  ],
  [
    'the controllers before the first vCPU',
    'KVM_CREATE_IRQCHIP',
    (vm) => {
      vm.createIrqchip();
      return undefined;
    },
  ],
  enable('KVM_CAP_SPLIT_IRQCHIP', 4096),
  enable('KVM_CAP_MAX_VCPU_ID', 4096),
  enable('KVM_CAP_HALT_POLL', 0xffff_ffff),
  enable('KVM_CAP_X86_USER_SPACE_MSR', 7),
  enable('KVM_CAP_EXIT_ON_EMULATION_FAILURE', 1),
  enable('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', 3),
  enable('KVM_CAP_EXIT_HYPERCALL', 0x1000),
  enable('KVM_CAP_X86_DISABLE_EXITS', 2),
  enable('KVM_CAP_X2APIC_API', 3),
];

const withIrqchip: readonly Accepted<Vm>[] = [
  ['the last controller', 'KVM_GET_IRQCHIP', (vm) => vm.getIrqchip(kvm.KVM_IRQCHIP_IOAPIC)],
  [
    'the last controller',
    'KVM_SET_IRQCHIP',
    (vm) => {
      const chip = vm.getIrqchip(kvm.KVM_IRQCHIP_IOAPIC);
      vm.setIrqchip(chip);
      return chip;
    },
  ],
  [
    'routes to the last pins and the last GSI',
    'KVM_SET_GSI_ROUTING',
    (vm) => {
      const routing = allocate(kvm.KvmIrqRouting, 4);
      const pin = (irqchip: number, pin: number) => ({ irqchip, pin });
      for (const [index, to] of [pin(kvm.KVM_IRQCHIP_PIC_SLAVE, 7), pin(kvm.KVM_IRQCHIP_IOAPIC, 23)].entries()) {
        Object.assign(routing.entries.get(index), { gsi: 9, type: kvm.KVM_IRQ_ROUTING_IRQCHIP });
        Object.assign(routing.entries.get(index).u.irqchip, to);
      }
      const flags = kvm.KVM_MSI_VALID_DEVID;
      Object.assign(routing.entries.get(2), { gsi: 4095, type: kvm.KVM_IRQ_ROUTING_MSI, flags });
      Object.assign(routing.entries.get(3), { gsi: 4094, type: kvm.KVM_IRQ_ROUTING_MSI });
      vm.ioctl(kvm.KVM_SET_GSI_ROUTING, routing);
      return routing;
    },
  ],
  [
    'an eventfd with an eventfd for the acknowledgement',
    'KVM_IRQFD',
    (vm, make) => {
      const [event, resample] = [make.event(), make.event()];
      vm.registerIrqfd(event, 5, { resample });
      return filled(allocate(kvm.KvmIrqfd), { fd: event.fd, gsi: 5, flags: kvm.KVM_IRQFD_FLAG_RESAMPLE });
    },
  ],
  enable('KVM_CAP_X86_APIC_BUS_CYCLES_NS', 1),
];

const long = { efer: 0xd01n, cr0: 0x8000_0001n, cr4: 0x71_07ffn, cr3: (1n << 45n) | 0x1000n };

const ofVcpu: readonly Accepted<Vcpu>[] = [
  [
    'long mode',
    'KVM_SET_SREGS',
    (vcpu) => {
      const sregs = filled(vcpu.getSregs(), { ...long, apic_base: 0xfee0_0d00n });
      sregs.cs.l = 1;
      vcpu.setSregs(sregs);
      return sregs;
    },
  ],
  [
    'long mode',
    'KVM_SET_SREGS2',
    (vcpu) => {
      const sregs = filled(vcpu.getSregs2(), { ...long, cr4: 0x20n });
      vcpu.setSregs2(sregs);
      return sregs;
    },
  ],
  [
    'PAE paging with its page directory pointers',
    'KVM_SET_SREGS2',
    (vcpu) => {
      const sregs = filled(vcpu.getSregs2(), { cr0: 0x8000_0001n, cr4: 0x20n, flags: 1n });
      vcpu.setSregs2(sregs);
      return sregs;
    },
  ],
  [
    'x87, SSE and AVX',
    'KVM_SET_XCRS',
    (vcpu) => {
      const xcrs = vcpu.getXcrs();
      xcrs.xcrs.get(0).value = 7n;
      vcpu.setXcrs(xcrs);
      return xcrs;
    },
  ],
  [
    'all 32 bits of dr6 and dr7',
    'KVM_SET_DEBUGREGS',
    (vcpu) => {
      const debugregs = filled(vcpu.getDebugregs(), { dr6: 0xffff_ffffn, dr7: 0xffff_ffffn });
      vcpu.setDebugregs(debugregs);
      return debugregs;
    },
  ],
  [
    'the area of the vCPU',
    'KVM_SET_XSAVE',
    (vcpu) => {
      const area = vcpu.getXsave();
      vcpu.setXsave(area);
      return area;
    },
  ],
  [
    'the last exception',
    'KVM_SET_VCPU_EVENTS',
    (vcpu) => {
      const events = vcpu.getVcpuEvents();
      Object.assign(events.exception, { injected: 1, nr: 31 });
      vcpu.setVcpuEvents(events);
      return events;
    },
  ],
  [
    'the last state',
    'KVM_SET_MP_STATE',
    (_, make) => {
      const state = filled(allocate(kvm.KvmMpState), { mp_state: kvm.KVM_MP_STATE_AP_RESET_HOLD });
      make.vcpu(irqchip).setMpState(state);
      return state;
    },
  ],
  [
    'the last vector',
    'KVM_INTERRUPT',
    (vcpu) => {
      vcpu.interrupt(255);
      return filled(allocate(kvm.KvmInterrupt), { irq: 255 });
    },
  ],
  [
    'the most entries, with 57 bits',
    'KVM_SET_CPUID2',
    (vcpu) => {
      const leaves = allocate(kvm.KvmCpuid2, 256);
      for (const [index, entry] of [...leaves.entries].entries()) entry.function = index;
      Object.assign(leaves.entries.get(255), { function: 0x8000_0008, eax: 0x3928 });
      vcpu.setCpuid2(leaves);
      return leaves;
    },
  ],
  [
    'the most MSRs',
    'KVM_SET_MSRS',
    (vcpu) => {
      const msrs = allocate(kvm.KvmMsrs, 255);
      vcpu.ioctl(kvm.KVM_SET_MSRS, msrs);
      return msrs;
    },
  ],
  [
    'the most banks',
    'KVM_X86_SETUP_MCE',
    (vcpu) => {
      vcpu.setupMce(32n);
      return filled(allocate(kvm.KVM_X86_SETUP_MCE.argument), { value: 32n });
    },
  ],
  [
    'a valid machine check of the last bank',
    'KVM_X86_SET_MCE',
    (vcpu) => {
      vcpu.setupMce(4n);
      const check = filled(allocate(kvm.KvmX86Mce), { bank: 3, status: 1n << 63n });
      vcpu.setMce(check);
      return check;
    },
  ],
];

describe.skipIf(!hasKvm)(`arguments that the kernel accepts ${needsKvm}`, () => {
  it.each(ofVm)('no rule is broken by %s (%s)', (_, ioctl, call) => {
    using make = new Make();
    const { target } = vmContext(make.vm());
    const vm = make.vm();
    const argument = call(vm, make);
    // The facts of a VM before the call are those of another new VM.
    expect(brokenRules(target, ioctl, argument)).toEqual([]);
  });

  it.each(withIrqchip)('no rule is broken by %s (%s)', (_, ioctl, call) => {
    using make = new Make();
    const { target } = vmContext(make.vm(irqchip));
    expect(brokenRules(target, ioctl, call(make.vm(irqchip), make))).toEqual([]);
  });

  it.each(ofVcpu)('no rule is broken by %s (%s)', (_, ioctl, call) => {
    using make = new Make();
    const vcpu = make.vcpu();
    setSupportedCpuid(vcpu);
    const argument = call(vcpu, make);
    expect(brokenRules(vcpuContext('test', vcpu).target, ioctl, argument)).toEqual([]);
  });
});
