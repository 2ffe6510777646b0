/** Converts `const` variables with an integer or a string to constants: `static const int MAX_SLOTS = 32;`. */

import { ArithmeticError } from '../c/evaluator/arithmetic.js';
import type { Layout } from '../c/layout/layout.js';
import type { MacroTable } from '../c/preprocessor/macros.js';
import type { Declarations, ObjectNode } from '../c/syntax.js';
import { locationOf } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';
import { LimitError, SourceError } from '../errors.js';
import type { SourceFile } from '../headers/files.js';
import type { Constant } from '../model/model.js';
import type { Comments } from './comments.js';
import { modelInteger } from './integer-values.js';
import { commented } from './records.js';
import { textOfBytes } from './texts.js';

export interface ConstantObjects {
  readonly constants: readonly Constant[];
  /** The reasons why other `const` variables with an initializer are not constants, by name. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** Returns the constants of the covered headers that are variables. A macro with the name of a variable hides it. */
export function constantObjects(
  { objects }: Declarations,
  covered: ReadonlySet<SourceFile>,
  macros: MacroTable,
  layout: Layout,
  comments: Comments,
): ConstantObjects {
  const constants: Constant[] = [];
  const reasons = new Map<string, string>();
  for (const [name, node] of objects) {
    if (!covered.has(node.at.file) || !node.initializer) continue;
    if (macros.has(name)) {
      reasons.set(name, 'a variable that a macro with its name hides');
      continue;
    }
    try {
      if (layout.constantInitializer(name)) constants.push(constantOf(node, layout, comments));
    } catch (error) {
      reasons.set(name, `a variable: ${problemOf(error)}`);
    }
  }
  return { constants, reasons };
}

function constantOf(node: ObjectNode, layout: Layout, comments: Comments): Constant {
  const { name, at } = node;
  const value = layout.valueOf(name);
  const rest = { location: locationOf(at), isVariable: true, ...commented(comments.ofObject(node)) } as const;
  return value.kind === 'integer'
    ? { name, value: modelInteger(value.integer), type: value.integer.type.name, ...rest }
    : { name, value: textOfBytes(Uint8Array.from(value.bytes)), type: `char[${value.size}]`, ...rest };
}

function problemOf(error: unknown): string {
  if (error instanceof SourceError && !(error instanceof LimitError)) return error.problem;
  if (error instanceof ArithmeticError || error instanceof Unresolvable) return error.message;
  throw error;
}
