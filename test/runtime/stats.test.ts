/** The statistics that the kernel keeps of VMs and vCPUs. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { KvmClosedError } from '../../runtime/index.js';
import { realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, openFiles, run } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`statistics ${needsKvm}`, () => {
  // Shows: KVM_GET_STATS_FD
  it('stats counts the exits of a vCPU', () => {
    using machine = load(realMode.out);
    using stats = machine.vcpu.stats();
    const exits = (): bigint | undefined => stats.read().find(({ name }) => name === 'exits')?.values[0];
    expect(exits()).toBe(0n);
    expect(run(machine)).toBe(`exit ${bindings.KVM_EXIT_IO}`);
    expect(exits()).toBeGreaterThan(0n);
  });

  it('read returns the type, the unit and the exponent of each statistic', () => {
    using machine = load(realMode.out);
    using stats = machine.vcpu.stats();
    const named = new Map(stats.read().map((statistic) => [statistic.name, statistic]));
    expect(named.size).toBeGreaterThan(20);
    expect(named.get('exits')).toMatchObject({ type: 'cumulative', unit: 'none', base: 10, exponent: 0 });
    expect(named.get('guest_mode')).toMatchObject({ type: 'instant', unit: 'boolean' });
    expect(named.get('halt_wait_ns')).toMatchObject({ type: 'cumulative', unit: 'seconds', exponent: -9 });
    expect(named.get('halt_wait_hist')).toMatchObject({ type: 'logarithmic histogram', unit: 'seconds' });
    expect(named.get('halt_wait_hist')?.values.length).toBe(32);
  });

  it('stats returns the statistics of a VM until they are closed', () => {
    using vm = createVm();
    const before = openFiles();
    const stats = vm.stats();
    expect(stats.read().map(({ name }) => name)).toContain('remote_tlb_flush');
    stats.close();
    expect(() => stats.read()).toThrow(/^Stats: this object is closed$/);
    expect(openFiles()).toBe(before);
    vm.close();
    expect(() => vm.stats()).toThrow(KvmClosedError);
  });
});
