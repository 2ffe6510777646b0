/** How far a long count has come: on a terminal one line that is written over, elsewhere nothing. */

export class Progress {
  readonly #what: string;
  readonly #total: number;
  #done = 0;
  #shown = 0;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  /** So many more are done. */
  readonly add = (count: number): void => {
    this.#done += count;
    if (!process.stdout.isTTY || Date.now() - this.#shown < 100) return;
    this.#shown = Date.now();
    const percent = ((100 * this.#done) / this.#total).toFixed(0);
    process.stdout.write(`\r\x1b[K${this.#what}: ${percent} % of ${this.#total}`);
  };

  /** Takes the line away. */
  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }
}
