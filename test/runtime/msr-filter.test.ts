/** The filter of the MSRs that a guest may access. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError } from '../../runtime/index.js';
import type { MsrRange, Vm } from '../../runtime/x86_64.js';
import { realMode } from '../../tools/guests/index.js';
import { createVm, hasKvm, load, needsKvm, run } from '../helpers/vcpus.js';

describe.skipIf(!hasKvm)(`the MSR filter ${needsKvm}`, () => {
  const IA32_SYSENTER_CS = 0x174;
  /** mov ecx, 0x174; rdmsr; hlt */
  const readsMsr = Uint8Array.of(0x66, 0xb9, 0x74, 0x01, 0x00, 0x00, 0x0f, 0x32, 0xf4);
  const range: MsrRange = { base: IA32_SYSENTER_CS, count: 3 };

  function reading(setUp: (vm: Vm) => void): string {
    using machine = load(realMode.halt);
    machine.memory.write(0x1000, readsMsr);
    machine.vm.enableCap('KVM_CAP_X86_USER_SPACE_MSR', bindings.KVM_MSR_EXIT_REASON_FILTER);
    setUp(machine.vm);
    return run(machine);
  }
  const filtered = `exit ${bindings.KVM_EXIT_X86_RDMSR}`;
  const allowed = `exit ${bindings.KVM_EXIT_HLT}`;

  // Shows: KVM_X86_SET_MSR_FILTER
  it('setMsrFilter denies the MSRs that the filter does not allow', () => {
    expect(reading(() => {})).toBe(allowed);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [range] }))).toBe(filtered);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [{ ...range, allowed: Uint8Array.of(0b001) }] }))).toBe(allowed);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [{ ...range, allowed: Uint8Array.of(0b110) }] }))).toBe(filtered);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [{ ...range, access: 'write' }] }))).toBe(allowed);
    const elsewhere: MsrRange = { base: 0x10, count: 65 };
    expect(reading((vm) => vm.setMsrFilter({ ranges: [elsewhere], others: 'deny' }))).toBe(filtered);
    const second = { ...range, allowed: Uint8Array.of(0xff) };
    expect(reading((vm) => vm.setMsrFilter({ ranges: [elsewhere, second], others: 'deny' }))).toBe(allowed);
    expect(reading((vm) => vm.setMsrFilter({ ranges: [second, elsewhere] }))).toBe(allowed);
  });

  it.each<[string, readonly MsrRange[], RegExp]>([
    [
      'with too short a bitmap',
      [{ base: 0, count: 9, allowed: new Uint8Array(1) }],
      /a bitmap of 1 bytes; 9 MSRs need 2 bytes$/,
    ],
    ['of no MSR', [{ base: 0, count: 0 }], /a range of 0 MSRs; it must have 1 to 12288$/],
    ['of too many MSRs', [{ base: 0, count: 12289 }], /count 12289; it must be an integer from 0 to 12288$/],
    ['of part of an MSR', [{ base: 0, count: 1.5 }], /count 1\.5; it must be an integer from 0 to 12288$/],
    [
      'for an unknown access',
      [{ base: 0, count: 1, access: 'x' as 'read' }],
      /access 'x'; expected one of read, write, both$/,
    ],
    [
      'of too many ranges',
      Array.from({ length: 17 }, () => ({ base: 0, count: 1 })),
      /17 ranges; there may be at most 16$/,
    ],
  ])('setMsrFilter refuses a filter %s', (_, ranges, message) => {
    using vm = createVm();
    const set = (): void => vm.setMsrFilter({ ranges });
    expect(set).toThrow(KvmArgumentError);
    expect(set).toThrow(message);
  });
});
