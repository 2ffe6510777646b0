/**
 * `enterPvh`, with a guest that reads the start info. The guest has the offsets of the protocol's description, which is the comment
 * in xen/include/public/arch-x86/hvm/start_info.h. The expected state is that of docs/misc/pvh.pandoc.
 */

import { describe, expect, it } from 'vitest';
import { E820_ACPI, E820_RAM } from '../../../generated/x86_64/asm/e820.js';
import { KvmArgumentError } from '../../../runtime/index.js';
import { enterPvh, type PvhOptions } from '../../../runtime/x86_64.js';
import { observers } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';
import { characters, disturb, lower32, numbersOf, presetMachine, upper32 } from './machine.js';

const { code } = observers.pvhStartInfo;
const entry = 0x10_0000;
const magic = 0x336e_c578;
const full = {
  entry,
  stack: 0x8_0000,
  commandLine: 'console=ttyS0 panic=-1',
  modules: [
    { address: 0x1_2345_6000, size: 0x7000, commandLine: 'initrd' },
    { address: 0x18_0000, size: 1 },
  ],
  memoryMap: [
    { address: 0, size: 0x9_fc00 },
    { address: 0xe_0000, size: 0x2_0000, type: E820_ACPI },
    { address: 0x10_0000, size: 5 * 2 ** 30 },
  ],
  rsdp: 0xe_0010,
};

describe.skipIf(!hasKvm)(`enterPvh ${needsKvm}`, () => {
  it('the guest begins in 32-bit protected mode, and finds the start info and its data at ebx', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.bytes(0, memory.size).fill(0xee);
    memory.write(entry, code);
    disturb(vcpu);
    const end = enterPvh(vcpu, memory, full);
    const { cs, ds, es, tr, efer } = vcpu.getSregs();
    const flat = { base: 0n, limit: 0xffff_ffff, db: 1, g: 1, s: 1, present: 1, l: 0, dpl: 0 };
    expect([cs, ds, es]).toMatchObject([
      { ...flat, type: 0xb },
      { ...flat, type: 0x3 },
      { ...flat, type: 0x3 },
    ]);
    expect(tr).toMatchObject({ base: 0n, limit: 0x67, type: 0xb, s: 0, present: 1 });
    // Bits 8 (TF), 9 (IF) and 17 (VM) must be clear.
    expect([efer, vcpu.getRegs().rflags & 0x2_0300n]).toEqual([0n, 0n]);
    const [initrd, other] = full.modules;
    const numbers = [
      ...[0x11, 0, 0x6000, magic, 1, full.rsdp],
      ...characters(full.commandLine),
      ...[lower32(initrd?.address ?? 0), upper32(initrd?.address ?? 0), initrd?.size, ...characters('initrd')],
      ...[other?.address, 0, other?.size],
    ];
    // The second module has no text, so its address is 0 and the guest reads the byte there.
    memory.write(0, Uint8Array.of(0));
    const map = full.memoryMap.flatMap(({ size, address, type = E820_RAM }) => [
      address,
      lower32(size),
      upper32(size),
      type,
    ]);
    expect(numbersOf(vcpu)).toEqual([...numbers, 0, ...map]);
    // 56 bytes of start info, 2 modules of 32 bytes, 3 entries of 24 bytes, and the texts.
    expect(end).toBe(0x6000 + 56 + 2 * 32 + 3 * 24 + 23 + 7);
    expect([memory.read(0x5fff, 1)[0], memory.read(end, 1)[0], memory.read(end - 1, 1)[0]]).toEqual([0xee, 0xee, 0]);
  });

  it('an option that is left out has the address 0 in the start info', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.bytes(0, memory.size).fill(0xee);
    expect(enterPvh(vcpu, memory, { entry, startInfo: 0x1_0008 })).toBe(0x1_0008 + 56);
    expect(vcpu.getRegs().rbx).toBe(0x1_0008n);
    const info = memory.dataView(0x1_0008, 56);
    const words = Array.from({ length: 14 }, (_, index) => info.getUint32(4 * index, true));
    expect(words).toEqual([magic, 1, ...Array<number>(12).fill(0)]);
  });

  it.each([
    [{ entry: 2 ** 32 }, 'entry 4294967296; it must be an integer from 0 to 4294967295'],
    [{ entry, startInfo: 0x6004 }, 'startInfo 0x6004; it must be a multiple of 8'],
    [{ entry, startInfo: 0x1f_fff8 }, 'the 56 bytes of startInfo at 0x1ffff8; they must be inside the memory'],
    [{ entry, startInfo: 0 }, 'startInfo 0; 0 means that there is no start info'],
    [{ entry, commandLine: 'a\0b' }, "commandLine 'a\0b'; it must be a string without '\\0'"],
    [{ entry, commandLine: 5 }, 'commandLine 5; it must be a string'],
    [{ entry, commandLine: 'x'.repeat(0x1_0000) }, 'commandLine has 65536 bytes; it must have at most 65535'],
    [{ entry, modules: [{ address: 0, size: 0 }] }, 'modules[0].size 0; it must be at least 1'],
    [
      { entry, modules: [{ address: 0, size: 1, name: 'x' }] },
      "unknown option 'name'; expected one of address, size, commandLine",
    ],
    [{ entry, modules: 5 }, 'modules 5; it must be an array'],
    [
      {
        entry,
        memoryMap: [
          { address: 0, size: 2 },
          { address: 1, size: 1 },
        ],
      },
      'memoryMap: the entries at 0x0 and 0x1 overlap',
    ],
    [{ entry, memoryMap: [{ address: 2 ** 52, size: 2 }] }, 'memoryMap[0].address 4503599627370496'],
    [{ entry, memoryMap: [{ address: 4096, size: 2 ** 52 }] }, 'memoryMap[0].size 4503599627370496'],
    [{ entry, memoryMap: [{ address: 0, size: 1, type: -1 }] }, 'memoryMap[0].type -1'],
    [{ entry, memoryMap: [null] }, 'the options are null'],
    [{ entry, rsdp: 1.5 }, 'rsdp 1.5'],
    [{ entry, initrd: 1 }, "unknown option 'initrd'"],
  ])('wrong options are a KvmArgumentError: %j', (options, problem) => {
    using machine = presetMachine();
    const error = thrownBy(() => enterPvh(machine.vcpu, machine.memory, options as PvhOptions));
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain(`enterPvh: ${problem}`);
  });
});
