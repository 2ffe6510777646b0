/** The results of kicks. */

export class KickCounts {
  /** The number of kicks, without the kicks that rescue a vCPU after a lost kick. */
  kicks = 0;
  /** Kicks that were not delivered, while the guest continued in one run. */
  lost = 0;
  /** Kicks that were not delivered, although later runs began. */
  swallowed = 0;
  /** Kicks that were delivered by a later run than the next one. */
  late = 0;
  /** The time from the kick to the return of each delivered kick, in microseconds. */
  readonly latencies: number[] = [];

  add(other: KickCounts): void {
    this.kicks += other.kicks;
    this.lost += other.lost;
    this.swallowed += other.swallowed;
    this.late += other.late;
    for (const latency of other.latencies) this.latencies.push(latency);
  }

  get isClean(): boolean {
    return this.lost + this.swallowed + this.late === 0 && this.latencies.length === this.kicks;
  }

  /** The latency that this share of the kicks does not exceed, in microseconds. */
  percentile(share: number): number {
    const sorted = Float64Array.from(this.latencies).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }

  toString(): string {
    const latency = `p50 ${this.percentile(0.5).toFixed(0)} µs, p99 ${this.percentile(0.99).toFixed(0)} µs`;
    return `${this.kicks} kicks: ${this.lost} lost, ${this.late} late, ${this.swallowed} swallowed; ${latency}`;
  }
}
