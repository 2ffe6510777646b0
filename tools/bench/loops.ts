/**
 * The loops that are compared, each once over emitted views and once over typed arrays. They are all of one shape, and
 * take another instance in every turn: of a single one V8 would make a constant.
 *
 * The benchmark loads this module several times; see `compare` in harness.ts.
 */

import { KVM_EXIT_IO, type KvmRun } from '../../generated/x86_64/linux/kvm.js';

/** Instances that the loops take turns with; a power of two. */
export const instances = 64;
const mask = instances - 1;

/** What one writes without bindings: typed arrays over one mapped `struct kvm_run`, and offsets counted by hand. */
export interface RunByHand {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
}

// Indices are constants and the arrays long enough: `as number` keeps the checker from asking for code at run time.

/** What the views do with the halves of a 64-bit integer: no number that is not exact. */
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

/** As above, but with a new view for every field: `run.io.port` is what comes to mind first. */
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

/** Allocates on purpose: every bigint is kept for a while. */
export function keptBigintsOfViews(runs: readonly KvmRun[], kept: bigint[], count: number): number {
  for (let i = 0; i < count; i++) {
    const run = runs[i & mask] as KvmRun;
    kept[i & mask] = run.cr8;
  }
  return kept.length;
}
