/** Makes types from types, and removes the parts of a type that do not change its kind. */

import type { CType, Qualifiers } from './syntax.js';

/** Returns the type with qualifiers. Returns the type itself without qualifiers. */
export function qualified(type: CType, qualifiers: Qualifiers | undefined): CType {
  if (!qualifiers) return type;
  const { of, ...before } = type.kind === 'qualified' && !type.closed ? type : { of: type };
  return { ...before, ...qualifiers, kind: 'qualified', of };
}

/** Returns a type in the parentheses of `typeof`. */
export function closed(type: CType): CType {
  return type.kind === 'qualified' ? { ...type, closed: true } : type;
}

/** Returns the type without the qualifiers that are written before it. Typedefs and alignments stay. */
export function bareQualifiers(type: CType): CType {
  return type.kind === 'qualified' && !type.closed ? bareQualifiers(type.of) : type;
}

/** Returns the qualifiers that a type adds to the type in it. Undefined without qualifiers. */
export function ownQualifiers(type: Extract<CType, { kind: 'qualified' }>): Qualifiers | undefined {
  const { kind: _kind, of: _of, closed: _closed, again: _again, mayAlias: _mayAlias, ...qualifiers } = type;
  return Object.keys(qualifiers).length > 0 ? qualifiers : undefined;
}

/**
 * Changes a type before its qualifiers are added, as GCC does with the attributes of a declarator. Qualifiers that a name
 * or parentheses contain are added again after the change.
 */
export function underQualifiers(type: CType, change: (type: CType) => CType): CType {
  if (type.kind === 'qualified' && !type.closed) return { ...type, of: underQualifiers(type.of, change) };
  const changed = change(type);
  const hasOthers = type.kind === 'qualified' || type.kind === 'typedef' || type.kind === 'typeof';
  return hasOthers && changed !== type ? { kind: 'qualified', of: changed, again: true } : changed;
}

/** Returns the type without its outermost qualifiers and alignments. Typedefs stay. */
export function bare(type: CType): CType {
  let result = type;
  while (result.kind === 'qualified' || result.kind === 'aligned') result = result.of;
  return result;
}

/** Whether GCC makes a type without a name for an attribute that is not compatible with the type itself. */
export function isMadeAgain(type: CType): boolean {
  return type.kind === 'void' || type.kind === 'complex' || (type.kind === 'scalar' && type.name === '_Bool');
}

/** Returns the type inside a derived type. */
export function typeInside(type: CType): CType | undefined {
  switch (type.kind) {
    case 'pointer':
      return type.to;
    case 'function':
      return type.returns;
    case 'array':
    case 'qualified':
    case 'aligned':
    case 'mode':
    case 'vector':
      return type.of;
    default:
      return undefined;
  }
}
