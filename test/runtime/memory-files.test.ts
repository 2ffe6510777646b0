/** Guest memory over a file that exists already: shared or private, whole or in part. */

import { closeSync, ftruncateSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { GuestMemory, type GuestMemoryFileOptions, KvmArgumentError, KvmError } from '../../runtime/index.js';
import { places, realMode } from '../../tools/guests/index.js';
import { temporaryFolder } from '../helpers/cli.js';
import { createVm, Helper, hasKvm, needsKvm, openFiles, run } from '../helpers/vcpus.js';

const pages = 4;

/** A file of some pages, each filled with its number from 1, and `rest` bytes more. */
function makeFile(rest = 0): string {
  const path = join(temporaryFolder(), 'memory');
  const contents = Buffer.alloc(pages * 4096 + rest, pages + 1);
  for (let page = 0; page < pages; page++) contents.fill(page + 1, page * 4096, (page + 1) * 4096);
  writeFileSync(path, contents);
  return path;
}

/** Maps a file, and closes the file descriptor. */
function mapFile(path: string, options: GuestMemoryFileOptions = {}, flags = 'r+'): GuestMemory {
  const fd = openSync(path, flags);
  try {
    return GuestMemory.fromFile(fd, options);
  } finally {
    closeSync(fd);
  }
}

describe('memory of a file', () => {
  it('fromFile maps all of a file, and writes change the file', () => {
    const path = makeFile();
    using memory = mapFile(path);
    expect(memory.size).toBe(pages * 4096);
    expect([0, 4096, 0x3fff].map((at) => memory.bytes(at, 1)[0])).toEqual([1, 2, 4]);
    memory.write(0x1001, Uint8Array.of(0xaa));
    expect([...readFileSync(path).subarray(0x1000, 0x1003)]).toEqual([2, 0xaa, 2]);
    expect(memory.lostPages).toBe(0);
    expect(readFileSync(`/proc/self/fd/${memory.fd}`)).toHaveLength(pages * 4096);
  });

  it('fromFile maps a part of a file', () => {
    const path = makeFile();
    using memory = mapFile(path, { offset: 0x1000, length: 0x2000, populate: true });
    expect(memory.size).toBe(0x2000);
    expect([memory.bytes(0, 1)[0], memory.bytes(0x1fff, 1)[0]]).toEqual([2, 3]);
    memory.write(0, Uint8Array.of(9));
    expect(readFileSync(path)[0x1000]).toBe(9);
    using rest = mapFile(path, { offset: 0x3000 });
    expect([rest.size, rest.bytes(0, 1)[0]]).toEqual([0x1000, 4]);
  });

  it('writes to private memory do not change the file, which can be read-only', () => {
    const path = makeFile();
    using memory = mapFile(path, { private: true }, 'r');
    memory.write(0, Uint8Array.of(0xaa));
    expect(memory.bytes(0, 2)).toEqual(Uint8Array.of(0xaa, 1));
    expect(readFileSync(path)[0]).toBe(1);
    expect(memory.fd).toBeNull();
  });

  it('the bytes between the end of a file and the end of its last page are zeros', () => {
    using memory = mapFile(makeFile(10));
    expect(memory.size).toBe((pages + 1) * 4096);
    expect([...memory.bytes(pages * 4096 + 9, 3)]).toEqual([5, 0, 0]);
  });

  it('the memory keeps the file open by a file descriptor of its own, until `close`', () => {
    const path = makeFile();
    const before = openFiles();
    const shared = mapFile(path);
    expect(openFiles()).toBe(before + 1);
    const isPrivate = mapFile(path, { private: true });
    expect(openFiles()).toBe(before + 1);
    shared.close();
    isPrivate.close();
    expect(openFiles()).toBe(before);
  });

  it('a memfd can be mapped a second time, and both memories have the same bytes', () => {
    using memory = GuestMemory.create(0x2000, { memfd: 'twice' });
    using again = GuestMemory.fromFile(memory.fd ?? -1);
    again.write(0x1000, Uint8Array.of(7));
    expect(memory.bytes(0x1000, 1)[0]).toBe(7);
    // The size of the memfd is sealed.
    expect(() => ftruncateSync(again.fd ?? -1, 0)).toThrow(/EPERM/);
  });

  it.skipIf(!hasKvm)(`a guest runs from private memory of a file, which stays as it is ${needsKvm}`, () => {
    using vm = createVm();
    using loaded = realMode.input.load(vm);
    const path = join(temporaryFolder(), 'snapshot');
    writeFileSync(path, loaded.memory.read(0, places.end));
    vm.removeMemory(0);
    using memory = mapFile(path, { private: true }, 'r');
    vm.addMemory({ memory, guestAddress: 0 });
    expect(run(loaded)).toBe(`exit ${kvm.KVM_EXIT_IO}`);
    loaded.vcpu.shared.setUint8(loaded.vcpu.kvmRun.io.$data_offset, 0x42);
    expect(run(loaded)).toBe(`exit ${kvm.KVM_EXIT_HLT}`);
    expect(memory.bytes(places.data, 1)[0]).toBe(0x42);
    expect(readFileSync(path)[places.data]).toBe(0);
  });

  it('memory of a file that is posted to a Worker is the same memory there', async () => {
    await using helper = await Helper.start();
    const path = makeFile();
    using memory = mapFile(path);
    expect(await helper.do('writeMemory', { memory: memory.share(), at: 0x2000, bytes: [8] })).toEqual([3]);
    expect(readFileSync(path)[0x2000]).toBe(8);
  });

  it.each<[string, GuestMemoryFileOptions, RegExp]>([
    [
      'an offset within a page',
      { offset: 1 },
      /: offset 1 of a file of 16384 bytes; they must be multiples of its page/,
    ],
    ['a length within a page', { length: 4097 }, /: offset 0 and length 4097 of a file of 16384 bytes; /],
    ['a length of 0', { length: 0 }, /the memory must have at least one page$/],
    ['an offset at the end', { offset: 0x4000 }, /: offset 16384 of a file of 16384 bytes; /],
    ['an offset beyond the end', { offset: 2 ** 40 }, /: offset 1099511627776 of a file of 16384 bytes; /],
    ['a part beyond the end', { offset: 0x2000, length: 0x3000 }, /: offset 8192 and length 12288 of a file of 16384/],
    ['the largest numbers', { offset: 2 ** 53 - 4096, length: 4096 }, /: offset 9007199254736896 and length 4096 of /],
    ['an offset below 0', { offset: -4096 }, /: offset -4096; it must be an integer from 0 to /],
    ['a private that is not a boolean', { private: 1 as never }, /: private 1; it must be a boolean$/],
    [
      'a misspelled option',
      { readonly: true } as never,
      /: unknown option 'readonly'; expected one of offset, length, private, populate$/,
    ],
  ])('fromFile refuses %s', (_, options, message) => {
    const path = makeFile();
    expect(() => mapFile(path, options)).toThrow(KvmArgumentError);
    expect(() => mapFile(path, options)).toThrow(message);
  });

  it('fromFile refuses an empty file, a device, a pipe and a file that is not open for writing', () => {
    const empty = join(temporaryFolder(), 'empty');
    writeFileSync(empty, '');
    expect(() => mapFile(empty)).toThrow(/^GuestMemory\.fromFile: offset 0 of a file of 0 bytes; /);
    for (const path of ['/dev/null', '/dev/zero']) {
      expect(() => mapFile(path)).toThrow(
        /^GuestMemory\.fromFile: ENODEV: only regular files and memfds can be guest memory$/,
      );
    }
    const path = makeFile();
    expect(() => mapFile(path, {}, 'r')).toThrow(
      /EACCES: the file is not open for reading and writing; .* private: true$/,
    );
    expect(() => mapFile(path, {}, 'r')).toThrow(KvmError);
    expect(() => mapFile(path, { private: true }, 'a')).toThrow(/EACCES: the file is not open for reading$/);
    expect(() => GuestMemory.fromFile(0x7fff_ffff)).toThrow(
      /EBADF: the file descriptor 2147483647 is not open, or only with O_PATH$/,
    );
    expect(() => GuestMemory.fromFile(-1)).toThrow(/: fd -1; it must be an integer from 0 to 2147483647$/);
  });

  it('discard punches a hole into a shared file, at the place of the memory in the file', () => {
    const path = makeFile();
    using memory = mapFile(path, { offset: 0x1000, length: 0x2000 });
    memory.discard(0x1000, 0x1000);
    expect([memory.bytes(0, 1)[0], memory.bytes(0x1000, 1)[0]]).toEqual([2, 0]);
    expect([0, 0x1000, 0x2000, 0x3000].map((at) => readFileSync(path)[at])).toEqual([1, 2, 0, 4]);
  });

  it('discard gives private memory the bytes of the file again', () => {
    using memory = mapFile(makeFile(), { private: true });
    memory.write(0x1000, Uint8Array.of(9));
    memory.discard(0x1000, 0x1000);
    expect(memory.bytes(0x1000, 1)[0]).toBe(2);
  });

  // Shows: security 35
  it('pages that a file has lost are zeros, and are counted', () => {
    const path = makeFile();
    using memory = mapFile(path);
    expect(memory.bytes(0, 1)[0]).toBe(1);
    truncateSync(path, 0x1000);
    expect(memory.lostPages).toBe(0);
    expect(memory.bytes(0x2000, 1)[0]).toBe(0);
    expect(memory.lostPages).toBe(1);
    memory.write(0x3004, Uint8Array.of(9));
    expect([...memory.read(0x3003, 3)]).toEqual([0, 9, 0]);
    expect(memory.lostPages).toBe(2);
    expect(memory.bytes(0, 1)[0]).toBe(1);
    // The page is not connected to the file any more, so discard clears it too.
    truncateSync(path, pages * 4096);
    memory.discard(0x3000, 0x1000);
    expect(memory.bytes(0x3004, 1)[0]).toBe(0);
    // A page that nobody has accessed while the file was short is not lost.
    memory.write(0x1000, Uint8Array.of(3));
    expect([memory.lostPages, readFileSync(path)[0x1000]]).toEqual([2, 3]);
  });

  // Shows: security 35
  it('private memory survives a file that becomes shorter', () => {
    const path = makeFile();
    using memory = mapFile(path, { private: true });
    memory.write(0x1000, Uint8Array.of(9));
    truncateSync(path, 0);
    expect([memory.bytes(0x1000, 1)[0], memory.bytes(0, 1)[0], memory.lostPages]).toEqual([0, 0, 2]);
  });
});
