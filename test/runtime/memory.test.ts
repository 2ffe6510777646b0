/** Guest memory: its views and windows, its handles, and its end. */

import { readFileSync, readlinkSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KvmRegs } from '../../generated/x86_64/linux/kvm.js';
import { newHandle } from '../../runtime/arguments.js';
import { GuestMemory, KvmArgumentError, KvmClosedError, KvmError } from '../../runtime/index.js';
import { Helper, isMemory, mappingAt, openFiles, residentBytes } from '../helpers/vcpus.js';

const GiB = 2 ** 30;

describe('guest memory', () => {
  it('memory is zeroed, and its bytes, DataViews and generated views show the same contents', () => {
    using memory = GuestMemory.create(0x4000);
    expect(memory.size).toBe(0x4000);
    expect(memory.bytes(0, 0x4000).every((byte) => byte === 0)).toBe(true);

    memory.write(0x1008, Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    expect(memory.dataView(0x1008, 4).getUint32(0, true)).toBe(0x12345678);
    const regs = memory.view(KvmRegs, 0x1000);
    expect(regs.rbx).toBe(0x12345678n);
    regs.rax = 0xffn;
    expect([...memory.bytes(0x1000, 2)]).toEqual([0xff, 0]);
  });

  it.each([0, -4096, 1, 4095, 4097, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])(
    'create refuses a size of %d',
    (size) => {
      expect(() => GuestMemory.create(size)).toThrow(KvmArgumentError);
    },
  );

  it('the error of create says that the kernel does not have enough memory', () => {
    expect(() => GuestMemory.create(2 ** 50)).toThrow(KvmError);
    expect(() => GuestMemory.create(2 ** 50)).toThrow(/^GuestMemory\.create: ENOMEM: /);
  });

  const outside = /are not all inside the 16384 bytes$/;
  const notInteger = /; it must be an integer below 2\^53$/;

  it.each([
    [-1, 1, outside],
    [0, 0x4001, outside],
    [0x4000, 1, outside],
    [0x3fff, 2, outside],
    [0, -1, outside],
    [0.5, 1, notInteger],
    [0, Number.NaN, notInteger],
    [Number.NaN, 1, notInteger],
    [2 ** 53, 0, notInteger],
  ])('bytes and dataView refuse the offset %d with %d bytes', (offset, length, message) => {
    using memory = GuestMemory.create(0x4000);
    for (const look of [() => memory.bytes(offset, length), () => memory.dataView(offset, length)]) {
      expect(look).toThrow(KvmArgumentError);
      expect(look).toThrow(message);
    }
  });

  it('read returns a copy, which later writes do not change', () => {
    using memory = GuestMemory.create(0x4000);
    memory.write(0x10, Uint8Array.of(1, 2, 3));
    const copy = memory.read(0x10, 3);
    memory.write(0x10, Uint8Array.of(9, 9, 9));
    expect([...copy]).toEqual([1, 2, 3]);
    expect(() => memory.read(0x3fff, 2)).toThrow(KvmArgumentError);
  });

  it('write and view refuse a range outside of the memory', () => {
    using memory = GuestMemory.create(0x4000);
    expect(() => memory.write(0x3ffe, new Uint8Array(3))).toThrow(KvmArgumentError);
    expect(() => memory.view(KvmRegs, 0x4000 - KvmRegs.$size + 1)).toThrow(KvmArgumentError);
    expect(memory.view(KvmRegs, 0x4000 - KvmRegs.$size).rax).toBe(0n);
  });

  it('write refuses an object that has only the prototype of a Uint8Array, and a Proxy of a Uint8Array', () => {
    using memory = GuestMemory.create(0x4000);
    for (const wrong of [Object.create(Uint8Array.prototype), new Proxy(new Uint8Array(4), {})]) {
      expect(() => memory.write(0, wrong)).toThrow(KvmArgumentError);
      expect(() => memory.write(0, wrong)).toThrow(/; it must be a Uint8Array$/);
    }
  });

  it('an error shows that a bigint is not a number, where only a number is right', () => {
    using memory = GuestMemory.create(0x4000);
    expect(() => memory.read(0n as never, 4)).toThrow(/: offset 0n; it must be an integer below 2\^53$/);
    expect(() => memory.read(0, 4n as never)).toThrow(/: length 4n; /);
    expect(() => GuestMemory.create(0x1000n as never)).toThrow(/: size 4096n; it must be a positive multiple of 4096$/);
  });

  it('write copies all bytes of a subclass that redefines its length', () => {
    class Shorter extends Uint8Array {
      override get length(): number {
        return 1;
      }
    }
    using memory = GuestMemory.create(0x4000);
    memory.write(0, new Shorter([1, 2, 3, 4]));
    expect([...memory.read(0, 4)]).toEqual([1, 2, 3, 4]);
    expect(() => memory.write(0x3ffe, new Shorter(4))).toThrow(KvmArgumentError);
  });

  it('bytes accepts a length of 0 at every offset, including the end', () => {
    using memory = GuestMemory.create(GiB);
    for (const offset of [0, 5, GiB]) expect(memory.bytes(offset, 0)).toHaveLength(0);
  });

  // Shows: statement 63
  it('memory can be larger than one ArrayBuffer, and windows give access to its parts', () => {
    using memory = GuestMemory.create(5 * GiB);
    const high = 4.5 * GiB;
    memory.write(high, Uint8Array.of(1, 2, 3));
    expect([...memory.bytes(high - 1, 5)]).toEqual([0, 1, 2, 3, 0]);
    // The bytes 4 GiB below are other bytes.
    expect([...memory.bytes(high - 4 * GiB, 3)]).toEqual([0, 0, 0]);
    memory.write(5 * GiB - 1, Uint8Array.of(9));
    expect(memory.bytes(5 * GiB - 1, 1)[0]).toBe(9);
  });

  it.each([1, 2, 4])('a DataView can lie across the border at %d GiB', (gib) => {
    using memory = GuestMemory.create(5 * GiB);
    const seam = gib * GiB;
    const across = memory.dataView(seam - 4, 8);
    across.setBigUint64(0, 0x1122_3344_5566_7788n, true);
    expect(memory.dataView(seam - 4, 4).getUint32(0, true)).toBe(0x5566_7788);
    expect(memory.dataView(seam, 4).getUint32(0, true)).toBe(0x1122_3344);
    memory.bytes(seam, 1)[0] = 0xee;
    expect(across.getUint8(4)).toBe(0xee);
  });

  it('bytes returns as many bytes as a typed array of Node can have, and refuses more', () => {
    using memory = GuestMemory.create(5 * GiB);
    const wide = memory.bytes(GiB, 3 * GiB);
    wide[3 * GiB - 1] = 7;
    expect(memory.bytes(4 * GiB - 1, 1)[0]).toBe(7);
    using huge = GuestMemory.create(2 ** 45);
    // A typed array of Node 20 has at most 2^32 bytes. A later version may allow more.
    const look = (): number => huge.bytes(0, 2 ** 45).length;
    try {
      expect(look()).toBe(2 ** 45);
    } catch (error) {
      expect(error).toBeInstanceOf(KvmArgumentError);
      expect((error as Error).message).toMatch(/use several views$/);
    }
  });

  // Shows: statement 61, security 23
  it('a view throws a TypeError after `close`, and a typed array has no elements', () => {
    const memory = GuestMemory.create(0x4000);
    const view = memory.dataView(0, 8);
    const regs = memory.view(KvmRegs, 0);
    const bytes = memory.bytes(0, 8);
    memory.close();
    memory.close();
    expect(() => view.getUint8(0)).toThrow(TypeError);
    expect(() => view.setUint8(0, 1)).toThrow(TypeError);
    expect(() => regs.rax).toThrow(TypeError);
    // A typed array does not throw. It has no elements any more.
    expect(bytes).toHaveLength(0);
    expect(() => memory.bytes(0, 1)).toThrow(KvmClosedError);
    expect(() => memory.share()).toThrow(KvmClosedError);
    expect(() => memory.address).toThrow(KvmClosedError);
  });

  // Shows: security 23
  it('close releases the memory, and its addresses stay reserved while a view refers to them', () => {
    const memory = GuestMemory.create(0x4000);
    const { address } = memory;
    const bytes = memory.bytes(0, 0x4000).fill(1);
    expect([isMemory(address), residentBytes(address, 0x4000)]).toEqual([true, 0x4000]);
    memory.close();
    expect([isMemory(address), residentBytes(address, 0x4000)]).toEqual([false, 0]);
    expect(bytes).toHaveLength(0);
  });

  // Shows: statement 69
  it('child processes do not get guest memory, which `fork` would make copy-on-write', () => {
    using memory = GuestMemory.create(0x4000);
    expect(mappingAt(memory.address)?.flags).toContain('dc');
  });
});

describe('memory with a memfd', () => {
  it('the memfd is a file that other processes can map', () => {
    using memory = GuestMemory.create(0x4000, { memfd: 'test memory' });
    const path = `/proc/self/fd/${memory.fd}`;
    expect(readlinkSync(path)).toBe('/memfd:test memory (deleted)');
    memory.write(0x2000, new TextEncoder().encode('seen through the file'));
    expect(readFileSync(path).subarray(0x2000, 0x2015).toString()).toBe('seen through the file');
  });

  it('the memfd refuses to be shortened, since an access to the missing part would end the process', () => {
    using memory = GuestMemory.create(0x4000, { memfd: 'sealed' });
    expect(() => truncateSync(`/proc/self/fd/${memory.fd}`, 0)).toThrow(/EPERM/);
    expect(memory.bytes(0x3fff, 1)[0]).toBe(0);
  });

  it('close closes the memfd', () => {
    const before = openFiles();
    const memory = GuestMemory.create(0x4000, { memfd: 'closed' });
    expect(openFiles()).toBe(before + 1);
    memory.close();
    expect(openFiles()).toBe(before);
  });

  it('the memfd can be larger than 4 GiB', () => {
    using memory = GuestMemory.create(5 * GiB, { memfd: 'large' });
    memory.write(4.5 * GiB, Uint8Array.of(42));
    expect(memory.bytes(4.5 * GiB, 1)[0]).toBe(42);
  });

  it('fd is null for memory without a memfd', () => {
    using memory = GuestMemory.create(0x4000);
    expect(memory.fd).toBeNull();
  });
});

describe('memory in a Worker', () => {
  // Shows: statement 62
  it('memory that is posted to a Worker is the same memory there', async () => {
    await using helper = await Helper.start();
    using memory = GuestMemory.create(5 * GiB);
    const at = 4.5 * GiB;
    memory.write(at, Uint8Array.of(1, 2, 3));
    expect(await helper.do('writeMemory', { memory: memory.share(), at, bytes: [4, 5, 6] })).toEqual([1, 2, 3]);
    expect([...memory.bytes(at, 3)]).toEqual([4, 5, 6]);
  });

  it('memory stays mapped in a Worker after this thread has closed it', async () => {
    await using helper = await Helper.start();
    const memory = GuestMemory.create(0x4000);
    const shared = memory.share();
    const { address } = memory;
    const answer = helper.do('writeMemory', { memory: shared, at: 0, bytes: [1] });
    await answer;
    memory.close();
    // The Worker still has a window of the memory.
    expect(isMemory(address)).toBe(true);
    expect(await helper.do('writeMemory', { memory: shared, at: 0, bytes: [2] })).toEqual([1]);
  });

  // Shows: security 24
  it('a handle does not keep memory alive, and attach refuses it after the last `close`', async () => {
    let shared: ReturnType<GuestMemory['share']>;
    {
      using memory = GuestMemory.create(0x4000);
      shared = memory.share();
      using again = GuestMemory.attach(shared);
      expect(again.address).toBe(memory.address);
    }
    expect(() => GuestMemory.attach(shared)).toThrow(KvmClosedError);
    expect(() => GuestMemory.attach(newHandle('guest memory', 0))).toThrow(KvmClosedError);
    await using helper = await Helper.start();
    await expect(helper.do('writeMemory', { memory: shared, at: 0, bytes: [1] })).rejects.toThrow(/KvmClosedError/);
  });
});
