/** `enterRealMode`, with a guest that writes the state in which it begins. */

import { describe, expect, it } from 'vitest';
import { KvmArgumentError, KvmClosedError } from '../../../runtime/index.js';
import { enterLongMode, enterRealMode, type RealModeOptions } from '../../../runtime/x86_64.js';
import { observers } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';
import { disturb, numbersOf, presetMachine } from './machine.js';

const { code } = observers.realModeState;
/** The offset of the instruction after the call in the guest. */
const afterCall = code.length - 3;
/** The bit of cr0 that is always set, and the bit of the flags that is always set. */
const [et, fixed] = [0x10, 0x2];

describe.skipIf(!hasKvm)(`enterRealMode ${needsKvm}`, () => {
  it.each([
    ['an entry in the first 64 KiB', { entry: 0x7c00, stack: 0x7000 }, [0, 0, 0, 0x7000], 0x7c00],
    ['an entry above 64 KiB', { entry: 0x1_2340 }, [0x1000, 0, 0, 0], 0x2340],
    [
      'segments',
      { entry: 0x9_0200, segment: 0x9020, dataSegment: 0x9000, stack: 0xe000 },
      [0x9020, 0x9000, 0x9000, 0xe000],
      0,
    ],
  ] as const)('the guest begins in real mode: %s', (_, options, segments, ip) => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.write(options.entry, code);
    disturb(vcpu);
    enterRealMode(vcpu, options);
    expect(vcpu.getRegs().rax).toBe(0n);
    expect(numbersOf(vcpu)).toEqual([...segments, et, fixed, ip + afterCall]);
  });

  it('the guest begins in real mode after it was in long mode', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.write(0x7c00, code);
    enterLongMode(vcpu, memory, { entry: 0x10_0000 });
    enterRealMode(vcpu, { entry: 0x7c00, stack: 0x7c00 });
    expect(numbersOf(vcpu)).toEqual([0, 0, 0, 0x7c00, et, fixed, 0x7c00 + afterCall]);
  });

  it.each([
    [{ entry: -1 }, 'entry -1; it must be an integer from 0 to 1114095'],
    [{ entry: 0x10_fff0 }, 'entry 1114096; it must be an integer from 0 to 1114095'],
    [
      { entry: 0x2_0000, segment: 0x1000 },
      'entry 0x20000; it must be in the segment 0x1000, which is from 0x10000, 64 KiB',
    ],
    [{ entry: 0xff, segment: 0x10 }, 'entry 0xff; it must be in the segment 0x10'],
    [{ entry: 0, stack: 0x1_0000 }, 'stack 65536; it must be an integer from 0 to 65535'],
    [{ entry: 0, segment: 1.5 }, 'segment 1.5; it must be an integer'],
    [{ entry: 0, dataSegment: 0x1_0000 }, 'dataSegment 65536'],
    [{ entry: 0, stak: 1 }, "unknown option 'stak'; expected one of entry, stack, segment, dataSegment"],
    [{}, 'entry undefined'],
    [null, 'the options are null'],
  ])('wrong options are a KvmArgumentError: %j', (options, problem) => {
    using machine = presetMachine();
    const error = thrownBy(() => enterRealMode(machine.vcpu, options as RealModeOptions));
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain(`enterRealMode: ${problem}`);
  });

  it('another object than a vCPU is a KvmArgumentError, and a closed vCPU is a KvmClosedError', () => {
    using machine = presetMachine();
    expect(() => enterRealMode(machine.vm as never, { entry: 0 })).toThrow(KvmArgumentError);
    machine.vcpu.close();
    expect(() => enterRealMode(machine.vcpu, { entry: 0 })).toThrow(KvmClosedError);
  });
});
