/** What a command knows about the terminal that it writes to: its width, and whether it shows colours. */

import { styleText } from 'node:util';

export interface Terminal {
  /**
   * The width in columns. Undefined if the output goes to a pipe or a file, and the environment variable COLUMNS does
   * not give a width.
   */
  readonly columns: number | undefined;
  /** Whether the output has colours. */
  readonly colour: boolean;
}

/** The properties of a stream that say whether it is a terminal. */
interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Describes the terminal of a stream. As in Node, FORCE_COLOR turns colours on (`0` and `false` turn them off) and
 * overrides NO_COLOR. A non-empty NO_COLOR turns colours off.
 */
export function terminalOf(stream: Output = process.stdout, env: NodeJS.ProcessEnv = process.env): Terminal {
  return { columns: stream.columns ?? widthIn(env), colour: coloursOn(stream, env) };
}

function widthIn({ COLUMNS = '' }: NodeJS.ProcessEnv): number | undefined {
  return /^[1-9]\d*$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
}

function coloursOn({ isTTY = false }: Output, { FORCE_COLOR, NO_COLOR = '', TERM }: NodeJS.ProcessEnv): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTTY && NO_COLOR === '' && TERM !== 'dumb';
}

type Style = Parameters<typeof styleText>[0];

/** Returns a text with a style of `node:util`, such as `cyan` or `['bold', 'red']`. The caller decides about colours. */
export function styled(style: Style, text: string): string {
  // Newer versions of Node otherwise remove the style if the standard output is not a terminal.
  return styleText(style, text, { validateStream: false });
}
