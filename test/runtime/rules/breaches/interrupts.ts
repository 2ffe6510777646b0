/** Breaches of the rules of interrupts. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../../../support/index.js';
import { type Breach, irqchip, type Make, of, type Row, split } from './breach.js';

const chips: readonly Breach[] = [
  ...of('KVM_CREATE_IRQCHIP', 'EEXIST', [
    'the controllers exist',
    'can be created once',
    'controllers in the kernel already',
    (make) => make.vm(irqchip).createIrqchip(),
  ]),
  ...of('KVM_CREATE_IRQCHIP', 'EINVAL', [
    'the VM has a vCPU',
    'before the first vCPU',
    'the VM has a vCPU already',
    (make) => make.vmWithVcpu().createIrqchip(),
  ]),
  ...of('KVM_GET_IRQCHIP', 'ENXIO', [
    'the VM has no controllers',
    'the PICs and the IOAPIC',
    'no interrupt controller in the kernel',
    (make) => make.vm().getIrqchip(0),
  ]),
  ...of('KVM_GET_IRQCHIP', 'EINVAL', [
    'the controller is unknown',
    'must be KVM_IRQCHIP_PIC_MASTER',
    'controller 9',
    (make) => make.vm(irqchip).getIrqchip(9),
  ]),
  ...of('KVM_SET_IRQCHIP', 'ENXIO', [
    'the VM has only local APICs',
    'the PICs and the IOAPIC',
    'only its local APICs',
    (make) => make.vm(split).setIrqchip(allocate(kvm.KvmIrqchip)),
  ]),
  ...of('KVM_SET_IRQCHIP', 'EINVAL', [
    'the controller is unknown',
    'must be KVM_IRQCHIP_PIC_MASTER',
    'controller 9',
    (make) => make.vm(irqchip).setIrqchip(Object.assign(allocate(kvm.KvmIrqchip), { chip_id: 9 })),
  ]),
  ...of('KVM_IRQ_LINE', 'ENXIO', [
    'the VM has no controllers',
    'must be in the kernel',
    'line 5',
    (make) => make.vm().setIrqLine(5, true),
  ]),
  ...of('KVM_IRQ_LINE_STATUS', 'ENXIO', [
    'the VM has no controllers',
    'must be in the kernel',
    'line 5',
    (make) => make.vm().setIrqLineStatus(5, true),
  ]),
  ...of(
    'KVM_SIGNAL_MSI',
    'EINVAL',
    [
      'the VM has no controllers',
      'the local APICs must be in the kernel',
      'no interrupt controller in the kernel',
      (make) => make.vm().signalMsi({ address: 0xfee0_0000, data: 0x31 }),
    ],
    [
      'a flag is unknown',
      'the flags can be KVM_MSI_VALID_DEVID',
      'flags 0x4',
      (make) => make.vm(irqchip).ioctl(kvm.KVM_SIGNAL_MSI, Object.assign(allocate(kvm.KvmMsi), { flags: 4 })),
    ],
    [
      'the high half of the address is wrong',
      'bits 32 to 39 of the address',
      'high half of the address 0xff',
      (make) => {
        const vm = make.vm(irqchip);
        vm.enableCap('KVM_CAP_X2APIC_API', kvm.KVM_X2APIC_API_USE_32BIT_IDS);
        vm.signalMsi({ address: 0xff_fee0_0000n, data: 0x31 });
      },
    ],
  ),
  ...of('KVM_SIGNAL_MSI', 'EPERM', [
    'the VM has no vCPU',
    'must be the destination',
    'the message 0x31 to address 0xfee00000',
    (make) => make.vm(irqchip).signalMsi({ address: 0xfee0_0000, data: 0x31 }),
  ]),
  ...of('KVM_INTERRUPT', 'EINVAL', [
    'the vector is too large',
    'from 0 to 255',
    'vector 256',
    (make) => make.vcpu().interrupt(256),
  ]),
  ...of('KVM_INTERRUPT', 'ENXIO', [
    'the controllers are in the kernel',
    'delivers interrupts itself',
    'vector 5',
    (make) => make.vcpu(irqchip).interrupt(5),
  ]),
  ...of('KVM_INTERRUPT', 'EEXIST', [
    'an interrupt waits',
    'one external interrupt',
    'vector 6',
    (make) => {
      const vcpu = make.vcpu(split);
      vcpu.interrupt(5);
      vcpu.interrupt(6);
    },
  ]),
];

const irqfds: readonly Breach[] = [
  ...of(
    'KVM_IRQFD',
    'EINVAL',
    [
      'a flag is unknown',
      'the flags can be KVM_IRQFD',
      'flags 0x80',
      (make) => make.vm(irqchip).ioctl(kvm.KVM_IRQFD, Object.assign(allocate(kvm.KvmIrqfd), { flags: 0x80 })),
    ],
    [
      'the VM has no controllers',
      'the interrupt controllers must be in the kernel',
      'no interrupt controller in the kernel',
      (make) => make.vm().registerIrqfd(make.event(), 5),
    ],
    [
      'the VM has only local APICs',
      '(resample) needs the PICs',
      'only its local APICs',
      (make) => make.vm(split).registerIrqfd(make.event(), 5, { resample: make.event() }),
    ],
    [
      'the file is not an eventfd',
      'must be eventfds',
      'is not an eventfd',
      (make) => make.vm(irqchip).ioctl(kvm.KVM_IRQFD, Object.assign(allocate(kvm.KvmIrqfd), { fd: make.kvm().fd })),
    ],
  ),
  ...of('KVM_IRQFD', 'EBUSY', [
    'the eventfd is registered',
    'can cause one interrupt',
    'GSI 6: the eventfd is registered already',
    (make) => {
      const [vm, event] = [make.vm(irqchip), make.event()];
      vm.registerIrqfd(event, 5);
      vm.registerIrqfd(event, 6);
    },
  ]),
];

/** Sets routes of the struct, which `change` fills. */
function routes(change: (routing: kvm.KvmIrqRouting, entry: kvm.KvmIrqRoutingEntry) => void): (make: Make) => void {
  return (make) => {
    const routing = allocate(kvm.KvmIrqRouting, 1);
    routing.entries.get(0).type = kvm.KVM_IRQ_ROUTING_IRQCHIP;
    change(routing, routing.entries.get(0));
    make.vm(irqchip).ioctl(kvm.KVM_SET_GSI_ROUTING, routing);
  };
}

const message = (address: bigint) => ({ address, data: 1 });

const routing: readonly Breach[] = of(
  'KVM_SET_GSI_ROUTING',
  'EINVAL',
  [
    'the VM has no controllers',
    'the interrupt controllers must be in the kernel',
    'no interrupt controller in the kernel',
    (make) => make.vm().setGsiRouting([{ gsi: 5, irqchip: 0, pin: 1 }]),
  ],
  [
    'there are too many routes',
    'at most KVM_CAP_IRQ_ROUTING routes',
    '4097 routes; KVM_CAP_IRQ_ROUTING is 4096',
    (make) => {
      const all = Array.from({ length: 4096 }, (_, gsi) => ({ gsi, irqchip: kvm.KVM_IRQCHIP_IOAPIC, pin: gsi % 24 }));
      make.vm(irqchip).setGsiRouting([...all, { gsi: 0, irqchip: kvm.KVM_IRQCHIP_PIC_MASTER, pin: 0 }]);
    },
  ],
  ['the flags are set', 'flags of struct kvm_irq_routing must be 0', 'flags 0x1', routes((all) => (all.flags = 1))],
  [
    'a GSI is too large',
    'a GSI must be less',
    'route of GSI 4096',
    (make) => make.vm(irqchip).setGsiRouting([{ gsi: 4096, irqchip: 2, pin: 1 }]),
  ],
  ['the type is unknown', 'a route of x86 must be', 'type 77', routes((_, entry) => (entry.type = 77))],
  ['a route has a flag', 'the flags of a route must be 0', 'flags 0x1', routes((_, entry) => (entry.flags = 1))],
  [
    'a pin is too large',
    'must be one of the 8 pins',
    'pin 99 of the first PIC, which has 8 pins',
    (make) => make.vm(irqchip).setGsiRouting([{ gsi: 5, irqchip: 0, pin: 99 }]),
  ],
  [
    'a GSI has two routes',
    'one message, or one pin of each controller',
    'the GSI has another route already',
    (make) =>
      make.vm(irqchip).setGsiRouting([
        { gsi: 5, irqchip: 2, pin: 2 },
        { gsi: 5, irqchip: 2, pin: 3 },
      ]),
  ],
  [
    'the VM has only local APICs',
    'a route to a pin needs the PICs',
    'only the local APICs',
    (make) => make.vm(split).setGsiRouting([{ gsi: 5, irqchip: 2, pin: 2 }]),
  ],
  [
    'the high half of an address is wrong',
    'bits 32 to 39 of the address',
    'high half of the address 0xff',
    (make) => {
      const vm = make.vm(irqchip);
      vm.enableCap('KVM_CAP_X2APIC_API', kvm.KVM_X2APIC_API_USE_32BIT_IDS);
      vm.setGsiRouting([{ gsi: 5, msi: message(0xff_fee0_0000n) }]);
    },
  ],
);

const noPit: Row[1] = 'the timer must be in the kernel';
const pit: readonly Breach[] = [
  ...of('KVM_CREATE_PIT2', 'ENOENT', [
    'the VM has no controllers',
    'needs the PICs',
    'no interrupt controller',
    (make) => make.vm().createPit2(),
  ]),
  ...of('KVM_CREATE_PIT', 'ENOENT', [
    'the VM has only local APICs',
    'needs the PICs',
    'only its local APICs',
    (make) => make.vm(split).createPit(),
  ]),
  ...(['KVM_CREATE_PIT2', 'KVM_CREATE_PIT'] as const).flatMap((ioctl) =>
    of(ioctl, 'EEXIST', [
      'the timer exists',
      'can be created once',
      'the VM has a timer already',
      (make) => {
        const vm = make.vm(irqchip);
        vm.createPit2();
        if (ioctl === 'KVM_CREATE_PIT') vm.createPit();
        vm.createPit2();
      },
    ]),
  ),
  ...of('KVM_GET_PIT2', 'ENXIO', ['there is no timer', noPit, 'no timer', (make) => make.vm().getPit2()]),
  ...of('KVM_SET_PIT2', 'ENXIO', [
    'there is no timer',
    noPit,
    'no timer',
    (make) => make.vm(irqchip).setPit2(allocate(kvm.KvmPitState2)),
  ]),
  ...of('KVM_GET_PIT', 'ENXIO', ['there is no timer', noPit, 'no timer', (make) => make.vm().getPit()]),
  ...of('KVM_SET_PIT', 'ENXIO', [
    'there is no timer',
    noPit,
    'no timer',
    (make) => make.vm().setPit(allocate(kvm.KvmPitState)),
  ]),
  ...of('KVM_REINJECT_CONTROL', 'ENXIO', [
    'there is no timer',
    noPit,
    'no timer',
    (make) => make.vm(irqchip).reinjectControl(true),
  ]),
];

/** The breaches. */
export const interruptBreaches: readonly Breach[] = [...chips, ...irqfds, ...routing, ...pit];
