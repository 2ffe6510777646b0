/** Handles `#pragma pack`: removes the pragmas from the tokens and stores the limits by position. */

import type { IgnoredPragma } from '../syntax.js';
import type { Token } from '../tokens.js';

/** The pragmas in force at a place. */
export interface Pragmas {
  /** The alignment limit of `#pragma pack`. Null without a limit. */
  readonly pack: number | null;
}

export interface ExtractedPragmas {
  /** The tokens without the pragmas. */
  readonly tokens: readonly Token[];
  /** Returns the pragmas in force at a place in `tokens`. */
  pragmasAt(place: number): Pragmas;
  readonly ignored: readonly IgnoredPragma[];
}

interface PackEntry {
  readonly label: string | null;
  readonly limit: number | null;
}

const noPragmas: Pragmas = { pack: null };

export function extractPragmas(tokens: readonly Token[]): ExtractedPragmas {
  // Nearly no header has a pragma.
  if (!tokens.some(({ kind }) => kind === 'pragma')) return { tokens, pragmasAt: () => noPragmas, ignored: [] };
  const rest: Token[] = [];
  const changes: { readonly from: number; readonly pragmas: Pragmas }[] = [];
  const stack: PackEntry[] = [];
  const ignored: IgnoredPragma[] = [];
  let pragmas = noPragmas;
  for (const token of tokens) {
    if (token.kind !== 'pragma') {
      rest.push(token);
      continue;
    }
    const [pack, problem] = packed(token.text, pragmas.pack, stack);
    if (problem !== undefined) ignored.push({ at: token, problem });
    pragmas = { pack };
    changes.push({ from: rest.length, pragmas });
  }
  return {
    tokens: rest,
    pragmasAt: (place) => changes.findLast((change) => change.from <= place)?.pragmas ?? noPragmas,
    ignored,
  };
}

/** GCC only warns about more text after the parenthesis. */
const form = /^pack ?\( ?(?:(push|pop)((?: ?, ?\w+)*)|(\d\w*))? ?\)/;
const limits = new Set([0, 1, 2, 4, 8, 16]);

/** The limit after a pragma, and the problem if GCC ignores the pragma with a warning. */
type Packed = readonly [limit: number | null, problem?: string];

function packed(text: string, limit: number | null, stack: PackEntry[]): Packed {
  const match = form.exec(text);
  const [, action, list = '', plain] = match ?? [];
  // The label and the limit of a push can be in any order.
  const operands = list.split(',').flatMap((operand) => operand.trim() || []);
  const numbers = plain === undefined ? operands.filter((operand) => /^\d/.test(operand)) : [plain];
  const labels = operands.filter((operand) => !/^\d/.test(operand));
  if (!match || numbers.length > 1 || labels.length > 1 || (action === 'pop' && numbers.length > 0))
    return [limit, 'expected pack([push|pop,] [n])'];
  const [number] = numbers;
  const [label = null] = labels;
  if (action === 'pop') return popped(label, limit, stack);
  const given = number === undefined ? 0 : limitOf(number);
  if (!limits.has(given)) return [limit, 'the limit must be 1, 2, 4, 8 or 16'];
  if (action === 'push') stack.push({ label, limit });
  if (action === 'push' && number === undefined) return [limit];
  return [given === 0 ? null : given];
}

/** If no push has the label, GCC undoes the last push. */
function popped(label: string | null, limit: number | null, stack: PackEntry[]): Packed {
  if (stack.length === 0) return [limit, 'there is no push before this pop'];
  const index = stack.findLastIndex((entry) => label === null || entry.label === label);
  const [entry] = stack.splice(index);
  return index < 0
    ? [entry?.limit ?? null, `no push before this pop has the label '${label}'`]
    : [entry?.limit ?? null];
}

/** Returns a limit of `pack`. NaN for a text that is not an integer. */
function limitOf(text: string): number {
  const [, digits = ''] = /^(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*$/.exec(text) ?? [];
  return digits === '' ? Number.NaN : Number(digits.replace(/^0(?=[0-7])/, '0o'));
}
