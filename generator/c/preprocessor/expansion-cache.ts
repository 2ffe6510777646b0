/**
 * What macros expand to, remembered: the targets of a run have most headers in common, and with them most macros. What is
 * remembered holds for a target as long as every name that was looked up means there what it meant then.
 */

import type { Token } from '../tokens.js';
import { type Expansion, expandTokens } from './expander.js';
import type { Macro } from './macros.js';

interface Remembered {
  readonly tokens: readonly Token[];
  readonly lookups: ReadonlyMap<string, Macro | undefined>;
}

/** For expansions that leave the same macros alone. */
export type ExpansionCache = WeakMap<Macro, Remembered>;

/** Whether the expansion of a macro is its body as it stands. */
export function standsForItself({ body }: Macro): boolean {
  return !body.some(({ kind, text }) => kind === 'identifier' || text === '##');
}

/** The expansion of the name of a macro. */
export function expandMacro(macro: Macro, expansion: Expansion, end: Token, cache: ExpansionCache): readonly Token[] {
  const known = cache.get(macro);
  if (known && holds(known, expansion)) return known.tokens;
  const { macros, builtins } = expansion;
  const lookups = new Map<string, Macro | undefined>();
  let usesBuiltin = false;
  const recording: Expansion = {
    ...expansion,
    macros: {
      get(name) {
        const found = macros.get(name);
        lookups.set(name, found);
        return found;
      },
    },
    builtins: {
      get(name) {
        const found = builtins.get(name);
        usesBuiltin ||= found !== undefined;
        return found;
      },
    },
  };
  // Its name, not its body: a macro that refers to itself must find itself being expanded.
  const tokens = expandTokens([macro.at], recording, end);
  if (!usesBuiltin) cache.set(macro, { tokens, lookups });
  return tokens;
}

function holds({ lookups }: Remembered, { macros }: Expansion): boolean {
  for (const [name, macro] of lookups) if (macros.get(name) !== macro) return false;
  return true;
}
