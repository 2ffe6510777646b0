/** The rules of KVM, each broken on the real kernel, and the errors that name them. */

import { describe, expect, it } from 'vitest';
import { KVM_MEM_READONLY, KvmUserspaceMemoryRegion } from '../../../generated/x86_64/linux/kvm.js';
import { KvmError } from '../../../runtime/index.js';
import type { Rule } from '../../../runtime/rules/rule.js';
import { vmContext } from '../../../runtime/vm.js';
import { rulesOfX86 } from '../../../runtime/x86_64/rules/book.js';
import { Facts } from '../../../runtime/x86_64/rules/facts.js';
import { rules } from '../../../runtime/x86_64/rules/list.js';
import { Vm } from '../../../runtime/x86_64.js';
import { allocate } from '../../../support/index.js';
import { hasKvm, needsKvm, runScript, thrownBy } from '../../helpers/vcpus.js';
import { type Breach, breaches, Make } from './breaches/index.js';

const nestedPaging =
  'with nested page tables (EPT or NPT) the guest-physical addresses must be physical addresses of the processor';

/** Rules that this kernel cannot be made to break, each with the reason. */
const unbroken = new Set([
  // This kernel accepts all addresses below 2^52.
  `KVM_SET_USER_MEMORY_REGION EINVAL ${nestedPaging}`,
  `KVM_SET_USER_MEMORY_REGION2 EINVAL ${nestedPaging}`,
  // A test of its own breaks this rule, in a process without the privilege.
  'KVM_ENABLE_CAP EPERM KVM_CAP_VM_DISABLE_NX_HUGE_PAGES needs CAP_SYS_BOOT, because it weakens the host',
  // The kernel has a page for the page tables of every guest that has memory.
  'KVM_RUN ENOSPC the kernel needs pages for the page tables of the guest',
  // This processor has a smaller area.
  'KVM_GET_XSAVE EINVAL KVM_GET_XSAVE reads an area of at most 4096 bytes',
]);

const nameOf = ({ ioctl, code, rule }: Rule): string => `${ioctl} ${code} ${rule}`;

/** The rules that a breach can mean. */
function meant({ ioctl, code, rule, capability }: Breach): Rule[] {
  return rules.filter(
    (each) => each.ioctl === ioctl && each.code === code && each.capability === capability && each.rule.includes(rule),
  );
}

describe('the rules', () => {
  it('each breach means one rule, and each rule has a breach', () => {
    expect(breaches.filter((breach) => meant(breach).length !== 1)).toEqual([]);
    const broken = new Set(breaches.flatMap(meant));
    expect(rules.filter((rule) => !broken.has(rule)).map(nameOf)).toEqual([...unbroken]);
    expect(rules.length).toBeGreaterThan(150);
  });
});

describe.skipIf(!hasKvm)(`the errors of broken rules ${needsKvm}`, () => {
  it.each(breaches)('$ioctl fails with $code and the error names the rule when $when', (breach) => {
    using make = new Make();
    const error = thrownBy(() => breach.break(make));
    expect(error).toBeInstanceOf(KvmError);
    const { ioctl, code, errno, message, rule } = error as KvmError;
    expect({ ioctl, code }).toEqual({ ioctl: breach.ioctl, code: breach.code });
    // An MSR is refused without an errno.
    expect(errno === undefined).toBe(code === 'ERR_KVM_MSR_REFUSED');
    const [expected] = meant(breach) as [Rule];
    expect(message).toContain(breach.shows);
    expect(message).toContain(`${expected.rule}; ${expected.remedy}`);
    // The error has the property only if no other cause is possible.
    expect(rule).toBe(expected.isCertain ? expected.rule : undefined);
  });
});

describe.skipIf(!hasKvm)(`rules that are not the cause ${needsKvm}`, () => {
  it('the flags of another slot are not compared with those of new memory', () => {
    using make = new Make();
    const vm = make.vm();
    vm.addMemory({ memory: make.memory(), guestAddress: 0 });
    const addition = { memory: make.memory(), guestAddress: 1n << 52n, flags: Number(KVM_MEM_READONLY) };
    expect(thrownBy(() => vm.addMemory(addition))).toMatchObject({ rule: expect.stringContaining('below 2^52') });
    const comparing = rules.filter(({ rule }) => rule.includes('KVM_MEM_READONLY of a slot'));
    const region = allocate(KvmUserspaceMemoryRegion);
    Object.assign(region, { flags: addition.flags, guest_phys_addr: addition.guestAddress, memory_size: 0x4000n });
    const facts = new Facts(vmContext(vm).target);
    expect(comparing.map((each) => each.broken(region, facts))).toEqual([undefined]);
  });

  it('a slot number in another address space is an error that names the limit of the numbers, too', () => {
    using make = new Make();
    const error = thrownBy(() => make.slot({ slot: 99_999 }));
    expect(error).toMatchObject({ code: 'ERR_KVM_UNSUPPORTED', capability: 'KVM_CAP_MULTI_ADDRESS_SPACE' });
    expect((error as Error).message).toContain('slot 99999: at most 32763 (KVM_CAP_NR_MEMSLOTS is 32764)');
  });
});

describe.skipIf(!hasKvm)(`the facts about a VM ${needsKvm}`, () => {
  it('a VM has had its first vCPU when the vCPU is closed, and every object of the VM knows it', () => {
    using make = new Make();
    const vm = make.vm();
    using other = Vm.attach(vm.share());
    vm.createVcpu().close();
    for (const each of [vm, other]) {
      expect(thrownBy(() => each.createIrqchip())).toMatchObject({
        code: 'EINVAL',
        rule: expect.stringContaining('before the first vCPU'),
      });
    }
  });

  it('the search for a broken rule changes nothing in the VM', () => {
    using make = new Make();
    const vm = make.vm();
    const event = make.event();
    const calls = [
      () => vm.createPit2(),
      () => vm.setGsiRouting([{ gsi: 5, irqchip: 2, pin: 5 }]),
      () => vm.registerIrqfd(event, 5),
      () => vm.enableCap('KVM_CAP_MAX_VCPU_ID', 99_999),
      () => vm.enableCap('KVM_CAP_X86_DISABLE_EXITS', 0x400),
    ];
    for (const call of calls) expect(call).toThrow(KvmError);
    vm.createIrqchip();
    for (const call of calls.slice(0, 3)) call();
    using vcpu = vm.createVcpu();
    expect(vcpu.getLapic().regs.length).toBeGreaterThan(0);
  });

  it('the search for a broken rule ends when the argument changes during the search', () => {
    using make = new Make();
    const vm = make.vm();
    const target = vmContext(vm).target;
    const broken = (error: Error): object => ({
      get type(): number {
        throw error;
      },
    });
    const search = (error: Error) => rulesOfX86.broken(target, 'KVM_CREATE_DEVICE', 'ENODEV', broken(error), false);
    expect(search(new RangeError('outside'))).toBeUndefined();
    expect(search(new TypeError('detached'))).toBeUndefined();
    expect(() => search(new SyntaxError('other'))).toThrow('other');
  });

  it('an errno that no rule of the ioctl has is left to its general explanation', () => {
    using make = new Make();
    const { target } = vmContext(make.vm());
    expect(rulesOfX86.broken(target, 'KVM_CREATE_DEVICE', 'ENOMEM', { type: 1 }, false)).toBeUndefined();
    expect(rulesOfX86.broken(target, 'KVM_NMI', 'EINVAL', undefined, false)).toBeUndefined();
  });
});

describe.skipIf(!hasKvm)(`the privileges of the process ${needsKvm}`, () => {
  it('KVM_CAP_VM_DISABLE_NX_HUGE_PAGES fails with EPERM and the error names CAP_SYS_BOOT without this privilege', async () => {
    const without = ['setpriv', '--bounding-set=-sys_boot', '--inh-caps=-sys_boot'];
    const error = await runScript<{ code: string; message: string; rule: string }>('disabled-nx', { before: without });
    expect(error).toMatchObject({ code: 'EPERM', rule: expect.stringContaining('needs CAP_SYS_BOOT') });
    expect(error.message).toContain('the process does not have CAP_SYS_BOOT; ');
  });
});
