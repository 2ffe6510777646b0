/**
 * Caches the expansions of macros. The targets of a run share most headers and most macros. A cached expansion is valid
 * for a target if every name in the expansion has the same meaning as before.
 */

import type { Token } from '../tokens.js';
import { type Expansion, expandTokens } from './expander.js';
import type { Macro } from './macros.js';

interface Remembered {
  readonly tokens: readonly Token[];
  /** The meanings of the names that the expansion has looked up. */
  readonly lookups: ReadonlyMap<string, Macro | undefined>;
  /** If the body is the name of another macro, the expansion of that macro. This expansion holds if that one holds. */
  readonly next: Remembered | null;
  /** The lookups of the last macro to which the names lead. */
  readonly last: ReadonlyMap<string, Macro | undefined>;
}

/** A cache for expansions that exclude the same macros. */
export type ExpansionCache = WeakMap<Macro, Remembered>;

/** The expansions that are known to hold for one table of macros. Clear it when the table changes. */
export type HoldingExpansions = Set<object>;

/** Whether a macro expands to exactly its body. */
export function standsForItself({ body }: Macro): boolean {
  return !body.some(({ kind, text }) => kind === 'identifier' || text === '##');
}

/** Returns the expansion of a macro's name. */
export function expandMacro(
  macro: Macro,
  expansion: Expansion,
  end: Token,
  cache: ExpansionCache,
  holding: HoldingExpansions,
): readonly Token[] {
  const known = cached(macro, expansion, cache, holding);
  if (known) return known.tokens;
  return expandAlias(macro, expansion, end, cache, holding) ?? expandAlone(macro, expansion, end, cache).tokens;
}

function cached(
  macro: Macro,
  { macros }: Expansion,
  cache: ExpansionCache,
  holding: HoldingExpansions,
): Remembered | undefined {
  const known = cache.get(macro);
  const passed: Remembered[] = [];
  for (let link = known; link && !holding.has(link); link = link.next ?? undefined) {
    for (const [name, meaning] of link.lookups) if (macros.get(name) !== meaning) return undefined;
    passed.push(link);
  }
  for (const link of passed) holding.add(link);
  return known;
}

/**
 * Expands a macro whose body is the name of another macro, by the expansion of that macro. A header can define thousands of
 * names, each for the one before; without this each name would expand all names before it. Returns undefined if the macro
 * is not such a macro, or if its name occurs in its own expansion.
 */
function expandAlias(
  macro: Macro,
  expansion: Expansion,
  end: Token,
  cache: ExpansionCache,
  holding: HoldingExpansions,
): readonly Token[] | undefined {
  const aliases = new Set([macro]);
  let last = aliasedBy(macro, expansion);
  let found: Remembered | undefined;
  while (last && !found) {
    if (aliases.has(last)) return undefined;
    found = cached(last, expansion, cache, holding);
    const next = found ? undefined : aliasedBy(last, expansion);
    if (!next) break;
    aliases.add(last);
    last = next;
  }
  if (!last) return undefined;
  let expanded = found ?? expandAlone(last, expansion, end, cache);
  // The expansion depends on the place of its use, or it contains one of the names, which is not expanded there.
  if (!cache.has(last) || [...aliases].some(({ name }) => expanded.last.has(name))) return undefined;
  for (const alias of [...aliases].reverse()) {
    const tokens = expanded.tokens.map((token, index) => placedAt(alias.at, token, index));
    expanded = { tokens, lookups: new Map([[alias.name, alias]]), next: expanded, last: expanded.last };
    cache.set(alias, expanded);
    holding.add(expanded);
  }
  return expanded.tokens;
}

/** Returns the object-like macro whose name is the whole body of a macro. */
function aliasedBy({ parameters, body }: Macro, { macros, builtins, active }: Expansion): Macro | undefined {
  const [name] = body;
  if (parameters !== null || body.length !== 1 || name?.kind !== 'identifier') return undefined;
  const other = builtins.get(name.text) ? undefined : macros.get(name.text);
  return other?.parameters === null && !active.has(other) ? other : undefined;
}

/** Returns a token of an expansion at the place of the macro's name. */
function placedAt({ file, offset, space }: Token, token: Token, index: number): Token {
  return { ...token, file, offset, space: index === 0 ? space : token.space };
}

function expandAlone(macro: Macro, expansion: Expansion, end: Token, cache: ExpansionCache): Remembered {
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
  const expanded = { tokens, lookups, next: null, last: lookups };
  if (!usesBuiltin) cache.set(macro, expanded);
  return expanded;
}
