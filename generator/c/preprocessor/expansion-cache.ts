/**
 * Caches the expansions of macros. The targets of a run share most headers and most macros. A cached expansion is valid
 * for a target if every name in the expansion has the same meaning as before.
 */

import type { Token } from '../tokens.js';
import { type Expansion, expandTokens } from './expander.js';
import type { Macro } from './macros.js';

interface Remembered {
  readonly tokens: readonly Token[];
  /** A list needs less memory than a map. */
  readonly lookups: readonly (readonly [string, Macro | undefined])[];
}

/** A cache for expansions that exclude the same macros. */
export type ExpansionCache = WeakMap<Macro, Remembered>;

/** Whether a macro expands to exactly its body. */
export function standsForItself({ body }: Macro): boolean {
  return !body.some(({ kind, text }) => kind === 'identifier' || text === '##');
}

/** Returns the expansion of a macro's name. */
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
  // Expands the name, not the body. A macro that refers to itself must be marked as being expanded.
  const tokens = expandTokens([macro.at], recording, end);
  if (!usesBuiltin) cache.set(macro, { tokens, lookups: [...lookups] });
  return tokens;
}

function holds({ lookups }: Remembered, { macros }: Expansion): boolean {
  for (const [name, macro] of lookups) if (macros.get(name) !== macro) return false;
  return true;
}
