/** Finds the macros whose expansion depends on the place or the time of their use. Such a macro has no value. */

import { isPredefined } from '../c/preprocessor/definitions.js';
import type { Macro, MacroTable } from '../c/preprocessor/macros.js';

const changing: ReadonlySet<string> = new Set(
  '__LINE__ __COUNTER__ __INCLUDE_LEVEL__ __FILE__ __FILE_NAME__ __BASE_FILE__ __DATE__ __TIME__ __TIMESTAMP__'.split(
    ' ',
  ),
);

export class ChangingMacros {
  readonly #macros: MacroTable;
  /** Maps a macro to the changing name that it contains, or to null. */
  readonly #names = new Map<Macro, string | null>();
  #isAny: boolean | undefined;

  constructor(macros: MacroTable) {
    this.#macros = macros;
  }

  /** Returns the changing name in the expansion of a macro, or null. */
  nameIn(macro: Macro): string | null {
    this.#isAny ??= this.#hasAny();
    return this.#isAny ? this.#find(macro) : null;
  }

  /** Whether any macro contains a changing name. Nearly no header has such a macro, and no compiler predefines one. */
  #hasAny(): boolean {
    for (const macro of this.#macros.values()) {
      if (isPredefined(macro)) continue;
      for (const { text } of macro.body) if (changing.has(text)) return true;
    }
    return false;
  }

  #find(macro: Macro): string | null {
    const known = this.#names.get(macro);
    if (known !== undefined) return known;
    // A macro that contains itself is not expanded again.
    this.#names.set(macro, null);
    let found: string | null = null;
    for (const { kind, text } of macro.body) {
      if (kind !== 'identifier') continue;
      const other = this.#macros.get(text);
      found = changing.has(text) ? text : other ? this.#find(other) : null;
      if (found !== null) break;
    }
    this.#names.set(macro, found);
    return found;
  }
}
