/** Checks of PSCI: one vCPU starts another one, suspends the machine and resets it. */

import assert from 'node:assert/strict';
import * as bindings from '../../generated/arm64/linux/kvm.js';
import type { Kvm, Vcpu } from '../../runtime/arm64.js';
import { secondEntry, startAnotherAndReset } from '../guests/arm64.js';
import { places } from '../guests/index.js';
import { check } from './checks.js';

const timeout = 60_000;

/** Does all checks, and prints a row for each. */
export async function checkPsci(kvm: Kvm): Promise<void> {
  await check('a vCPU starts another one with CPU_ON, suspends the machine and resets it', () => {
    using vm = kvm.createVm();
    vm.enableCap('KVM_CAP_ARM_SYSTEM_SUSPEND');
    using machine = startAnotherAndReset.load(vm);
    const { vcpu, memory } = machine;
    using second = vm.createVcpu(1);
    second.vcpuInit({ features: [bindings.KVM_ARM_VCPU_PSCI_0_2, bindings.KVM_ARM_VCPU_POWER_OFF] });
    assert.equal(second.run({ timeout: 100 }).reason, 'interrupted');
    assert.equal(systemEvent(vcpu), bindings.KVM_SYSTEM_EVENT_SUSPEND);
    // The result of CPU_ON.
    assert.equal(memory.dataView(places.data, 4).getInt32(0, true), 0);
    assert.equal(second.getMpState().mp_state, bindings.KVM_MP_STATE_RUNNABLE);
    const exit = second.run({ timeout });
    assert.ok(exit.reason === bindings.KVM_EXIT_MMIO);
    // The context that CPU_ON passes on.
    assert.equal(exit.data.value, 0x42n);
    assert.equal(second.getOneReg('pc') - BigInt(secondEntry), 4n);
    assert.equal(systemEvent(vcpu), bindings.KVM_SYSTEM_EVENT_RESET);
    return '';
  });
}

function systemEvent(vcpu: Vcpu): number {
  const exit = vcpu.run({ timeout });
  assert.ok(exit.reason === bindings.KVM_EXIT_SYSTEM_EVENT, `${exit.reason}`);
  return exit.system_event.type;
}
