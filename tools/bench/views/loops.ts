/**
 * The loops that are compared. Each loop exists for emitted views and for typed arrays. All loops have the same form, and each
 * iteration uses another instance, because V8 would treat a single instance as a constant.
 *
 * The benchmark loads this module several times; see `compare` in harness.ts.
 */

import { KVM_EXIT_IO, type KvmRun } from '../../../generated/x86_64/linux/kvm.js';

/** The number of instances that the loops use in turn. It is a power of two. */
export const instances = 64;
const mask = instances - 1;

/** Code without bindings: typed arrays over one mapped `struct kvm_run`. The loops contain the offsets as numbers. */
export interface RunByHand {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
}

// The indices are constants, and the arrays are long enough. `as number` says so to the type checker without code at run time.

/** Code without bindings that reads and writes a DataView. Unlike typed arrays, a DataView throws if its buffer is detached. */
export type ViewByHand = DataView;

/** Combines the halves of a 64-bit integer as the views do. It refuses an integer that a number cannot represent exactly. */
function numberByHand(low: number, high: number): number {
  if (high > 0x1fffff) throw unsafe(low, high);
  return high * 0x1_0000_0000 + low;
}

function unsafe(low: number, high: number): RangeError {
  return new RangeError(`${(BigInt(high) << 32n) | BigInt(low)} is not a safe integer`);
}

export function fieldsOfViews(runs: readonly KvmRun[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    sum = (sum + run.exit_reason + run.ready_for_interrupt_injection + run.if_flag + run.flags) | 0;
    run.immediate_exit = i & 1;
  }
  return sum;
}

export function fieldsByHand(runs: readonly RunByHand[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as RunByHand;
    sum = (sum + (run.u32[2] as number) + (run.u8[12] as number) + (run.u8[13] as number) + (run.u16[7] as number)) | 0;
    run.u8[1] = i & 1;
  }
  return sum;
}

export function fieldsByDataView(runs: readonly ViewByHand[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as ViewByHand;
    sum = (sum + run.getUint32(8, true) + run.getUint8(12) + run.getUint8(13) + run.getUint16(14, true)) | 0;
    run.setUint8(1, i & 1);
  }
  return sum;
}

export function numbersOfViews(runs: readonly KvmRun[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    sum = (sum + run.$cr8) | 0;
  }
  return sum;
}

export function numbersByHand(runs: readonly RunByHand[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as RunByHand;
    sum = (sum + numberByHand(run.u32[4] as number, run.u32[5] as number)) | 0;
  }
  return sum;
}

export function numbersByDataView(runs: readonly ViewByHand[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as ViewByHand;
    sum = (sum + numberByHand(run.getUint32(16, true), run.getUint32(20, true))) | 0;
  }
  return sum;
}

export function bigintsOfViews(runs: readonly KvmRun[], count: number): bigint {
  let sum = 0n;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    sum = BigInt.asUintN(64, sum + run.cr8);
  }
  return sum;
}

export function bigintsByHand(runs: readonly RunByHand[], count: number): bigint {
  let sum = 0n;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as RunByHand;
    sum = BigInt.asUintN(64, sum + (run.u64[2] as bigint));
  }
  return sum;
}

export function bigintsByDataView(runs: readonly ViewByHand[], count: number): bigint {
  let sum = 0n;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as ViewByHand;
    sum = BigInt.asUintN(64, sum + run.getBigUint64(16, true));
  }
  return sum;
}

export function exitsOfViews(runs: readonly KvmRun[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    if (run.exit_reason === KVM_EXIT_IO) {
      const { io } = run;
      sum = (sum + io.direction + io.size + io.port + io.count + io.$data_offset) | 0;
    }
  }
  return sum;
}

/** The same as `exitsOfViews`, but each field is read with a new view, because `run.io.port` is the most obvious code. */
export function exitsOfManyViews(runs: readonly KvmRun[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    if (run.exit_reason === KVM_EXIT_IO) {
      sum = (sum + run.io.direction + run.io.size + run.io.port + run.io.count + run.io.$data_offset) | 0;
    }
  }
  return sum;
}

export function exitsByHand(runs: readonly RunByHand[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as RunByHand;
    if (run.u32[2] === 2) {
      const direction = run.u8[32] as number;
      const size = run.u8[33] as number;
      const port = run.u16[17] as number;
      const elements = run.u32[9] as number;
      const offset = numberByHand(run.u32[10] as number, run.u32[11] as number);
      sum = (sum + direction + size + port + elements + offset) | 0;
    }
  }
  return sum;
}

export function exitsByDataView(runs: readonly ViewByHand[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as ViewByHand;
    if (run.getUint32(8, true) === 2) {
      const direction = run.getUint8(32);
      const size = run.getUint8(33);
      const port = run.getUint16(34, true);
      const elements = run.getUint32(36, true);
      const offset = numberByHand(run.getUint32(40, true), run.getUint32(44, true));
      sum = (sum + direction + size + port + elements + offset) | 0;
    }
  }
  return sum;
}

/** Allocates memory on purpose: it keeps each bigint for some iterations. */
export function keptBigintsOfViews(runs: readonly KvmRun[], kept: bigint[], count: number): number {
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    kept[i & mask] = run.cr8;
  }
  return kept.length;
}
