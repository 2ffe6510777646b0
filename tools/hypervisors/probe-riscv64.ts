/**
 * A probe of riscv64's KVM, which runs in the virtual machine: registers, exits, SBI, and kicks of both mechanisms at random phases
 * and in each gap. Prints a row for each check. The exit code is 0 only if all checks pass.
 *
 *   probe-riscv64.js [number of kicks for each mechanism]
 */

import assert from 'node:assert/strict';
import * as riscv64 from '../../generated/riscv64/linux/kvm.js';
import type { KvmError } from '../../runtime/index.js';
import * as entry from '../../runtime/riscv64.js';
import { nameOfRegister, type RegisterName, registerNamed, registerNames } from '../../runtime/riscv64.js';
import { places } from '../guests/index.js';
import { callAndTurnOff, experimental, spin, store } from '../guests/riscv64.js';
import { useHooks } from '../lib/native-test-hooks.js';
import { runOutcome } from '../lib/outcome.js';
import { check, exitCode } from './checks.js';
import { checkKicks } from './kick-checks.js';
import { checkRiscv64 } from './riscv64-checks.js';
import { checkShared } from './shared-checks.js';

const [, , kicks = '10000'] = process.argv;

useHooks();
using kvm = entry.Kvm.open();

// Shows: KVM_GET_REG_LIST
await check('each register of KVM_GET_REG_LIST has a name, and the name gives its id', () => {
  using vm = kvm.createVm();
  using machine = spin.load(vm);
  const { reg } = machine.vcpu.getRegList();
  const named = new Set<string>(registerNames());
  const names = [...reg].map(nameOfRegister);
  const nameless = names.filter((name) => !named.has(name));
  assert.ok(names.length > 50, `${names.length} registers`);
  assert.deepEqual(nameless, []);
  return `${names.length} registers`;
});

await check('each register of KVM_GET_REG_LIST is read by its name, written back and read again', () => {
  using vm = kvm.createVm();
  using machine = spin.load(vm);
  const { vcpu } = machine;
  const refused: string[] = [];
  for (const id of vcpu.getRegList().reg) {
    const name = nameOfRegister(id) as RegisterName;
    const value = vcpu.getOneReg(name);
    const isNumber = registerNamed(name, 16).bits < 64;
    assert.equal(typeof value, isNumber ? 'number' : 'bigint', name);
    try {
      vcpu.setOneReg(name, value as bigint);
    } catch (error) {
      refused.push(`${name} ${(error as KvmError).code}`);
    }
    // The timer advances.
    if (!name.startsWith('timer.')) assert.deepEqual(vcpu.getOneReg(name), value, name);
  }
  return `not writable: ${refused.join(', ') || 'none'}`;
});

// Shows: KVM_GET_ONE_REG, KVM_SET_ONE_REG, kvm-ioctls reg_size
await check('registers set by name are read back by name and by id', () => {
  using vm = kvm.createVm();
  using machine = spin.load(vm);
  const { vcpu } = machine;
  for (const name of ['a0', 't6', 'csr.sscratch', 'csr.sepc'] as const) {
    vcpu.setOneReg(name, 0x1234_5678_9abc_def0n);
    assert.equal(vcpu.getOneReg(name), 0x1234_5678_9abc_def0n, name);
    assert.equal(vcpu.getOneReg(registerNamed(name).id), 0x1234_5678_9abc_def0n, name);
  }
  assert.equal(vcpu.getOneReg('pc'), BigInt(places.code));
  assert.throws(() => vcpu.getOneReg('x0' as 'a0'), { name: 'KvmArgumentError' });
  assert.throws(() => vcpu.setOneReg('a0', 1 as unknown as bigint), { name: 'KvmArgumentError' });
  return '';
});

await check('a store to an address without memory is an MMIO exit', () => {
  using vm = kvm.createVm();
  using machine = store.load(vm);
  const { vcpu } = machine;
  for (let exits = 0; exits < 100; exits++) {
    assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${riscv64.KVM_EXIT_MMIO}`);
    const { phys_addr, is_write, len, data } = vcpu.kvmRun.mmio;
    assert.deepEqual([phys_addr, is_write, len, data.get(0)], [BigInt(places.device), 1, 4, 0x41]);
  }
  return '';
});

await check('the guest gets the answers to an SBI call and to an MMIO read, and SBI turns the machine off', () => {
  using vm = kvm.createVm();
  using machine = callAndTurnOff.load(vm);
  const { vcpu, memory } = machine;
  assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${riscv64.KVM_EXIT_RISCV_SBI}`);
  const { extension_id, function_id, args, ret } = vcpu.kvmRun.riscv_sbi;
  assert.deepEqual(
    [extension_id, function_id, args.get(0)],
    [experimental.extension, experimental.function, experimental.argument],
  );
  ret.set(0, 0n);
  ret.set(1, 0x9abc_def0n);
  assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${riscv64.KVM_EXIT_MMIO}`);
  assert.equal(vcpu.kvmRun.mmio.is_write, 0);
  for (const [index, byte] of [0x78, 0x56, 0x34, 0x12].entries()) vcpu.kvmRun.mmio.data.set(index, byte);
  assert.equal(runOutcome(vcpu, { timeout: 60_000 }), `exit ${riscv64.KVM_EXIT_SYSTEM_EVENT}`);
  assert.equal(vcpu.kvmRun.system_event.type, riscv64.KVM_SYSTEM_EVENT_SHUTDOWN);
  const data = memory.dataView(places.data, 8);
  assert.deepEqual([data.getUint32(0, true), data.getUint32(4, true)], [0x9abc_def0, 0x1234_5678]);
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

await checkRiscv64(kvm);
await checkShared({ kvm, classes: entry, spin, store });
await checkKicks(kvm, { bindings: 'riscv64', spin, exits: store, kicks: Number(kicks) });

process.exitCode = exitCode();
