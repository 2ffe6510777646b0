/**
 * `enterLinux64`, with a guest that reads `struct boot_params`. The guest has the offsets of the kernel's documents,
 * Documentation/arch/x86/boot.rst and zero-page.rst. The expected state is that of "64-bit Boot Protocol" there.
 */

import { describe, expect, it } from 'vitest';
import { E820_RAM, E820_RESERVED } from '../../../generated/x86_64/asm/e820.js';
import { KvmArgumentError } from '../../../runtime/index.js';
import { enterLinux64, type Linux64Options } from '../../../runtime/x86_64.js';
import { observers } from '../../../tools/guests/index.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';
import { characters, disturb, lower32, numbersOf, presetMachine, upper32 } from './machine.js';

const { code } = observers.linuxBootParams;
const entry = 0x10_0200;
const signature = 0x5372_6448;
const memoryMap = [
  { address: 0, size: 0x9_fc00 },
  { address: 0x10_0000, size: 0x6_0000_0000 },
  { address: 0xfffc_0000, size: 0x4_0000, type: E820_RESERVED },
].toSorted((a, b) => a.address - b.address);
const disjoint = memoryMap.filter(({ address }) => address !== 0xfffc_0000);

/** A bzImage of which there is only the setup header, by hand from the table in boot.rst. */
function bzImage({
  version = 0x20f,
  xloadflags = 0x1,
  cmdlineSize = 100,
  initrdMax = 0x7fff_ffff,
  end = 0x6a,
} = {}): Uint8Array {
  const bytes = new Uint8Array(1024).fill(0xcc);
  const view = new DataView(bytes.buffer);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint16(0x200, 0xeb | (end << 8), true);
  view.setUint32(0x202, signature, true);
  view.setUint16(0x206, version, true);
  view.setUint32(0x22c, initrdMax, true);
  view.setUint16(0x236, xloadflags, true);
  view.setUint32(0x238, cmdlineSize, true);
  view.setUint32(0x260, 0x123_4000, true);
  return bytes;
}

describe.skipIf(!hasKvm)(`enterLinux64 ${needsKvm}`, () => {
  it('the guest begins in 64-bit mode with the segments of the protocol, and finds the boot parameters at rsi', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.bytes(0, memory.size).fill(0xee);
    memory.write(entry, code);
    disturb(vcpu);
    const initrd = { address: 0x3_4000_0000, size: 0x1_0000_0001 };
    enterLinux64(vcpu, memory, { entry, commandLine: 'console=ttyS0', initrd, memoryMap: disjoint, rsdp: 0xe_0000 });
    expect(vcpu.getRegs()).toMatchObject({ rip: BigInt(entry), rsi: 0x7000n, rflags: 0x2n, rbp: 0n });
    const map = disjoint.flatMap(({ address, size }) => [address, lower32(size), upper32(size), E820_RAM]);
    expect(numbersOf(vcpu)).toEqual([
      ...[0x10, 0x18, 0x18, 0x7000, signature, 0xff],
      ...[lower32(initrd.address), upper32(initrd.address), lower32(initrd.size), 0xe_0000],
      ...characters('console=ttyS0'),
      ...map,
    ]);
    // The upper half of the size of the initrd, and the end of the zero page.
    expect(memory.dataView(0x70c4, 4).getUint32(0, true)).toBe(1);
    expect([memory.read(0x6fff, 1)[0], memory.read(0x7fff, 1)[0], memory.read(0x8000, 1)[0]]).toEqual([0xee, 0, 0xee]);
  });

  it('the setup header of a bzImage is copied up to its end, and the other bytes of the file are not', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    memory.write(entry, code);
    const options = { entry, bzImage: bzImage({ end: 0x62 }), commandLine: 'quiet', memoryMap: disjoint };
    enterLinux64(vcpu, memory, { ...options, zeroPage: 0x4_0000, commandLineAddress: 0x5_0001, tables: 0x6_0000 });
    const page = memory.dataView(0x4_0000, 0x1000);
    expect([0x1f0, 0x264, 0x26b, 0x26c, 0x290].map((offset) => page.getUint8(offset))).toEqual([0, 0, 0, 0, 0]);
    // Members that the loader does not write are those of the file: the jump, the version, init_size.
    expect([page.getUint16(0x200, true), page.getUint16(0x206, true), page.getUint32(0x260, true)]).toEqual([
      0x62eb, 0x20f, 0x123_4000,
    ]);
    expect([page.getUint8(0x210), page.getUint32(0x228, true)]).toEqual([0xff, 0x5_0001]);
    expect(memory.read(0x5_0001, 6)).toEqual(new TextEncoder().encode('quiet\0'));
    expect(vcpu.getRegs().rsi).toBe(0x4_0000n);
  });

  it('an initrd above 4 GiB is accepted if the kernel says that it can use it', () => {
    using machine = presetMachine();
    const { vcpu, memory } = machine;
    const initrd = { address: 2 ** 33, size: 4096 };
    const start = (xloadflags: number) => () =>
      enterLinux64(vcpu, memory, { entry, bzImage: bzImage({ xloadflags }), initrd, memoryMap: disjoint });
    expect(start(0x3)).not.toThrow();
    expect(start(0x1)).toThrow(
      'the last byte of initrd is at 0x200000fff; this kernel needs it at 0x7fffffff or below',
    );
  });

  const many = Array.from({ length: 129 }, (_, index) => ({ address: index * 8192, size: 4096 }));

  it.each([
    [{ entry: 4 * 2 ** 30 }, 'entry 0x100000000; it must be below 0x100000000'],
    [{ entry, memoryMap: undefined }, 'memoryMap undefined; it must be an array'],
    [{ entry, memoryMap: many }, 'memoryMap has 129 entries; the zero page has room for 128'],
    [
      {
        entry,
        memoryMap: [
          { address: 0, size: 5 },
          { address: 4, size: 5 },
        ],
      },
      'memoryMap: the entries at 0x0 and 0x4 overlap',
    ],
    [{ entry, zeroPage: 0x7010 }, 'zeroPage 0x7010; it must be a multiple of 4096'],
    [{ entry, zeroPage: 0xa000 }, 'the 24576 bytes of tables at 0x9000 overlap the 4096 bytes of zeroPage at 0xa000'],
    [
      { entry, commandLineAddress: 0x7100 },
      'the 4096 bytes of zeroPage at 0x7000 overlap the 1 bytes of commandLine at 0x7100',
    ],
    [{ entry, commandLine: 'x'.repeat(2048) }, 'commandLine has 2048 bytes; it must have at most 2047'],
    [
      { entry, bzImage: bzImage(), commandLine: 'x'.repeat(101) },
      'commandLine has 101 bytes; it must have at most 100',
    ],
    [
      { entry, bzImage: bzImage({ version: 0x20b }) },
      'bzImage has the protocol version 0x20b and xloadflags 0x1; it must have',
    ],
    [
      { entry, bzImage: bzImage({ xloadflags: 2 }) },
      'bzImage has the protocol version 0x20f and xloadflags 0x2; it must have',
    ],
    [{ entry, bzImage: new Uint8Array(1024) }, 'bzImage an object of Uint8Array of 1024 bytes has no setup header'],
    [{ entry, bzImage: new Uint8Array(3) }, 'bzImage an object of Uint8Array of 3 bytes has no setup header'],
    [{ entry, bzImage: 'vmlinuz' }, "bzImage 'vmlinuz'; it must be a Uint8Array"],
    [{ entry, initrd: { address: 4096 } }, 'initrd.size undefined'],
    [{ entry, initrd: { address: 4096, size: 1, at: 1 } }, "unknown option 'at'"],
    [{ entry, user: true }, "unknown option 'user'"],
  ])('wrong options are a KvmArgumentError: %o', (options, problem) => {
    using machine = presetMachine();
    const given = { memoryMap: disjoint, ...options } as Linux64Options;
    const error = thrownBy(() => enterLinux64(machine.vcpu, machine.memory, given));
    expect(error).toBeInstanceOf(KvmArgumentError);
    expect((error as Error).message).toContain(`enterLinux64: ${problem}`);
  });
});
