/** The progress of a long run. On a terminal it is one line that is written again and again; otherwise it is nothing. */

/** At least this long between two writes of the line. */
const intervalMs = 100;

export class Progress {
  readonly #what: string;
  readonly #total: number;
  #done = 0;
  #writtenAt = 0;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  /** Counts this many more as done. */
  readonly add = (count: number): void => {
    this.#done += count;
    if (!process.stdout.isTTY || Date.now() - this.#writtenAt < intervalMs) return;
    this.#writtenAt = Date.now();
    const percent = ((100 * this.#done) / this.#total).toFixed(0);
    process.stdout.write(`\r\x1b[K${this.#what}: ${percent} % of ${this.#total}`);
  };

  /** Removes the line. Call this before anything else is printed. */
  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }
}
