/**
 * Compares emitted views with typed arrays and with a DataView, over as many `struct kvm_run` as a busy machine has. The code by
 * hand contains all offsets as numbers.
 */

import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import type { View, ViewClass } from '../../../support/index.js';
import { allocated, type Pair, type Result } from '../harness.js';
import { ratio } from './compared.js';
import type { RunByHand } from './loops.js';
import { benchMembers } from './members.js';

type Loops = typeof import('./loops.js');

const copies = 9;
/** The result of KVM_GET_VCPU_MMAP_SIZE on x86. */
const mapping = 12_288;

export async function benchViews(): Promise<Result[]> {
  useAllClasses();
  const modules: Loops[] = [];
  // With another query the loader loads the module again, and V8 compiles it again.
  for (let copy = 0; copy < copies; copy++) modules.push((await import(`./loops.js?copy=${copy}`)) as Loops);
  const mappings = Array.from({ length: (modules[0] as Loops).instances }, (_, index) => mappedRun(index));
  const views = mappings.map((buffer) => new kvm.KvmRun(new DataView(buffer)));
  const byHand = mappings.map(
    (buffer): RunByHand => ({
      u8: new Uint8Array(buffer),
      u16: new Uint16Array(buffer),
      u32: new Uint32Array(buffer),
      u64: new BigUint64Array(buffer),
    }),
  );
  const dataViews = mappings.map((buffer) => new DataView(buffer));
  /** Compares a loop with the two kinds of code by hand. Null is the bound of a figure that is only reported. */
  const rows = (
    subject: string,
    bounds: { readonly typedArrays: number | null; readonly dataView: number | null },
    generated: (loops: Loops, count: number) => number | bigint,
    typedArrays: (loops: Loops, count: number) => number | bigint,
    dataView: (loops: Loops, count: number) => number | bigint,
  ): Result[] => {
    const pairs = (byHand: typeof generated): Pair[] =>
      modules.map((loops) => ({
        generated: (count) => generated(loops, count),
        byHand: (count) => byHand(loops, count),
      }));
    return [
      ratio(`${subject} / typed arrays`, bounds.typedArrays, mappings, pairs(typedArrays)),
      ratio(`${subject} / DataView`, bounds.dataView, mappings, pairs(dataView)),
    ];
  };
  return [
    ...rows(
      'fields of 8 to 32 bits',
      { typedArrays: 1.1, dataView: 1.2 },
      (loops, count) => loops.fieldsOfViews(views, count),
      (loops, count) => loops.fieldsByHand(byHand, count),
      (loops, count) => loops.fieldsByDataView(dataViews, count),
    ),
    ...rows(
      'u64 as a number',
      { typedArrays: 1.1, dataView: 1.2 },
      (loops, count) => loops.numbersOfViews(views, count),
      (loops, count) => loops.numbersByHand(byHand, count),
      (loops, count) => loops.numbersByDataView(dataViews, count),
    ),
    // Node 20 does not compile getBigUint64 to machine code, so fast code reads numbers.
    ...rows(
      'u64 as a bigint',
      { typedArrays: null, dataView: 1.2 },
      (loops, count) => loops.bigintsOfViews(views, count),
      (loops, count) => loops.bigintsByHand(byHand, count),
      (loops, count) => loops.bigintsByDataView(dataViews, count),
    ),
    ...rows(
      'I/O exit',
      { typedArrays: 1.3, dataView: 1.5 },
      (loops, count) => loops.exitsOfViews(views, count),
      (loops, count) => loops.exitsByHand(byHand, count),
      (loops, count) => loops.exitsByDataView(dataViews, count),
    ),
    ...rows(
      'I/O exit, a new view for each field',
      { typedArrays: null, dataView: null },
      (loops, count) => loops.exitsOfManyViews(views, count),
      (loops, count) => loops.exitsByHand(byHand, count),
      (loops, count) => loops.exitsByDataView(dataViews, count),
    ),
    ...(await benchMembers(copies)),
    ...allocations(modules, views),
  ];
}

/** The allocated bytes per operation of the loops that read numbers. */
function allocations(modules: readonly Loops[], views: readonly kvm.KvmRun[]): Result[] {
  const bytes = (loop: (loops: Loops, count: number) => number): number =>
    allocated(modules.map((loops) => (count) => loop(loops, count)));
  // A loop that allocates must show an allocation. Otherwise the measurement does not work.
  const kept: bigint[] = views.map(() => 0n);
  const seen = bytes((loops, count) => loops.keptBigintsOfViews(views, kept, count));
  if (seen < 16)
    throw new Error(`the loop keeps a bigint per operation, but only ${seen} bytes per operation were measured`);
  const note = `control: a loop that keeps a bigint allocates ${seen.toFixed(1)}`;
  const none = (subject: string, measured: number): Result => ({ subject, measured, bound: 0.01, unit: 'B/op', note });
  return [
    none(
      'memory: fields of 8 to 32 bits',
      bytes((loops, count) => loops.fieldsOfViews(views, count)),
    ),
    none(
      'memory: u64 as a number',
      bytes((loops, count) => loops.numbersOfViews(views, count)),
    ),
    none(
      'memory: I/O exit',
      bytes((loops, count) => loops.exitsOfViews(views, count)),
    ),
    none(
      'memory: I/O exit, a new view for each field',
      bytes((loops, count) => loops.exitsOfManyViews(views, count)),
    ),
  ];
}

/** A `struct kvm_run` after an exit for port I/O. Each instance has other values. */
function mappedRun(index: number): ArrayBuffer {
  const buffer = new ArrayBuffer(mapping);
  const run = new kvm.KvmRun(new DataView(buffer));
  run.exit_reason = kvm.KVM_EXIT_IO;
  run.ready_for_interrupt_injection = index & 1;
  run.if_flag = (index >> 1) & 1;
  run.flags = index * 997;
  run.$cr8 = index * 0x1_0000_0007;
  run.io.direction = index & 1;
  run.io.size = 1 << (index % 3);
  run.io.port = 0x3f8 + index;
  run.io.count = 1 + (index % 5);
  run.io.$data_offset = 4096 + (index % 4) * 64;
  return buffer;
}

/**
 * Makes views of every class. A real program uses more classes than the two that are measured here. The code that all classes
 * share is faster if V8 has seen only few classes use it.
 */
function useAllClasses(): void {
  const view = new DataView(new ArrayBuffer(65_536));
  const classes = Object.values(kvm).filter(
    (value): value is typeof value & ViewClass<View> => typeof value === 'function' && '$size' in value,
  );
  for (let round = 0; round < 200; round++) {
    for (const type of classes) {
      if (new type(view, round).$$offset !== round) throw new Error(`${type.name}: $$offset is not ${round}`);
    }
  }
}
