/** What the thread that runs a vCPU tells the one that kicks it, in shared memory. */

export class Board {
  static readonly bytes = 24;

  /** Runs begun, kicks told, the run that told the last one, whether all is over. */
  readonly #words: Int32Array;
  /** When the last kick was told. */
  readonly #time: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, 4);
    this.#time = new BigInt64Array(buffer, 16, 1);
  }

  /** A run is about to begin. */
  begin(): void {
    Atomics.add(this.#words, 0, 1);
  }

  /** The run has told a kick, at this time in nanoseconds. */
  tell(time: bigint): void {
    Atomics.store(this.#time, 0, time);
    Atomics.store(this.#words, 2, Atomics.load(this.#words, 0));
    Atomics.add(this.#words, 1, 1);
    Atomics.notify(this.#words, 1);
  }

  /** How many runs have begun. */
  get runs(): number {
    return Atomics.load(this.#words, 0);
  }

  /** How many kicks were told. */
  get told(): number {
    return Atomics.load(this.#words, 1);
  }

  /** The run that told the last one. */
  get toldBy(): number {
    return Atomics.load(this.#words, 2);
  }

  get toldAt(): bigint {
    return Atomics.load(this.#time, 0);
  }

  /** Sleeps until more kicks than these were told, or so many milliseconds. */
  awaitTold(told: number, milliseconds: number): void {
    Atomics.wait(this.#words, 1, told, milliseconds);
  }

  get isOver(): boolean {
    return Atomics.load(this.#words, 3) === 1;
  }

  end(): void {
    Atomics.store(this.#words, 3, 1);
  }
}
