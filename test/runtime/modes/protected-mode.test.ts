/** `enterProtectedMode`, with a guest that writes the state in which it begins and loads its segments again. */

import { describe, expect, it } from 'vitest';
import { KvmArgumentError, KvmClosedError } from '../../../runtime/index.js';
import { enterProtectedMode, type ProtectedModeOptions } from '../../../runtime/x86_64.js';
import { observers } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';
import { disturb, numbersOf, presetMachine } from './machine.js';

const { code } = observers.protectedModeState;
/** PE, ET and NE of cr0; the flags of which only the fixed one is set. */
const [cr0, fixed] = [0x31, 0x2];

describe.skipIf(!hasKvm)(`enterProtectedMode ${needsKvm}`, () => {
  it.each([[{}], [{ gdt: 0x9_0008 }]])(
    'the guest begins in protected mode, and can load its segments from the table: %j',
    (options) => {
      using machine = presetMachine();
      const { vcpu, memory } = machine;
      memory.write(0x10_0000, code);
      memory.dataView(0x1f_fffc, 4).setUint32(0, 0xcafe_f00d, true);
      disturb(vcpu);
      enterProtectedMode(vcpu, memory, { entry: 0x10_0000, stack: 0x8_0000, ...options });
      expect(numbersOf(vcpu)).toEqual([cr0, 0x10, 0x18, 0x8_0000, fixed, 0xcafe_f00d]);
    },
  );

  it('addresses are guest-physical, also when the memory does not begin at address 0', () => {
    using machine = presetMachine(0x20_0000, 0x4000_0000);
    machine.add(0, 0x20_0000).dataView(0x1f_fffc, 4).setUint32(0, 7, true);
    const { vcpu, memory } = machine;
    memory.write(0x1000, code);
    const at = 0x4000_0000;
    enterProtectedMode(vcpu, memory, { entry: at + 0x1000, stack: at + 0x8000, gdt: at, guestAddress: at });
    expect(numbersOf(vcpu)).toEqual([cr0, 0x10, 0x18, at + 0x8000, fixed, 7]);
  });

  it.each([
    [{ entry: 2 ** 32 }, 'entry 4294967296; it must be an integer from 0 to 4294967295'],
    [{ entry: 0, stack: 2 ** 32 }, 'stack 4294967296'],
    [{ entry: 0, gdt: 0x504 }, 'gdt 0x504; it must be a multiple of 8'],
    [
      { entry: 0, gdt: 0x1f_fff8 },
      'the 48 bytes of gdt at 0x1ffff8; they must be inside the memory, which is from 0x0 to 0x200000',
    ],
    [
      { entry: 0, guestAddress: 0x1000 },
      'the 48 bytes of gdt at 0x500; they must be inside the memory, which is from 0x1000',
    ],
    [{ entry: 0, guestAddress: 5 }, 'guestAddress 0x5; it must be a multiple of 4096'],
    [{ entry: 0, tables: 0 }, "unknown option 'tables'"],
  ])('wrong options are a KvmArgumentError: %j', (options, problem) => {
    using machine = presetMachine();
    const error = thrownBy(() => enterProtectedMode(machine.vcpu, machine.memory, options as ProtectedModeOptions));
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain(`enterProtectedMode: ${problem}`);
  });

  it('a wrong call changes neither the registers nor the memory', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    const before = vcpu.getRegs().rip;
    expect(() => enterProtectedMode(vcpu, memory, { entry: 0x1000, stack: -1 })).toThrow(KvmArgumentError);
    expect(vcpu.getRegs().rip).toBe(before);
    expect(memory.read(0x500, 48).every((byte) => byte === 0)).toBe(true);
  });

  it('another object than memory is a KvmArgumentError, and closed memory is a KvmClosedError', () => {
    using machine = presetMachine();
    expect(() => enterProtectedMode(machine.vcpu, {} as never, { entry: 0 })).toThrow(KvmArgumentError);
    machine.memory.close();
    expect(() => enterProtectedMode(machine.vcpu, machine.memory, { entry: 0 })).toThrow(KvmClosedError);
  });
});
