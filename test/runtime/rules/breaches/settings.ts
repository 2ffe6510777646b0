/** Breaches of the rules of the settings of a VM. */

import * as kvm from '../../../../generated/x86_64/linux/kvm.js';
import { allocate } from '../../../../support/index.js';
import { type Breach, type Make, of } from './breach.js';

/** Sets a filter of events of the struct, which `change` fills. */
function eventFilter(count: number, change: (filter: kvm.KvmPmuEventFilter) => void): (make: Make) => void {
  return (make) => {
    const filter = allocate(kvm.KvmPmuEventFilter, count);
    change(filter);
    make.vm().setPmuEventFilter(filter);
  };
}

/** The breaches. */
export const settingBreaches: readonly Breach[] = [
  ...of('KVM_SET_TSS_ADDR', 'EINVAL', [
    'the pages do not fit',
    'at most 0xffffd000',
    'address 0xffffe000',
    (make) => make.vm().setTssAddr(0xffff_e000),
  ]),
  ...of('KVM_SET_IDENTITY_MAP_ADDR', 'EINVAL', [
    'the VM has a vCPU',
    'before the first vCPU',
    'address 0xfffbc000: the VM has a vCPU already',
    (make) => make.vmWithVcpu().setIdentityMapAddr(0xfffb_c000),
  ]),
  ...of('KVM_SET_CLOCK', 'EINVAL', [
    'a flag is unknown',
    'KVM_CLOCK_REALTIME',
    'flags 0x80',
    (make) => make.vm().setClock(Object.assign(allocate(kvm.KvmClockData), { flags: 0x80 })),
  ]),
  ...of('KVM_SET_TSC_KHZ', 'EINVAL', [
    'the VM has a vCPU',
    'before the first vCPU',
    '1000000 kHz',
    (make) => make.vmWithVcpu().setTscKhz(1_000_000),
  ]),
  ...of('KVM_X86_SET_MSR_FILTER', 'EINVAL', [
    'the filter denies all MSRs',
    'must have a range',
    "others: 'deny' without a range",
    (make) => make.vm().setMsrFilter({ others: 'deny', ranges: [] }),
  ]),
  ...of(
    'KVM_SET_PMU_EVENT_FILTER',
    'EINVAL',
    ['the action is unknown', 'the action must be', 'action 7', eventFilter(0, (filter) => (filter.action = 7))],
    [
      'a flag is unknown',
      'the flags can be KVM_PMU_EVENT_FLAG_MASKED_EVENTS',
      'flags 0x8',
      eventFilter(0, (filter) => (filter.flags = 8)),
    ],
    [
      'a masked event has other bits',
      'an event has no bits outside',
      'one of 1 masked events',
      eventFilter(1, (filter) => {
        filter.flags = Number(kvm.KVM_PMU_EVENT_FLAG_MASKED_EVENTS);
        filter.events.set(0, 1n << 50n);
      }),
    ],
  ),
  ...of('KVM_SET_PMU_EVENT_FILTER', 'E2BIG', [
    'there are too many events',
    'at most 300 events',
    '301 events',
    eventFilter(301, () => {}),
  ]),
  ...of('KVM_SET_NR_MMU_PAGES', 'EINVAL', [
    'the number is too small',
    'at least 64 pages',
    '10 pages',
    (make) => make.vm().setNrMmuPages(10),
  ]),
];
