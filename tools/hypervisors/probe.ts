/**
 * A probe of arm64's KVM, which runs in the virtual machine: exits, PSCI, and kicks of both mechanisms at random phases and in
 * each gap. Prints a row for each check. The exit code is 0 only if all checks pass.
 *
 *   probe.js [number of kicks for each mechanism]
 */

import assert from 'node:assert/strict';
import * as arm64 from '../../generated/arm64/linux/kvm.js';
import { nameOfRegister, registerNamed, registerNames } from '../../runtime/arm64/registers/names.js';
import * as entry from '../../runtime/arm64.js';
import { loadAndTurnOff, spin, store } from '../guests/arm64.js';
import { places } from '../guests/index.js';
import { useHooks } from '../lib/native-test-hooks.js';
import { runOutcome } from '../lib/outcome.js';
import { checkArm64 } from './arm64-checks.js';
import { check, exitCode } from './checks.js';
import { checkKicks } from './kick-checks.js';
import { checkShared } from './shared-checks.js';

const [, , kicks = '10000'] = process.argv;

useHooks();
using kvm = entry.Kvm.open();

await check('each register of KVM_GET_REG_LIST has a name, and the name gives its id', () => {
  using vm = kvm.createVm();
  using machine = spin.load(vm);
  const ids = [...machine.vcpu.getRegList().reg];
  const named = new Set<string>(registerNames());
  const names = ids.map(nameOfRegister);
  // Encodings that the architecture reserves for later identification registers have no names.
  const nameless = names.filter((name) => !named.has(name) && !/^ARM64_SYS_REG\(3,0,0,[1-7],[0-7]\)$/.test(name));
  assert.ok(names.length > 200, `${names.length} registers`);
  assert.deepEqual(nameless, []);
  assert.deepEqual(
    names.map((name) => registerNamed(name as 'pc').id),
    ids,
  );
  return `${names.length} registers, ${names.filter((name) => !named.has(name)).length} of them reserved`;
});

await checkArm64(kvm);
await checkShared({ kvm, classes: entry, spin, store });

await check('a store to an address without memory is an MMIO exit', () => {
  using vm = kvm.createVm();
  using machine = store.load(vm);
  const { vcpu } = machine;
  for (let exits = 0; exits < 100; exits++) {
    assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${arm64.KVM_EXIT_MMIO}`);
    const { phys_addr, is_write, len, data } = vcpu.kvmRun.mmio;
    assert.deepEqual([phys_addr, is_write, len, data.get(0)], [BigInt(places.device), 1, 4, 0x41]);
  }
  return '';
});

await check('the guest gets the answer to an MMIO read, and PSCI turns the machine off', () => {
  using vm = kvm.createVm();
  using machine = loadAndTurnOff.load(vm);
  const { vcpu, memory } = machine;
  assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${arm64.KVM_EXIT_MMIO}`);
  assert.equal(vcpu.kvmRun.mmio.is_write, 0);
  for (const [index, byte] of [0x78, 0x56, 0x34, 0x12].entries()) vcpu.kvmRun.mmio.data.set(index, byte);
  assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${arm64.KVM_EXIT_SYSTEM_EVENT}`);
  assert.equal(vcpu.kvmRun.system_event.type, arm64.KVM_SYSTEM_EVENT_SHUTDOWN);
  assert.equal(memory.dataView(places.data, 4).getUint32(0, true), 0x1234_5678);
  return '';
});

await check('a timeout and a kick before a run interrupt a guest that spins', () => {
  using vm = kvm.createVm();
  using machine = spin.load(vm);
  const { vcpu, memory } = machine;
  const counter = memory.dataView(places.data, 4);
  assert.equal(runOutcome(vcpu, { timeout: 200 }), 'interrupted by timeout');
  const counted = counter.getUint32(0, true);
  assert.notEqual(counted, 0);
  vcpu.kick();
  assert.equal(runOutcome(vcpu), 'interrupted by kick');
  assert.equal(counter.getUint32(0, true), counted);
  return '';
});

await checkKicks(kvm, { bindings: 'arm64', spin, exits: store, kicks: Number(kicks) });

process.exitCode = exitCode();
