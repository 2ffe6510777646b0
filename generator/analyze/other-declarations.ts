/**
 * Lists the declarations that have no form in TypeScript: typedefs, variables and functions. Each one is an omission of
 * its own kind.
 */

import type { Layout } from '../c/layout/layout.js';
import { spellType } from '../c/layout/type-names.js';
import type { CType, Declarations } from '../c/syntax.js';
import { locationOf } from '../c/tokens.js';
import { bare } from '../c/types.js';
import { Unresolvable } from '../c/unresolvable.js';
import type { SourceFile } from '../headers/files.js';
import type { Omission } from '../model/model.js';
import type { ConstantObjects } from './constant-objects.js';
import type { TypedefNames } from './records.js';

/**
 * Returns the typedefs, variables and functions of the covered headers that the model does not have. `names` has the
 * typedefs that name a record or enum of the model. `constantObjects` has the variables that are constants, and the
 * reasons why others are not.
 */
export function otherDeclarations(
  { typedefs, objects }: Declarations,
  covered: ReadonlySet<SourceFile>,
  names: TypedefNames,
  { constants, reasons }: ConstantObjects,
  layout: Layout,
): Omission[] {
  const constantNames = new Set(constants.map(({ name }) => name));
  const named = new Set(names.values());
  const omissions: Omission[] = [];
  for (const { name, type, at } of typedefs.values()) {
    if (!covered.has(at.file) || named.has(name)) continue;
    const reason = `another name of the type '${otherName(type, names, layout)}'; members of this type are in the model`;
    omissions.push({ kind: 'typedef', name, reason, location: locationOf(at) });
  }
  for (const [name, { type, at: last, places = [last] }] of objects) {
    const at = places.find(({ file }) => covered.has(file));
    if (!at || constantNames.has(name)) continue;
    const location = locationOf(at);
    omissions.push(
      isFunction(type, typedefs)
        ? { kind: 'function', name, reason: 'a function, which only C code can call', location }
        : { kind: 'variable', name, reason: reasons.get(name) ?? anyVariable, location },
    );
  }
  return omissions;
}

/** Returns the pragmas of covered headers that the compiler ignores. */
export function ignoredPragmas({ ignoredPragmas: list }: Declarations, covered: ReadonlySet<SourceFile>): Omission[] {
  return list.flatMap(({ at, problem }) => {
    if (!covered.has(at.file)) return [];
    return [{ kind: 'pragma', name: at.text, reason: `GCC ignores this pragma: ${problem}`, location: locationOf(at) }];
  });
}

const anyVariable = 'a variable, whose value only a running program has';

/** Returns the name of a type. The second typedef of a record without a tag has the first one as its other name. */
function otherName(declared: CType, names: TypedefNames, layout: Layout): string {
  const type = bare(declared);
  if (type.kind === 'array') return `${otherName(type.of, names, layout)} []`;
  const node = type.kind === 'unnamed record' ? type.record : type.kind === 'unnamed enum' ? type.enumeration : null;
  return (node && names.get(node)) ?? nameOrUnknown(declared, layout);
}

/** Returns the name of a type. A typedef that no member uses may have a type that cannot be determined. */
function nameOrUnknown(type: CType, layout: Layout): string {
  try {
    return spellType(type, layout);
  } catch (error) {
    if (error instanceof Unresolvable) return 'typeof (…)';
    throw error;
  }
}

/** Whether a declaration declares a function, possibly with a typedef of a function type. */
function isFunction(type: CType, typedefs: Declarations['typedefs']): boolean {
  let declared: CType | undefined = bare(type);
  while (declared?.kind === 'typedef') {
    const node = typedefs.get(declared.name);
    declared = node && bare(node.type);
  }
  return declared?.kind === 'function';
}
