/** Compares views with code by hand: arrays, text, writes, bit-fields, copies, and several classes in one loop. */

import * as kvm from '../../../generated/x86_64/linux/kvm.js';
import * as big from '../../../support/big-endian.js';
import * as little from '../../../support/little-endian.js';
import type { Loop, Result } from '../harness.js';
import { ratio } from './compared.js';
import { type Instance, instance } from './instance.js';

type ArrayLoops = typeof import('./array-loops.js');
type MemberLoops = typeof import('./member-loops.js');
type Side<Loops> = (loops: Loops, instances: readonly Instance[], count: number) => number;

/** What is compared, the bound, and the two sides. A bound is at most 1.5 times the larger ratio of Node 20 and Node 24. */
type Row<Loops> = readonly [subject: string, bound: number, generated: Side<Loops>, byHand: Side<Loops>];

const instances = 64;
const kept = new Array<object>(instances);
const values = Array.from({ length: instances }, (_, index) => BigInt(index) * 0x1_0000_0001n);

const arrayRows: readonly Row<ArrayLoops>[] = [
  [
    'array of u32, for…of / for…of of a typed array',
    1.5,
    (l, i, n) => l.numbersOfArray(i, n),
    (l, i, n) => l.numbersOfTypedArray(i, n),
  ],
  ['array of u32, for…of / DataView', 15, (l, i, n) => l.numbersOfArray(i, n), (l, i, n) => l.numbersByHand(i, n)],
  ['array of u32, get / DataView', 4.5, (l, i, n) => l.numbersByIndex(i, n), (l, i, n) => l.numbersByHand(i, n)],
  [
    'big-endian array, for…of / DataView',
    13,
    (l, i, n) => l.bigEndianOfArray(i, n),
    (l, i, n) => l.bigEndianByHand(i, n),
  ],
  ['big-endian array, get / DataView', 4, (l, i, n) => l.bigEndianByIndex(i, n), (l, i, n) => l.bigEndianByHand(i, n)],
  ['array of structs, for…of / DataView', 14, (l, i, n) => l.structsOfArray(i, n), (l, i, n) => l.structsByHand(i, n)],
  ['array of structs, get / DataView', 6.2, (l, i, n) => l.structsByIndex(i, n), (l, i, n) => l.structsByHand(i, n)],
];

const memberRows: readonly Row<MemberLoops>[] = [
  ['text of 16 bytes, read / DataView', 1.6, (l, i, n) => l.textOfView(i, n), (l, i, n) => l.textByHand(i, n)],
  ['text of 16 bytes, written / DataView', 0.45, (l, i, n) => l.textToView(i, n), (l, i, n) => l.textToMemory(i, n)],
  ['u64 written as a number / DataView', 2.5, (l, i, n) => l.numbersToView(i, n), (l, i, n) => l.numbersToMemory(i, n)],
  [
    'u64 written as a bigint / DataView',
    1.6,
    (l, i, n) => l.bigintsToView(i, values, n),
    (l, i, n) => l.bigintsToMemory(i, values, n),
  ],
  ['bit-fields, read and written / DataView', 2, (l, i, n) => l.bitsOfView(i, n), (l, i, n) => l.bitsByHand(i, n)],
  ['six classes in one loop / DataView', 13, (l, i, n) => l.flagsOfViews(i, n), (l, i, n) => l.flagsByHand(i, n)],
  [
    'toObject of registers / DataView',
    2.2,
    (l, i, n) => l.copiesOfView(i, kept, n),
    (l, i, n) => l.copiesByHand(i, kept, n),
  ],
];

export async function benchMembers(copies: number): Promise<Result[]> {
  useAllArrays();
  const memory = Array.from({ length: instances }, (_, index) => instance(index));
  return [
    ...compareAll(await loaded<ArrayLoops>('array-loops', copies), arrayRows, memory),
    ...compareAll(await loaded<MemberLoops>('member-loops', copies), memberRows, memory),
  ];
}

/** Loads copies of a module. With another query the loader loads the module again, and V8 compiles it again. */
async function loaded<Loops>(name: string, copies: number): Promise<Loops[]> {
  const modules: Loops[] = [];
  for (let copy = 0; copy < copies; copy++) modules.push((await import(`./${name}.js?copy=${copy}`)) as Loops);
  return modules;
}

function compareAll<Loops>(
  modules: readonly Loops[],
  rows: readonly Row<Loops>[],
  memory: readonly Instance[],
): Result[] {
  const buffers = memory.map(({ view }) => view.buffer as ArrayBuffer);
  return rows.map(([subject, bound, generated, byHand]) => {
    const sideOf =
      (side: Side<Loops>, loops: Loops): Loop =>
      (count) =>
        side(loops, memory, count);
    const pairs = modules.map((loops) => ({ generated: sideOf(generated, loops), byHand: sideOf(byHand, loops) }));
    return ratio(subject, bound, buffers, pairs);
  });
}

/** Uses the arrays of every class, because V8 makes faster code for a method that has seen few classes. */
function useAllArrays(): void {
  const view = new DataView(new ArrayBuffer(65_536));
  const scalars = [little, big].flatMap((library) => [
    ...[library.U8Array, library.S8Array, library.CharArray, library.UnsignedCharArray, library.BoolArray],
    ...[library.U16Array, library.S16Array, library.U32Array, library.S32Array, library.F32Array, library.F64Array],
    ...[library.U64Array, library.S64Array],
  ]);
  const structs = [kvm.KvmCpuidEntry2, kvm.KvmMsrEntry, kvm.KvmSegment, kvm.KvmIrqRoutingEntry, kvm.KvmCpuidEntry];
  const arrays = [
    ...scalars.map((type) => new type(view, 0, 16)),
    ...structs.map((type) => new little.ViewArray<little.View>(type, view, 0, 16)),
  ];
  let seen = 0;
  for (let round = 0; round < 200; round++) {
    for (const array of arrays) for (const element of array) if (element === array.get(0)) seen++;
  }
  if (seen === 0) throw new Error('no element of an array equals itself');
}
