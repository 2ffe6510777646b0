/** Checks the types that the layout of records does not need, but that the compiler checks. */

import { evaluatorOf } from '../c/evaluator/evaluator.js';
import { checkRedeclarations } from '../c/evaluator/redeclarations.js';
import type { Layout } from '../c/layout/layout.js';
import type { CType, Declarations } from '../c/syntax.js';
import type { Token } from '../c/tokens.js';
import { typeInside } from '../c/types.js';
import { Unsupported } from '../c/unresolvable.js';
import { LimitError, SourceError } from '../errors.js';

/**
 * Checks the types of all declarations of a header. Headers from before C11 have static assertions of this form:
 * `typedef char check[sizeof(int) == 4 ? 1 : -1]`. @throws Unresolvable for a type that C or the target does not have.
 */
export function checkDeclaredTypes(declarations: Declarations, layout: Layout): void {
  const { records, typedefs, objects, rareTypes } = declarations;
  for (const { type, at } of rareTypes.values()) layout.measure(type, at);
  for (const { type, at } of typedefs.values()) checkType(type, at, layout);
  for (const { type, at, attributes } of objects.values()) {
    checkType(type, at, layout);
    for (const alignment of attributes.aligned) layout.alignment(alignment);
  }
  // The layout of a record does not need the type that a pointer points to.
  for (const { members } of records) {
    for (const { type, at } of members) if (typeInside(type)) checkType(type, at, layout);
  }
  checkRedeclarations(declarations, evaluatorOf(layout));
}

/**
 * Checks the initializers of all variables. Some forms of an initializer are not supported. Such a variable is an
 * omission. @throws Unresolvable for an initializer that C does not allow.
 */
export function checkInitializers({ objects }: Declarations, layout: Layout): void {
  for (const name of objects.keys()) {
    try {
      layout.checkInitializer(name);
    } catch (error) {
      if (error instanceof Unsupported || (error instanceof SourceError && !(error instanceof LimitError))) continue;
      throw error;
    }
  }
}

/**
 * Lays out all records, also those of headers that the model does not cover. A required include that the compiler would
 * refuse is found in this way. @throws Unresolvable for a record without a layout.
 */
export function checkRecords({ records }: Declarations, layout: Layout): void {
  for (const record of records) {
    try {
      layout.record(record);
    } catch (error) {
      // A record that cannot be expressed compiles.
      if (!(error instanceof Unsupported)) throw error;
    }
  }
}

function checkType(type: CType, at: Token, layout: Layout): void {
  try {
    layout.checkType(type, at);
  } catch (error) {
    // Such a declaration is an omission in any case.
    if (!(error instanceof Unsupported)) throw error;
  }
}
