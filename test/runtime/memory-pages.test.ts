/** The pages of guest memory: huge pages, discarded pages, advice and NUMA nodes. */

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MemoryAdvice, MemoryPolicy } from '../../runtime/index.js';
import {
  GuestMemory,
  KvmArgumentError,
  KvmClosedError,
  KvmError,
  type GuestMemory as Memory,
} from '../../runtime/index.js';
import { ownName } from '../helpers/own-name.js';
import { createVm, hasKvm, mappingAt, needsKvm, residentBytes } from '../helpers/vcpus.js';

const MiB = 2 ** 20;
const huge = 2 * MiB;
const pool = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';

/** Calls `use` while the kernel has so many huge pages of 2 MiB. Returns whether the kernel has provided them. */
async function withHugePages(count: number, use: () => void): Promise<boolean> {
  // All processes have the same huge pages.
  await using _ = await ownName('kvm-uapi-huge-pages');
  const before = readFileSync(pool, 'utf8');
  try {
    writeFileSync(pool, `${count}`);
  } catch {
    // This user may not change the number.
    return false;
  }
  try {
    if (Number(readFileSync(pool, 'utf8')) !== count) return false;
    use();
    return true;
  } finally {
    writeFileSync(pool, before);
  }
}

const residentKiB = ({ address, size }: Memory): number => residentBytes(address, size) / 1024;

describe('pages of guest memory', () => {
  it('populate allocates all pages at once', () => {
    for (const memfd of [undefined, 'populated']) {
      const options = memfd === undefined ? {} : { memfd };
      using later = GuestMemory.create(MiB, options);
      expect(residentKiB(later)).toBe(0);
      using now = GuestMemory.create(MiB, { ...options, populate: true });
      expect(residentKiB(now)).toBe(1024);
    }
  });

  it.each([undefined, 'discarded'])(
    'discard gives pages back to the host, and their bytes are zeros (memfd: %s)',
    (memfd) => {
      using memory = GuestMemory.create(MiB, memfd === undefined ? {} : { memfd });
      memory.bytes(0, MiB).fill(1);
      expect(residentKiB(memory)).toBe(1024);
      memory.discard(0x1000, 0x8000);
      expect(residentKiB(memory)).toBe(1024 - 32);
      const bytes = memory.bytes(0, MiB);
      expect([bytes[0xfff], bytes[0x1000], bytes[0x8fff], bytes[0x9000]]).toEqual([1, 0, 0, 1]);
    },
  );

  it.each([
    [1, 0x1000],
    [0, 0x1001],
    [0, 0],
    [0x4000, 0x1000],
    [0x1000, 0x4000],
    [-0x1000, 0x1000],
    [0.5, 0x1000],
    [0, Number.NaN],
    [2 ** 53, 0x1000],
  ])('discard, advise and bindToNodes refuse %d with %d bytes', (offset, length) => {
    using memory = GuestMemory.create(0x4000);
    const calls = [
      () => memory.discard(offset, length),
      () => memory.advise('MADV_COLD', offset, length),
      () => memory.bindToNodes('MPOL_LOCAL', [], offset, length),
    ];
    for (const call of calls) {
      expect(call).toThrow(KvmArgumentError);
      expect(call).toThrow(/multiples of the page size 4096, .* 16384 bytes$|it must be an integer from 0 to 16384$/);
    }
  });

  it.each([Symbol('offset'), { valueOf: () => 0 }, '0', null])(
    'advise and bindToNodes refuse the offset %s',
    (offset) => {
      using memory = GuestMemory.create(0x4000);
      // The length depends on the offset.
      expect(() => memory.advise('MADV_COLD', offset as never)).toThrow(KvmArgumentError);
      expect(() => memory.bindToNodes('MPOL_LOCAL', [], offset as never)).toThrow(KvmArgumentError);
    },
  );

  it.each([undefined, null])('discard needs a length, and %s is not one', (length) => {
    using memory = GuestMemory.create(0x4000);
    expect(() => memory.discard(0, length as never)).toThrow(KvmArgumentError);
  });

  it('discard, advise and bindToNodes accept bigints, as other numbers of bytes do', () => {
    using memory = GuestMemory.create(0x4000);
    memory.bytes(0, 0x4000).fill(1);
    memory.discard(0x1000n as never, 0x1000n as never);
    memory.advise('MADV_COLD', 0x1000n as never);
    memory.bindToNodes('MPOL_LOCAL', [], 0x1000n as never);
    expect([...memory.bytes(0, 0x4000)].indexOf(0)).toBe(0x1000);
    expect(() => memory.discard(1n as never, 0x1000n as never)).toThrow(KvmArgumentError);
  });

  it('discard, advise and bindToNodes refuse memory after `close`', () => {
    const memory = GuestMemory.create(0x1000);
    memory.close();
    expect(() => memory.discard(0, 0x1000)).toThrow(KvmClosedError);
    expect(() => memory.advise('MADV_COLD')).toThrow(KvmClosedError);
    expect(() => memory.bindToNodes('MPOL_LOCAL', [])).toThrow(KvmClosedError);
    expect(() => memory.pageSize).toThrow(KvmClosedError);
    expect(() => memory.lostPages).toThrow(KvmClosedError);
  });

  it.each<[MemoryAdvice, string]>([
    ['MADV_HUGEPAGE', 'hg'],
    ['MADV_NOHUGEPAGE', 'nh'],
    ['MADV_MERGEABLE', 'mg'],
    ['MADV_DONTDUMP', 'dd'],
    ['MADV_RANDOM', 'rr'],
    ['MADV_SEQUENTIAL', 'sr'],
  ])('advise passes %s to the kernel, for the given pages alone', (advice, flag) => {
    using memory = GuestMemory.create(4 * MiB);
    const at = (offset: number): boolean => mappingAt(memory.address + BigInt(offset))?.flags.includes(flag) ?? false;
    memory.advise(advice, MiB, MiB);
    expect([at(0), at(MiB), at(2 * MiB)]).toEqual([false, true, false]);
    memory.advise(advice);
    expect([at(0), at(2 * MiB)]).toEqual([true, true]);
  });

  it('advise can allocate pages, and keeps all contents', () => {
    using memory = GuestMemory.create(MiB);
    memory.write(0x8000, Uint8Array.of(5));
    for (const advice of [
      'MADV_POPULATE_READ',
      'MADV_POPULATE_WRITE',
      'MADV_COLD',
      'MADV_PAGEOUT',
      'MADV_WILLNEED',
    ] as const) {
      memory.advise(advice);
      if (advice === 'MADV_POPULATE_WRITE') expect(residentKiB(memory)).toBe(1024);
      expect(memory.bytes(0x8000, 1)[0]).toBe(5);
    }
  });

  it.each([
    'MADV_DONTNEED',
    'MADV_REMOVE',
    'MADV_FREE',
    'MADV_GUARD_INSTALL',
    'MADV_HWPOISON',
    'MADV_DOFORK',
    '',
    'toString',
  ])('advise refuses %s', (advice) => {
    using memory = GuestMemory.create(0x1000);
    expect(() => memory.advise(advice as MemoryAdvice)).toThrow(KvmArgumentError);
    expect(() => memory.advise(advice as MemoryAdvice)).toThrow(/; expected one of MADV_NORMAL, /);
  });

  it('the error of advise names the advice that the kernel refuses', () => {
    using memory = GuestMemory.create(0x1000);
    // Less than a huge page cannot become one.
    expect(() => memory.advise('MADV_COLLAPSE')).toThrow(
      /^GuestMemory\.advise: EINVAL: the kernel does not have MADV_COLLAPSE, or does not accept it for this kind of memory, or no whole huge page fits /,
    );
  });

  it('bindToNodes sets the policy of the pages', () => {
    using memory = GuestMemory.create(MiB);
    const policy = (): string | undefined => {
      const address = memory.address.toString(16).padStart(8, '0');
      return new RegExp(`^${address} (\\S+)`, 'm').exec(readFileSync('/proc/self/numa_maps', 'utf8'))?.[1];
    };
    memory.bindToNodes('MPOL_BIND', [0]);
    expect(policy()).toBe('bind:0');
    memory.bindToNodes('MPOL_PREFERRED', [0], 0, MiB);
    expect(policy()).toBe('prefer:0');
    memory.bindToNodes('MPOL_DEFAULT', []);
    expect(policy()).toBe('default');
  });

  it('bindToNodes refuses an unknown policy, and nodes that the machine does not have', () => {
    using memory = GuestMemory.create(0x1000);
    expect(() => memory.bindToNodes('MPOL_NONE' as MemoryPolicy, [])).toThrow(/; expected one of MPOL_DEFAULT, /);
    expect(() => memory.bindToNodes('MPOL_BIND', [1024])).toThrow(/: node 1024; it must be an integer from 0 to 1023$/);
    expect(() => memory.bindToNodes('MPOL_BIND', [-1])).toThrow(KvmArgumentError);
    expect(() => memory.bindToNodes('MPOL_BIND', 0 as never)).toThrow(/: nodes 0; it must be an array$/);
    expect(() => memory.bindToNodes('MPOL_BIND', [1023])).toThrow(KvmError);
    expect(() => memory.bindToNodes('MPOL_BIND', [1023])).toThrow(
      /^GuestMemory\.bindToNodes: EINVAL: MPOL_BIND with the nodes 1023; /,
    );
    expect(() => memory.bindToNodes('MPOL_DEFAULT', [0])).toThrow(/the policy needs other nodes/);
    expect(() => memory.bindToNodes('MPOL_BIND', [])).toThrow(/EINVAL: MPOL_BIND with no nodes; /);
    // A generator gives its values once.
    expect(() => memory.bindToNodes('MPOL_BIND', [1022, 1023].values() as never)).toThrow(
      /with the nodes 1022, 1023; /,
    );
  });
});

describe('huge pages', () => {
  it.each([0, 4096, 3 * MiB, 2.5, -huge, '2M', Number.NaN, 2 ** 64])(
    'create refuses a hugePageSize of %s',
    (hugePageSize) => {
      const make = (): Memory => GuestMemory.create(huge, { hugePageSize: hugePageSize as number });
      expect(make).toThrow(KvmArgumentError);
      expect(make).toThrow(/: hugePageSize .*; it must be a power of two, and more than the page size 4096$/);
    },
  );

  it('create refuses a size that is not a multiple of the huge page size', () => {
    expect(() => GuestMemory.create(MiB, { hugePageSize: huge })).toThrow(/it must be a positive multiple of 2097152$/);
  });

  it('the error says which sizes of huge pages the kernel has, and where they are reserved', () => {
    for (const options of [{}, { memfd: 'huge' }]) {
      // No architecture has huge pages of this size.
      expect(() => GuestMemory.create(2 ** 23, { ...options, hugePageSize: 2 ** 23 })).toThrow(
        /the kernel has no huge pages of 8388608 bytes; \/sys\/kernel\/mm\/hugepages has its sizes$/,
      );
      expect(() => GuestMemory.create(2 ** 40, { ...options, hugePageSize: huge })).toThrow(
        /^GuestMemory\.create: ENOMEM: too few free huge pages of 2097152 bytes; write more to \/sys\/.*-2048kB\/nr_hugepages, .* \/proc\/sys\/vm\/nr_hugepages$/,
      );
    }
  });

  it.skipIf(!hasKvm)(`a slot of huge pages needs whole pages of the machine only ${needsKvm}`, async () => {
    await withHugePages(2, () => {
      using memory = GuestMemory.create(2 * huge, { hugePageSize: huge });
      using vm = createVm();
      expect(vm.addMemory({ memory, guestAddress: 0, offset: 0x1000, length: 0x2000 })).toBe(0);
    });
  });

  it('memory of huge pages has their page size, or the kernel has none', async () => {
    const provided = await withHugePages(4, () => {
      for (const options of [{}, { memfd: 'huge' }, { populate: true }]) {
        using memory = GuestMemory.create(2 * huge, { ...options, hugePageSize: huge });
        expect(memory.pageSize).toBe(huge);
        expect(mappingAt(memory.address)?.flags).toContain('ht');
        memory.write(huge, Uint8Array.of(5));
        expect(() => memory.discard(0x1000, huge)).toThrow(/multiples of the page size 2097152, /);
        memory.discard(huge, huge);
        expect(memory.bytes(huge, 1)[0]).toBe(0);
      }
      using memory = GuestMemory.create(huge, { memfd: 'huge', hugePageSize: huge });
      using again = GuestMemory.fromFile(memory.fd ?? -1);
      expect(again.pageSize).toBe(huge);
      expect(() => GuestMemory.fromFile(memory.fd ?? -1, { length: 4096 })).toThrow(KvmArgumentError);
    });
    if (!provided) expect(() => GuestMemory.create(2 ** 40, { hugePageSize: huge })).toThrow(/too few free huge pages/);
  });

  // Shows: security 35
  it('a page that was discarded is a page of zeros when the huge pages have run out', async () => {
    const provided = await withHugePages(2, () => {
      // Of a private mapping, the kernel reserves a discarded page again.
      using memory = GuestMemory.create(2 * huge, { memfd: 'huge', hugePageSize: huge });
      memory.bytes(0, 2 * huge).fill(1);
      memory.discard(0, huge);
      using other = GuestMemory.create(huge, { hugePageSize: huge, populate: true });
      expect(other.bytes(0, 1)[0]).toBe(0);
      expect([memory.bytes(0, 1)[0], memory.bytes(huge, 1)[0], memory.lostPages]).toEqual([0, 1, 1]);
      memory.write(huge - 1, Uint8Array.of(7));
      expect([memory.bytes(huge - 1, 1)[0], memory.lostPages]).toEqual([7, 1]);
    });
    if (!provided) expect(() => GuestMemory.create(2 ** 40, { hugePageSize: huge })).toThrow(/too few free huge pages/);
  });
});
