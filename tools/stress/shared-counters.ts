/** Counters in shared memory. The thread that runs a vCPU writes them, and the thread that kicks the vCPU reads them. */

export class SharedCounters {
  static readonly bytes = 24;

  /** Runs begun, kicks delivered, the run that delivered the last kick, whether the thread has to end. */
  readonly #words: Int32Array;
  /** When the last kick was delivered. */
  readonly #time: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, 4);
    this.#time = new BigInt64Array(buffer, 16, 1);
  }

  /** Reports that a run is about to begin. */
  begin(): void {
    Atomics.add(this.#words, 0, 1);
  }

  /** Reports that the run has delivered a kick, at this time in nanoseconds. */
  deliver(time: bigint): void {
    Atomics.store(this.#time, 0, time);
    Atomics.store(this.#words, 2, Atomics.load(this.#words, 0));
    Atomics.add(this.#words, 1, 1);
    Atomics.notify(this.#words, 1);
  }

  /** How many runs have begun. */
  get runs(): number {
    return Atomics.load(this.#words, 0);
  }

  /** How many kicks were delivered. */
  get delivered(): number {
    return Atomics.load(this.#words, 1);
  }

  /** The run that delivered the last kick. */
  get deliveredBy(): number {
    return Atomics.load(this.#words, 2);
  }

  get deliveredAt(): bigint {
    return Atomics.load(this.#time, 0);
  }

  /** Sleeps until more kicks than this were delivered, for at most this many milliseconds. */
  awaitDelivery(delivered: number, milliseconds: number): void {
    Atomics.wait(this.#words, 1, delivered, milliseconds);
  }

  get isOver(): boolean {
    return Atomics.load(this.#words, 3) === 1;
  }

  end(): void {
    Atomics.store(this.#words, 3, 1);
  }
}
