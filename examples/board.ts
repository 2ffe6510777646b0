/** What the running and the kicking thread tell each other, in shared memory. */

/** Where the next kick falls: anywhere, or between the last check and KVM_RUN. */
export type Where = 'anywhere' | 'gap' | 'stop';

const codes: readonly Where[] = ['anywhere', 'gap', 'stop'];

export class Board {
  /** The number of the turn, and where its kick falls. */
  readonly #turn: Int32Array;
  readonly #stamp: BigInt64Array;
  #seen = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#turn = new Int32Array(buffer, 0, 2);
    this.#stamp = new BigInt64Array(buffer, 8, 1);
  }

  static readonly bytes = 16;

  /** The running thread is about to run. */
  startTurn(where: Where): void {
    Atomics.store(this.#stamp, 0, 0n);
    Atomics.store(this.#turn, 1, codes.indexOf(where));
    Atomics.add(this.#turn, 0, 1);
    Atomics.notify(this.#turn, 0);
  }

  /** The kicking thread waits for a turn it has not had. */
  awaitTurn(): Where {
    Atomics.wait(this.#turn, 0, this.#seen);
    this.#seen = Atomics.load(this.#turn, 0);
    return codes[Atomics.load(this.#turn, 1)] ?? 'stop';
  }

  /** The kicking thread kicks now. */
  stamp(): void {
    Atomics.store(this.#stamp, 0, process.hrtime.bigint());
  }

  /** When the kick was, in nanoseconds; 0 when it has not been. */
  get stamped(): bigint {
    return Atomics.load(this.#stamp, 0);
  }
}
