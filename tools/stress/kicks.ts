/** Kicks vCPUs thousands of times, at random phases and in each gap of the protocol. */

import type { AnyGuest, AnyKvm } from '../guests/index.js';
import { type Gap, gaps } from '../lib/native-test-hooks.js';
import { KickCounts } from './kick-counts.js';
import { KickedVcpu, type KickedVcpuOptions } from './kicked-vcpu.js';

export interface Crowd extends KickedVcpuOptions {
  readonly guest: AnyGuest;
  readonly vcpus: number;
}

export interface KickCount {
  readonly random: number;
  readonly perGap: number;
}

/** Called with the number of kicks since the last call. */
export type Progress = (kicks: number) => void;

/** After so many kicks the progress is reported. */
const reported = 100;

/** Kicks vCPUs that run at the same time, each in its own Worker. */
export async function kickCrowd(
  kvm: AnyKvm,
  crowd: Crowd,
  count: KickCount,
  progress: Progress = () => {},
): Promise<KickCounts> {
  await using kicked = new KickedVcpus(kvm, crowd);
  await kicked.started();
  kickAtRandom(kicked.all, count.random, progress);
  for (const gap of gaps()) kickInGap(kicked.all, gap, count.perGap, progress);
  return kicked.counts;
}

class KickedVcpus implements AsyncDisposable {
  readonly all: readonly KickedVcpu[];

  constructor(kvm: AnyKvm, { guest, vcpus, ...options }: Crowd) {
    this.all = Array.from({ length: vcpus }, () => new KickedVcpu(kvm, guest, options));
  }

  async started(): Promise<void> {
    await Promise.all(this.all.map((target) => target.started()));
  }

  get counts(): KickCounts {
    const sum = new KickCounts();
    for (const { counts } of this.all) sum.add(counts);
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((target) => target[Symbol.asyncDispose]()));
  }
}

/** In nanoseconds. A run takes some ten microseconds, so a kick can arrive in each phase of a run. */
const longestPhase = 60_000;

/** Kicks each vCPU again, a random time after it has delivered the previous kick. */
function kickAtRandom(kicked: readonly KickedVcpu[], count: number, progress: Progress): void {
  const due = kicked.map(() => 0n);
  let begun = 0;
  for (let settled = false; !(settled && begun === count); ) {
    settled = true;
    for (const [index, target] of kicked.entries()) {
      if (!target.isSettled) {
        settled = false;
        due[index] = 0n;
        continue;
      }
      if (begun === count) continue;
      settled = false;
      const now = process.hrtime.bigint();
      if (due[index] === 0n) due[index] = now + BigInt(Math.floor(Math.random() * longestPhase));
      if (now < (due[index] as bigint)) continue;
      target.kick();
      begun++;
      if (begun % reported === 0) progress(reported);
    }
  }
}

/** Kicks the vCPUs in turn, each time in the gap. */
export function kickInGap(kicked: readonly KickedVcpu[], gap: Gap, count: number, progress: Progress = () => {}): void {
  for (let kicks = 0; kicks < count; kicks++) {
    kicked[kicks % kicked.length]?.kickIn(gap);
    if (kicks % reported === reported - 1) progress(reported);
  }
}
