/** The steps of `npm start`: each has a title, a text and a time. On a terminal they have colours. */

import { styled, terminalOf } from '../../generator/cli/terminal.js';

type Style = Parameters<typeof styled>[0];

/** What a step that cannot be done says: it is not a failure. */
export class SkippedError extends Error {
  override readonly name = 'SkippedError';
}

/** What a step returns: the text to print, and whether the step has succeeded. */
export interface StepResult {
  readonly text: string;
  readonly good: boolean;
}

export interface StepsOptions {
  readonly colour?: boolean;
  readonly write?: (text: string) => void;
  /** The time in milliseconds. */
  readonly now?: () => number;
}

export class Steps {
  readonly #colour: boolean;
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  #count = 0;
  #failed = 0;
  readonly #skipped: string[] = [];

  constructor({
    colour = terminalOf().colour,
    write = (text) => void process.stdout.write(text),
    now = () => performance.now(),
  }: StepsOptions = {}) {
    this.#colour = colour;
    this.#write = write;
    this.#now = now;
  }

  /** Does one step. A step that throws a `SkippedError` is skipped, and `undefined` is returned. */
  async step<T extends StepResult>(title: string, work: () => T | Promise<T>): Promise<T | undefined> {
    this.#count += 1;
    this.#write(`${this.#styled('bold', `${this.#count}. ${title}`)}\n`);
    const started = this.#now();
    try {
      const result = await work();
      this.#write(indented(result.text));
      if (!result.good) this.#failed += 1;
      this.#end(result.good ? 'done' : 'FAILED', result.good ? 'green' : 'red', started);
      return result;
    } catch (error) {
      if (!(error instanceof SkippedError)) throw error;
      this.#skipped.push(title);
      this.#write(indented(error.message));
      this.#end('skipped', 'yellow', started);
      return undefined;
    }
  }

  /** Prints the end: what was skipped, and what to try next. Returns whether no step has failed. */
  end(next: readonly string[]): boolean {
    const done = this.#count - this.#failed - this.#skipped.length;
    const counts = `${done} done, ${this.#failed} failed, ${this.#skipped.length} skipped`;
    this.#write(`${this.#styled(this.#failed === 0 ? 'green' : 'red', counts)}\n\n`);
    this.#write(`${this.#styled('bold', 'What to try next')}\n${indented(next.join('\n'))}`);
    return this.#failed === 0;
  }

  #end(word: string, style: Style, started: number): void {
    const seconds = ((this.#now() - started) / 1000).toFixed(1);
    this.#write(`   ${this.#styled(style, word)} ${this.#styled('dim', `${seconds} s`)}\n\n`);
  }

  #styled(style: Style, text: string): string {
    return this.#colour ? styled(style, text) : text;
  }
}

function indented(text: string): string {
  return text
    .trimEnd()
    .replace(/^(?=.)/gm, '   ')
    .concat('\n');
}
