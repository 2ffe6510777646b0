/** The numbers that callers pass. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { KvmArgumentError } from '../../runtime/index.js';
import { requireInteger, requireU32, requireU64, setMember } from '../../runtime/numbers.js';
import { allocate } from '../../support/index.js';

describe('numbers', () => {
  it('every function returns an integer that is in the range', () => {
    expect(requireInteger('x', 'n', 5, 5)).toBe(5);
    expect(requireInteger('x', 'n', 5n, 5)).toBe(5);
    expect(requireU32('x', 'n', 0xffff_ffff)).toBe(0xffff_ffff);
    expect(requireU64('x', 'n', 0)).toBe(0n);
    expect(requireU64('x', 'n', 2n ** 64n - 1n)).toBe(2n ** 64n - 1n);
  });

  const wrong: readonly unknown[] = [-1, -1n, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', {}, undefined, null];
  it.each([...wrong, 2 ** 32, 2n ** 32n])('requireU32 refuses %s', (value) => {
    expect(() => requireU32('KVM_IRQ_LINE', 'gsi', value as number)).toThrow(
      /^KVM_IRQ_LINE: gsi .+; it must be an integer from 0 to 4294967295$/,
    );
  });

  it.each([
    [-1, '-1'],
    [2n ** 32n, '4294967296'],
    ['5', "'5'"],
    [{}, 'an object of Object'],
    [Object.create(null), 'an object of no class'],
    [Symbol('x'), 'Symbol(x)'],
    [() => 5, 'a function'],
  ])('the error shows the value: %#', (value, shown) => {
    expect(() => requireU32('x', 'n', value as number)).toThrow(`x: n ${shown}; it must be an integer`);
  });

  it.each([...wrong, 2 ** 53, 2n ** 64n])('requireU64 refuses %s', (value) => {
    expect(() => requireU64('x', 'n', value as number)).toThrow(KvmArgumentError);
  });

  it('setMember takes the range of the member from the layout, and leaves the struct unchanged when it refuses', () => {
    const ioeventfd = allocate(kvm.KvmIoeventfd);
    setMember('x', ioeventfd, 'addr', 'address', 2n ** 64n - 1n);
    setMember('x', ioeventfd, 'len', 'length', 0xffff_ffffn);
    setMember('x', ioeventfd, 'fd', 'fd', -1);
    expect(ioeventfd).toMatchObject({ addr: 2n ** 64n - 1n, len: 0xffff_ffff, fd: -1 });
    expect(() => setMember('x', ioeventfd, 'addr', 'address', 2n ** 64n)).toThrow(
      'x: address 18446744073709551616; it must be an integer from 0 to 2^64 - 1',
    );
    expect(() => setMember('x', ioeventfd, 'len', 'length', 2 ** 32)).toThrow('an integer from 0 to 4294967295');
    expect(() => setMember('x', ioeventfd, 'fd', 'fd', 2 ** 31)).toThrow(
      'x: fd 2147483648; it must be an integer from -2147483648 to 2147483647',
    );
    expect(() => setMember('x', ioeventfd, 'addr', 'port', 0x1_0000, 0xffffn)).toThrow('from 0 to 65535');
    expect(ioeventfd).toMatchObject({ addr: 2n ** 64n - 1n, len: 0xffff_ffff, fd: -1 });
    const control = allocate(kvm.KvmReinjectControl);
    expect(() => setMember('x', control, 'pit_reinject', 'reinject', 256)).toThrow('an integer from 0 to 255');
  });
});
