/** The progress of a long run. On a terminal, it is one line that is updated. Otherwise nothing is printed. */

/** The minimum time between two updates of the line. */
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

  /** Adds to the number of finished items. */
  readonly add = (count: number): void => {
    this.#done += count;
    if (!process.stdout.isTTY || Date.now() - this.#writtenAt < intervalMs) return;
    this.#writtenAt = Date.now();
    const percent = ((100 * this.#done) / this.#total).toFixed(0);
    process.stdout.write(`\r\x1b[K${this.#what}: ${percent} % of ${this.#total}`);
  };

  /** Removes the line. Call this before other output is printed. */
  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }
}
