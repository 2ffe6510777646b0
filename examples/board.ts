/** What the running and the kicking thread tell each other, in shared memory. */

/** Where the next kick falls: anywhere, or between the last check and KVM_RUN. */
export type Where = 'anywhere' | 'gap' | 'stop';

const codes: readonly Where[] = ['anywhere', 'gap', 'stop'];

export class Board {
  static readonly bytes = 24;

  /** The number of the turn, where its kick falls, the number of the last turn that is over, whether its kick was lost. */
  readonly #words: Int32Array;
  readonly #stamp: BigInt64Array;
  #seen = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, 4);
    this.#stamp = new BigInt64Array(buffer, 16, 1);
  }

  /** The running thread is about to run. */
  startTurn(where: Where): void {
    Atomics.store(this.#words, 3, 0);
    Atomics.store(this.#words, 1, codes.indexOf(where));
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
  }

  /** The run came back. */
  endTurn(): void {
    Atomics.store(this.#words, 2, Atomics.load(this.#words, 0));
    Atomics.notify(this.#words, 2);
  }

  /** The kicking thread waits for a turn it has not had. */
  awaitTurn(): Where {
    Atomics.wait(this.#words, 0, this.#seen);
    this.#seen = Atomics.load(this.#words, 0);
    return codes[Atomics.load(this.#words, 1)] ?? 'stop';
  }

  /** The kicking thread waits for the run to come back; false when it has not by then. */
  awaitEnd(milliseconds: number): boolean {
    Atomics.wait(this.#words, 2, this.#seen - 1, milliseconds);
    return Atomics.load(this.#words, 2) === this.#seen;
  }

  /** The kicking thread kicks now. */
  stamp(): void {
    Atomics.store(this.#stamp, 0, process.hrtime.bigint());
  }

  /** When the kick was, in nanoseconds. */
  get stamped(): bigint {
    return Atomics.load(this.#stamp, 0);
  }

  markLost(): void {
    Atomics.store(this.#words, 3, 1);
  }

  get lost(): boolean {
    return Atomics.load(this.#words, 3) === 1;
  }
}
