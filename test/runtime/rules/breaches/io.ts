/** Breaches of the rules of writes that are not exits. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../../../support/index.js';
import { type Breach, type Make, of } from './breach.js';

/** Registers an ioeventfd of the struct, of which `change` are the members. */
function ioeventfd(change: object): (make: Make) => void {
  return (make) => {
    const writes = Object.assign(allocate(kvm.KvmIoeventfd), { len: 4, fd: make.event().fd, ...change });
    make.vm().ioctl(kvm.KVM_IOEVENTFD, writes);
  };
}

/** Registers or unregisters a zone of the struct with a wrong kind of bus. */
function zone(request: typeof kvm.KVM_REGISTER_COALESCED_MMIO | typeof kvm.KVM_UNREGISTER_COALESCED_MMIO) {
  return (make: Make): number =>
    make.vm().ioctl(request, Object.assign(allocate(kvm.KvmCoalescedMmioZone), { size: 4, pio: 2 }));
}

/** The breaches. */
export const ioBreaches: readonly Breach[] = [
  ...of(
    'KVM_IOEVENTFD',
    'EINVAL',
    ['the length is odd', 'the length must be 0, 1, 2, 4 or 8', 'length 3', ioeventfd({ len: 3 })],
    ['a flag is unknown', 'the flags can be', 'flags 0x80', ioeventfd({ flags: 0x80 })],
    [
      'the address is too high',
      'below 2^64',
      '8 bytes at address 0xfffffffffffffffc',
      ioeventfd({ len: 8, addr: 0xffff_ffff_ffff_fffcn }),
    ],
    [
      'a datamatch has no length',
      'a datamatch needs a length',
      'a datamatch with length 0',
      ioeventfd({ len: 0, flags: kvm.KVM_IOEVENTFD_FLAG_DATAMATCH }),
    ],
    [
      'the file is not an eventfd',
      'must be an eventfd',
      'is not an eventfd',
      (make) => ioeventfd({ fd: make.kvm().fd })(make),
    ],
  ),
  ...of('KVM_IOEVENTFD', 'EEXIST', [
    'the writes are taken',
    'the same writes can signal one eventfd',
    'writes of 2 bytes at 0x600',
    (make) => {
      const vm = make.vm();
      vm.registerIoeventfd(make.event(), { address: 0x600, length: 2, port: true });
      vm.registerIoeventfd(make.event(), { address: 0x600, length: 2, port: true, datamatch: 1 });
    },
  ]),
  ...of('KVM_IOEVENTFD', 'ENOENT', [
    'the writes differ',
    'of registerIoeventfd',
    'no ioeventfd with these properties is registered',
    (make) => make.vm().unregisterIoeventfd(make.event(), { address: 0x600, length: 2, port: true }),
  ]),
  ...of('KVM_REGISTER_COALESCED_MMIO', 'EINVAL', [
    'the kind of bus is unknown',
    'the member pio',
    'pio 2',
    zone(kvm.KVM_REGISTER_COALESCED_MMIO),
  ]),
  ...of('KVM_UNREGISTER_COALESCED_MMIO', 'EINVAL', [
    'the kind of bus is unknown',
    'the member pio',
    'pio 2',
    zone(kvm.KVM_UNREGISTER_COALESCED_MMIO),
  ]),
  ...of('KVM_REGISTER_COALESCED_MMIO', 'ENOSPC', [
    'the bus is full',
    'a limited number of zones',
    '4 bytes at 0x',
    (make) => {
      const vm = make.vm();
      for (let address = 0; ; address += 8) vm.registerCoalescedMmio({ address, size: 4 });
    },
  ]),
];
