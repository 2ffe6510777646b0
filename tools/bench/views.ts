/** Compares emitted views with typed arrays, over as many `struct kvm_run` as a busy machine has. */

import * as kvm from '../../generated/x86_64/linux/kvm.js';
import type { View, ViewClass } from '../../support/index.js';
import { allocated, type Comparison, compare, type Pair, type Result } from './harness.js';
import type { RunByHand } from './loops.js';

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
  const pairs = (pairOf: (loops: Loops) => Pair): Pair[] => modules.map(pairOf);
  return [
    ratio(
      'fields of 8 to 32 bits',
      1.1,
      mappings,
      pairs((loops) => ({
        generated: (count) => loops.fieldsOfViews(views, count),
        byHand: (count) => loops.fieldsByHand(byHand, count),
      })),
    ),
    ratio(
      'u64 as a number',
      1.1,
      mappings,
      pairs((loops) => ({
        generated: (count) => loops.numbersOfViews(views, count),
        byHand: (count) => loops.numbersByHand(byHand, count),
      })),
    ),
    // Node 20 does not compile getBigUint64 to machine code, so fast code reads numbers.
    ratio(
      'u64 as a bigint',
      null,
      mappings,
      pairs((loops) => ({
        generated: (count) => loops.bigintsOfViews(views, count),
        byHand: (count) => loops.bigintsByHand(byHand, count),
      })),
    ),
    ratio(
      'I/O exit',
      1.3,
      mappings,
      pairs((loops) => ({
        generated: (count) => loops.exitsOfViews(views, count),
        byHand: (count) => loops.exitsByHand(byHand, count),
      })),
    ),
    ratio(
      'I/O exit, a new view for each field',
      null,
      mappings,
      pairs((loops) => ({
        generated: (count) => loops.exitsOfManyViews(views, count),
        byHand: (count) => loops.exitsByHand(byHand, count),
      })),
    ),
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

function ratio(
  subject: string,
  bound: number | null,
  mappings: readonly ArrayBuffer[],
  pairs: readonly Pair[],
): Result {
  for (const pair of pairs) verify(subject, pair, mappings);
  const compared = compare(pairs);
  return { subject, measured: compared.ratio, bound, unit: '', note: describe(compared) };
}

function describe({ generated, byHand, spread }: Comparison): string {
  const [low, high] = spread.map((value) => value.toFixed(2));
  return `${generated.toFixed(2)} ns, by hand ${byHand.toFixed(2)} ns; ratio ${low} to ${high}`;
}

/** Checks that both sides return the same value and write the same bytes to memory. */
function verify(subject: string, { generated, byHand }: Pair, mappings: readonly ArrayBuffer[]): void {
  const contents = (): Buffer => Buffer.concat(mappings.map((buffer) => Buffer.from(buffer)));
  const clear = (): void => {
    for (const buffer of mappings) new DataView(buffer).setUint8(1, 0xff);
  };
  // The count is not a multiple of the number of instances, so that a wrong order of the instances has another result.
  const operations = mappings.length * 3 + 5;
  clear();
  const [ours, memory] = [generated(operations), contents()];
  clear();
  const theirs = byHand(operations);
  if (ours !== theirs) throw new Error(`${subject}: the views return ${ours}, the typed arrays return ${theirs}`);
  if (!memory.equals(contents())) throw new Error(`${subject}: the two sides write different bytes to memory`);
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
