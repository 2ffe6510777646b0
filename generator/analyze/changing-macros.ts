/** Finds the macros whose expansion depends on the place or the time of their use. Such a macro has no value. */

import { changingNames, type Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';

export class ChangingMacros {
  readonly #preprocessed: Pick<Preprocessed, 'macros' | 'definitions'>;
  /** Maps a macro to the changing name that it contains, or to null. */
  readonly #names = new Map<Macro, string | null>();
  #isAny: boolean | undefined;

  constructor(preprocessed: Pick<Preprocessed, 'macros' | 'definitions'>) {
    this.#preprocessed = preprocessed;
  }

  /** Returns the changing name in the expansion of a macro, or null. */
  nameIn(macro: Macro): string | null {
    this.#isAny ??= this.#hasAny();
    return this.#isAny ? this.#find(macro) : null;
  }

  /** Whether any macro contains a changing name. Nearly no header has such a macro, and no compiler predefines one. */
  #hasAny(): boolean {
    return this.#preprocessed.definitions.some(({ isChanging }) => isChanging);
  }

  #find(macro: Macro): string | null {
    const known = this.#names.get(macro);
    if (known !== undefined) return known;
    // A macro that contains itself is not expanded again.
    this.#names.set(macro, null);
    let found: string | null = null;
    for (const { kind, text } of macro.body) {
      if (kind !== 'identifier') continue;
      const other = this.#preprocessed.macros.get(text);
      found = changingNames.has(text) ? text : other ? this.#find(other) : null;
      if (found !== null) break;
    }
    this.#names.set(macro, found);
    return found;
  }
}
