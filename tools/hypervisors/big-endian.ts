/**
 * Runs on a big-endian processor: emitted views and the support library are compared with typed arrays, which have the
 * processor's byte order. Prints a row for each check. The exit code is 0 only if all checks pass.
 */

import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import * as bindings from '../../generated/s390x/linux/kvm.js';
import * as little from '../../generated/x86_64/linux/kvm.js';
import { wrongArchitecture } from '../../runtime/host-bindings.js';
import * as big from '../../support/big-endian.js';
import { compareWithTypedArrays } from '../lib/native-order.js';
import { check, exitCode } from './checks.js';

await check('the processor is big-endian', () => {
  assert.equal(endianness(), 'BE');
  return '';
});

await check('every aligned number of the bindings is read and written as by a typed array, also atomically', () => {
  const { members, differences } = compareWithTypedArrays(bindings);
  assert.deepEqual(differences, []);
  assert.ok(members > 300, `only ${members} members`);
  return `${members} members`;
});

await check('bindings in the other byte order are different', () => {
  const { differences } = compareWithTypedArrays(little);
  assert.ok(differences.length > 300, `only ${differences.length} differences`);
  return `${differences.length} differences`;
});

await check('an array of each type has the bytes of a typed array', () => {
  const buffer = new ArrayBuffer(24);
  const at = new DataView(buffer);
  const numbers = [
    [big.U16Array, new Uint16Array(buffer, 0, 3), [0, 0x1234, 0xffff]],
    [big.S16Array, new Int16Array(buffer, 0, 3), [-0x8000, -2, 0x1234]],
    [big.U32Array, new Uint32Array(buffer, 0, 3), [1, 0x1234_5678, 0xffff_ffff]],
    [big.S32Array, new Int32Array(buffer, 0, 3), [-0x8000_0000, -2, 0x1234_5678]],
    [big.F32Array, new Float32Array(buffer, 0, 3), [-1.5, 0.25, Number.POSITIVE_INFINITY]],
    [big.F64Array, new Float64Array(buffer, 0, 3), [-1.5, 0.1, Number.MIN_VALUE]],
  ] as const;
  for (const [type, typed, values] of numbers) {
    const array = new type(at, 0, 3);
    array.assign(values);
    assert.deepEqual([...typed], [...values]);
    assert.deepEqual([...array], [...typed]);
  }
  const wide = [1n, 0x1234_5678_9abc_def0n, 2n ** 64n - 1n];
  new big.U64Array(at, 0, 3).assign(wide);
  assert.deepEqual([...new BigUint64Array(buffer, 0, 3)], wide);
  return '';
});

await check('the runtime accepts the bindings of s390x and refuses those of x86-64', () => {
  assert.equal(wrongArchitecture(bindings), undefined);
  assert.match(wrongArchitecture(little) ?? '', /^the bindings are of x86_64, and this process is of s390x/);
  return '';
});

process.exitCode = exitCode();
