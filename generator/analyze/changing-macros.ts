/** Finds the macros whose expansion depends on the place or the time of their use. Such a macro has no value. */

import { changingNames, type Macro } from '../c/preprocessor/macros.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';

export class ChangingMacros {
  readonly #preprocessed: Pick<Preprocessed, 'macros' | 'definitions'>;
  /** Maps a macro to a changing name that its expansion contains. */
  #names: ReadonlyMap<Macro, string> | undefined;

  constructor(preprocessed: Pick<Preprocessed, 'macros' | 'definitions'>) {
    this.#preprocessed = preprocessed;
  }

  /** Returns a changing name in the expansion of a macro, or null. */
  nameIn(macro: Macro): string | null {
    this.#names ??= this.#hasAny() ? namesIn(this.#preprocessed.macros.values()) : new Map();
    return this.#names.get(macro) ?? null;
  }

  /** Whether any macro contains a changing name. Nearly no header has such a macro, and no compiler predefines one. */
  #hasAny(): boolean {
    return this.#preprocessed.definitions.some(({ isChanging }) => isChanging);
  }
}

/** Goes from the macros whose body has a changing name to the macros that use them. */
function namesIn(macros: Iterable<Macro>): Map<Macro, string> {
  const names = new Map<Macro, string>();
  const users = new Map<string, Macro[]>();
  for (const macro of macros) {
    for (const { kind, text } of macro.body) {
      if (kind !== 'identifier') continue;
      if (changingNames.has(text)) {
        if (!names.has(macro)) names.set(macro, text);
      } else {
        const others = users.get(text);
        if (others) others.push(macro);
        else users.set(text, [macro]);
      }
    }
  }
  // The loop also visits the macros that it adds.
  for (const [macro, name] of names)
    for (const user of users.get(macro.name) ?? []) if (!names.has(user)) names.set(user, name);
  return names;
}
