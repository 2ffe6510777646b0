/** Handles `#pragma pack`: removes the pragmas from the tokens and stores the limits by position. */

import { errorAt, type Token } from '../tokens.js';

/** The pragmas in force at a place. */
export interface Pragmas {
  /** The alignment limit of `#pragma pack`. Null without a limit. */
  readonly pack: number | null;
}

interface ExtractedPragmas {
  /** The tokens without the pragmas. */
  readonly tokens: readonly Token[];
  /** Returns the pragmas in force at a place in `tokens`. */
  pragmasAt(place: number): Pragmas;
}

interface PackEntry {
  readonly label: string | null;
  readonly limit: number | null;
}

const noPragmas: Pragmas = { pack: null };

export function extractPragmas(tokens: readonly Token[]): ExtractedPragmas {
  // Nearly no header has a pragma.
  if (!tokens.some(({ kind }) => kind === 'pragma')) return { tokens, pragmasAt: () => noPragmas };
  const rest: Token[] = [];
  const changes: { readonly from: number; readonly pragmas: Pragmas }[] = [];
  const stack: PackEntry[] = [];
  let pragmas = noPragmas;
  for (const token of tokens) {
    if (token.kind !== 'pragma') {
      rest.push(token);
      continue;
    }
    pragmas = { pack: packed(token, pragmas.pack, stack) };
    changes.push({ from: rest.length, pragmas });
  }
  return {
    tokens: rest,
    pragmasAt: (place) => changes.findLast((change) => change.from <= place)?.pragmas ?? noPragmas,
  };
}

/** GCC only warns about more text after the parenthesis. */
const form = /^pack ?\( ?(?:(push|pop)((?: ?, ?\w+)*)|(\d\w*))? ?\)/;
const limits = new Set([0, 1, 2, 4, 8, 16]);

function packed(pragma: Token, limit: number | null, stack: PackEntry[]): number | null {
  const match = form.exec(pragma.text);
  const [, action, list = '', plain] = match ?? [];
  // The label and the limit of a push can be in any order.
  const operands = list.split(',').flatMap((operand) => operand.trim() || []);
  const numbers = plain === undefined ? operands.filter((operand) => /^\d/.test(operand)) : [plain];
  const labels = operands.filter((operand) => !/^\d/.test(operand));
  if (!match || numbers.length > 1 || labels.length > 1 || (action === 'pop' && numbers.length > 0))
    throw errorAt(pragma, `#pragma ${pragma.text} is not supported; expected pack([push|pop,] [n])`);
  const [number] = numbers;
  const [label = null] = labels;
  const given = number === undefined ? null : limitOf(pragma, number);
  if (action === 'push') {
    stack.push({ label, limit });
    return number === undefined ? limit : given;
  }
  if (action === 'pop') return popped(pragma, label, stack);
  return given;
}

function popped(pragma: Token, label: string | null, stack: PackEntry[]): number | null {
  const index = label === null ? stack.length - 1 : stack.findLastIndex((entry) => entry.label === label);
  if (index < 0) throw errorAt(pragma, '#pragma pack(pop) without a push before it');
  const [entry] = stack.splice(index);
  return entry?.limit ?? null;
}

function limitOf(pragma: Token, text: string): number | null {
  const [, digits = ''] = /^(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*$/.exec(text) ?? [];
  const limit = digits === '' ? Number.NaN : Number(digits.replace(/^0(?=[0-7])/, '0o'));
  if (!limits.has(limit)) throw errorAt(pragma, `#pragma pack of ${text}; the limit must be 1, 2, 4, 8 or 16`);
  return limit === 0 ? null : limit;
}
