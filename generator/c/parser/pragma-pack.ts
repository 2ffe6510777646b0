/** `#pragma pack`: taken out of the token stream, and known by position. */

import { errorAt, type Token } from '../tokens.js';

export interface PackedTokens {
  /** The tokens without pragmas. */
  readonly tokens: readonly Token[];
  /** The alignment limit in force at a position in `tokens`; null for none. */
  limitAt(position: number): number | null;
}

export function extractPacks(tokens: readonly Token[]): PackedTokens {
  const rest: Token[] = [];
  const changes: { readonly from: number; readonly limit: number | null }[] = [];
  const stack: { readonly label: string | null; readonly limit: number | null }[] = [];
  let limit: number | null = null;
  for (const token of tokens) {
    if (token.kind !== 'pragma') {
      rest.push(token);
      continue;
    }
    limit = apply(token, limit, stack);
    changes.push({ from: rest.length, limit });
  }
  return {
    tokens: rest,
    limitAt: (position) => changes.findLast((change) => change.from <= position)?.limit ?? null,
  };
}

const form =
  /^pack ?\( ?(?:(?<action>push|pop)(?: ?, ?(?<label>[A-Za-z_]\w*))?(?: ?, ?(?<pushed>\d+))?|(?<plain>\d+))? ?\)$/;
const limits = new Set([1, 2, 4, 8, 16]);

function apply(
  pragma: Token,
  limit: number | null,
  stack: { readonly label: string | null; readonly limit: number | null }[],
): number | null {
  const groups = form.exec(pragma.text)?.groups;
  if (!groups) throw errorAt(pragma, `#pragma ${pragma.text} is not understood; expected pack([push|pop,] [n])`);
  const { action, label = null, pushed, plain } = groups;
  const size = pushed ?? plain;
  if (size !== undefined && size !== '0' && !limits.has(Number(size))) {
    throw errorAt(pragma, `#pragma pack of ${size}; the limit must be 1, 2, 4, 8 or 16`);
  }
  const given = size === undefined || size === '0' ? null : Number(size);
  if (action === 'push') {
    stack.push({ label, limit });
    return size === undefined ? limit : given;
  }
  if (action === 'pop') {
    const index = label === null ? stack.length - 1 : stack.findLastIndex((entry) => entry.label === label);
    if (index < 0) throw errorAt(pragma, '#pragma pack(pop) without a push before it');
    const [entry] = stack.splice(index);
    return entry?.limit ?? null;
  }
  return given;
}
