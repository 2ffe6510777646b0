/** Measures two sides in turn, one duration, or allocated bytes, and describes the results. */

import { measure } from 'mitata';

/** One figure and its bound. */
export interface Result {
  readonly subject: string;
  readonly measured: number;
  /** Null if there is no promise, and the figure is only reported. */
  readonly bound: number | null;
  /** The unit of both figures: `ms`, `ns`, `B/op`. It is empty for a ratio. */
  readonly unit: string;
  /** Further figures, such as absolute times and the spread. */
  readonly note: string;
}

export function holds({ measured, bound }: Result): boolean {
  return bound === null || measured <= bound;
}

/** Does an operation `count` times. The result depends on each of them, so that the compiler cannot remove one. */
export type Loop = (count: number) => number | bigint;

/** The same work, done in two ways. */
export interface Pair {
  readonly generated: Loop;
  readonly byHand: Loop;
}

export interface Comparison {
  /** The time of the generated side, divided by the time of the other side. */
  readonly ratio: number;
  /** Nanoseconds per operation. */
  readonly generated: number;
  readonly byHand: number;
  /** The lowest and the highest ratio of all copies. */
  readonly spread: readonly [number, number];
}

/** Operations between two reads of the clock. They take some 20 µs, so another process disturbs few of the rounds. */
const operations = 5_000;
/** Rounds per copy. There are fewer rounds if they would take longer than these milliseconds. */
const measuring = { rounds: 400, milliseconds: 250, least: 20 };
/** This is long enough for V8's optimising compiler, which works in another thread, to finish. */
const warmUp = { rounds: 20, milliseconds: 40 };

/**
 * Compares two sides, which take turns in many short rounds. Each round has a ratio, and the result is the median of the
 * ratios. Other work of the machine slows both sides of a round, or it disturbs one round of many. The function `measure` of
 * mitata does not help here: it measures one side for a long time and then the other side, and it sorts the samples, so that
 * two samples of one round cannot be compared.
 *
 * `copies` are the same pair, and V8 compiles each of them separately. In a loop of some ten instructions, a quarter of the
 * time depends on where in memory the compiler puts the loop. The place stays the same as long as the process lives. The
 * median of the copies does not depend on it.
 */
export function compare(copies: readonly Pair[]): Comparison {
  const seen = copies.map(compareCopy);
  const ratios = seen.map(({ ratio }) => ratio);
  return {
    ratio: median(ratios),
    generated: median(seen.map(({ generated }) => generated)),
    byHand: median(seen.map(({ byHand }) => byHand)),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

function compareCopy({ generated, byHand }: Pair): Omit<Comparison, 'spread'> {
  const end = performance.now() + warmUp.milliseconds;
  for (let round = 0; round < warmUp.rounds || performance.now() < end; round++) same(generated, byHand);
  const times = { generated: [] as number[], byHand: [] as number[], ratio: [] as number[] };
  const enough = performance.now() + measuring.milliseconds;
  for (let round = 0; round < measuring.rounds; round++) {
    if (round >= measuring.least && performance.now() > enough) break;
    // The second side finds the data in the cache, so each side is the second one in every other round.
    const [first, second] = round % 2 === 0 ? [generated, byHand] : [byHand, generated];
    const start = performance.now();
    const a = first(operations);
    const middle = performance.now();
    const b = second(operations);
    const stop = performance.now();
    if (a !== b) throw new Error(`the two sides have different results: ${a} and ${b}`);
    const [one, other] = [middle - start, stop - middle];
    const [ours, theirs] = first === generated ? [one, other] : [other, one];
    times.generated.push(ours);
    times.byHand.push(theirs);
    times.ratio.push(ours / theirs);
  }
  const perOperation = 1e6 / operations;
  return {
    ratio: median(times.ratio),
    generated: median(times.generated) * perOperation,
    byHand: median(times.byHand) * perOperation,
  };
}

function same(generated: Loop, byHand: Loop): void {
  const [a, b] = [generated(operations), byHand(operations)];
  if (a !== b) throw new Error(`the two sides have different results: ${a} and ${b}`);
}

/** The times of the two sides of a round. */
export type Round = readonly [ours: number, theirs: number];

type Side = () => number | Promise<number>;

/** Measures two sides in turn. Each side is first in every other round. An additional first round is a warm-up. */
export async function inTurn(count: number, ours: Side, theirs: Side): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round <= count; round++) {
    if (round % 2 === 0) {
      const first = await ours();
      rounds.push([first, await theirs()]);
    } else {
      const first = await theirs();
      rounds.push([await ours(), first]);
    }
  }
  return rounds.slice(1);
}

/** The median of a figure of all rounds. */
export function medianOf(rounds: readonly Round[], figure: (round: Round) => number): number {
  return median(rounds.map(figure));
}

/** The median of our time divided by their time. */
export function ratioOf(rounds: readonly Round[]): number {
  return medianOf(rounds, ([ours, theirs]) => ours / theirs);
}

/** The median duration of `samples` calls, in milliseconds. One call before them does not count. */
export async function duration(call: () => unknown, samples: number): Promise<number> {
  // mitata stops when both limits are reached. With the default of `min_cpu_time` it would measure for at least 642 ms.
  return (await measure(call, { min_samples: samples, max_samples: samples, min_cpu_time: 0 })).p50 / 1e6;
}

/**
 * The bytes that an operation allocates, as the mean of a million operations.
 *
 * The function reads the size of the heap before and after slices of the million. An object that is dropped at once still
 * counts, because only a garbage collection frees its memory. Each slice of many operations is compared with a slice of few
 * operations just before it: both contain the memory for reading the size and for the result of the loop. The result is the
 * median of the differences, which is exact to the byte. In a few slices V8 itself collects garbage or stores compiled code,
 * and the size changes by some hundred thousand bytes. The result for several copies is their median, as above.
 */
export function allocated(copies: readonly Loop[]): number {
  return median(copies.map(allocatedBy));
}

function allocatedBy(loop: Loop): number {
  const slices = 400;
  const [few, many] = [100, 2_600];
  for (let round = 0; round < 200; round++) {
    grown(loop, few);
    grown(loop, many);
  }
  if (!globalThis.gc) throw new Error('globalThis.gc is not defined; start node with --expose-gc');
  globalThis.gc();
  const differences: number[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const base = grown(loop, few);
    differences.push(grown(loop, many) - base);
  }
  const collected = differences.filter((difference) => difference < 0).length;
  if (collected > slices / 4)
    throw new Error(
      `a garbage collection in ${collected} of ${slices} slices: the loop allocates too much to be measured`,
    );
  return median(differences) / (many - few);
}

/** The growth of the heap during a slice, in bytes. */
function grown(loop: Loop, count: number): number {
  const before = process.memoryUsage().heapUsed;
  loop(count);
  return process.memoryUsage().heapUsed - before;
}

/** The median of some figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
