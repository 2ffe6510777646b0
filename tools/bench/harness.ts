/** How this benchmark measures: two sides in turn, one duration, bytes allocated; and what it says of them. */

import { measure } from 'mitata';

/** One figure, held against its bound. */
export interface Result {
  readonly subject: string;
  readonly measured: number;
  /** Null where nothing is promised and the figure is only reported. */
  readonly bound: number | null;
  /** After both figures: `ms`, `ns`, `B/op`; empty for a ratio. */
  readonly unit: string;
  /** What else was seen: absolute figures, spread. */
  readonly note: string;
}

export function holds({ measured, bound }: Result): boolean {
  return bound === null || measured <= bound;
}

/** Does an operation `count` times and returns what came of all of them, so that none can be left out. */
export type Loop = (count: number) => number | bigint;

/** The same work done twice. */
export interface Pair {
  readonly generated: Loop;
  readonly byHand: Loop;
}

export interface Comparison {
  /** Time of the generated side as a multiple of the other's. */
  readonly ratio: number;
  /** Nanoseconds per operation. */
  readonly generated: number;
  readonly byHand: number;
  /** The lowest and the highest ratio of a copy. */
  readonly spread: readonly [number, number];
}

/** Operations between two looks at the clock: some 20 µs, so that another process falls into few of the rounds. */
const operations = 5_000;
/** Rounds per copy; where a side is so slow that they would take longer than this, fewer. */
const measuring = { rounds: 400, milliseconds: 250, least: 20 };
/** Long enough for V8's optimising compiler, which works beside us, to get done. */
const warmUp = { rounds: 20, milliseconds: 40 };

/**
 * Compares two sides that are done in turn, in many short rounds. A round gives a ratio, and the median of the ratios
 * counts: what else the machine does slows both sides of a round, or spoils one round of many. mitata's `measure` times
 * one side for long and then the other, and sorts what it saw, so that no sample has a partner any more; hence this.
 *
 * `copies` are the same pair, each compiled anew. In loops of some ten instructions it decides over a quarter of the
 * time where in memory the compiler happens to put them, for as long as the process lives; the median over copies does
 * not depend on that.
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
    // Whoever is second finds the data in the cache: each is second in every other round.
    const [first, second] = round % 2 === 0 ? [generated, byHand] : [byHand, generated];
    const start = performance.now();
    const a = first(operations);
    const middle = performance.now();
    const b = second(operations);
    const stop = performance.now();
    if (a !== b) throw new Error(`the two sides do not come to the same: ${a} and ${b}`);
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
  if (a !== b) throw new Error(`the two sides do not come to the same: ${a} and ${b}`);
}

/** What the two sides of a round took. */
export type Round = readonly [ours: number, theirs: number];

type Side = () => number | Promise<number>;

/** Measures two sides in turn, each first in every other round. One more round, before them, warms up. */
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

/** The median of what each round comes to. */
export function medianOf(rounds: readonly Round[], figure: (round: Round) => number): number {
  return median(rounds.map(figure));
}

/** Our time as a multiple of theirs. */
export function ratioOf(rounds: readonly Round[]): number {
  return medianOf(rounds, ([ours, theirs]) => ours / theirs);
}

/** Median duration in milliseconds of `samples` calls, after one that does not count. */
export async function duration(call: () => unknown, samples: number): Promise<number> {
  return (await timesOf(call, samples)).p50 / 1e6;
}

/**
 * The least duration in milliseconds of `samples` calls, after one that does not count: what a process takes where the
 * machine does nothing else. All that is above it is other work's, up to half as much again on a shared machine.
 */
export async function leastDuration(call: () => unknown, samples: number): Promise<number> {
  return (await timesOf(call, samples)).min / 1e6;
}

function timesOf(call: () => unknown, samples: number): ReturnType<typeof measure> {
  // mitata gives up early once both limits are reached, and would go on for 642 ms otherwise.
  return measure(call, { min_samples: samples, max_samples: samples, min_cpu_time: 0 });
}

/**
 * Bytes that an operation allocates, over a million of them.
 *
 * The size of the heap is read before and after slices of the million. What is allocated and dropped at once counts,
 * because memory comes back only with a collection. A slice of many operations is held against one of few that is
 * done right before: what reading the size and the result of the loop take is in both. The median of the differences
 * counts, and is exact to the byte: now and then a slice has V8's own doings in it, a collection or compiled code, some
 * hundred thousand bytes up or down. Between copies the median counts, as above.
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
  if (!globalThis.gc) throw new Error('start node with --expose-gc');
  globalThis.gc();
  const differences: number[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const base = grown(loop, few);
    differences.push(grown(loop, many) - base);
  }
  const collected = differences.filter((difference) => difference < 0).length;
  if (collected > slices / 4) throw new Error('so much is allocated that slices show collections only');
  return median(differences) / (many - few);
}

/** By how much the heap is larger after a slice than before. */
function grown(loop: Loop, count: number): number {
  const before = process.memoryUsage().heapUsed;
  loop(count);
  return process.memoryUsage().heapUsed - before;
}

/** The middle of some figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
