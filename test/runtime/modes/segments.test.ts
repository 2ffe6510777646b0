/** `segmentDescriptor`, against the descriptors of the kernel's documents and against what the processor loads. */

import { describe, expect, it } from 'vitest';
import {
  type DescriptorMembers,
  enterProtectedMode,
  enterRealMode,
  segmentDescriptor,
} from '../../../runtime/x86_64.js';
import { observers } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm } from '../../helpers/vcpus.js';
import { numbersOf, presetMachine } from './machine.js';

const flat = { base: 0n, limit: 0xffff_ffff, present: 1, dpl: 0, db: 1, s: 1, l: 0, g: 1, avl: 0 };

describe('segmentDescriptor', () => {
  // arch/x86/kernel/cpu/common.c of Linux has these descriptors, without the bit "accessed".
  it.each<[string, DescriptorMembers, bigint]>([
    ['32-bit code', { ...flat, type: 0xb }, 0x00cf_9b00_0000_ffffn],
    ['data', { ...flat, type: 0x3 }, 0x00cf_9300_0000_ffffn],
    ['64-bit code', { ...flat, type: 0xb, db: 0, l: 1 }, 0x00af_9b00_0000_ffffn],
    ['64-bit code of user mode', { ...flat, type: 0xb, db: 0, l: 1, dpl: 3 }, 0x00af_fb00_0000_ffffn],
    [
      'a task state with a base',
      { ...flat, base: 0x1234_5678n, limit: 0x67, g: 0, db: 0, s: 0, type: 0xb },
      0x1200_8b34_5678_0067n,
    ],
    ['a limit in bytes of 20 bits', { ...flat, limit: 0xf_1234, g: 0, type: 0x3, avl: 1 }, 0x005f_9300_0000_1234n],
  ])('returns the descriptor of %s', (_, segment, descriptor) => {
    expect(segmentDescriptor(segment).toString(16)).toBe(descriptor.toString(16));
  });

  it.each<[Partial<DescriptorMembers>, string]>([
    [{ base: 2n ** 32n }, 'base 4294967296; it must be an integer from 0 to 4294967295'],
    [{ limit: 0x10_0000, g: 0 }, 'limit 1048576; it must be an integer from 0 to 1048575'],
    [{ type: 16 }, 'type 16; it must be an integer from 0 to 15'],
    [{ dpl: 4 }, 'dpl 4; it must be an integer from 0 to 3'],
    [{ present: 2 }, 'present 2; it must be an integer from 0 to 1'],
  ])('refuses a member that does not fit: %o', (members, problem) => {
    expect(() => segmentDescriptor({ ...flat, type: 3, ...members })).toThrow(`segmentDescriptor: ${problem}`);
  });
});

describe.skipIf(!hasKvm)(`a loaded segment ${needsKvm}`, () => {
  it('the segments that the guest loads from the table are those that the preset sets', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.write(0x10_0000, observers.protectedModeState.code);
    enterProtectedMode(vcpu, memory, { entry: 0x10_0000, stack: 0x8_0000 });
    const before = vcpu.getSregs();
    numbersOf(vcpu);
    const after = vcpu.getSregs();
    for (const name of ['cs', 'ds', 'ss'] as const) {
      expect(segmentDescriptor(after[name]).toString(16)).toBe(segmentDescriptor(before[name]).toString(16));
      expect(after[name].selector).toBe(before[name].selector);
    }
  });

  it('the example of the documentation is right', () => {
    using machine = presetMachine();
    enterRealMode(machine.vcpu, { entry: 0x7c00 });
    expect(segmentDescriptor(machine.vcpu.getSregs().ds).toString(16)).toBe('93000000ffff');
  });
});
