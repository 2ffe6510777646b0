/**
 * Computes the possible types of a macro's expression. The types of the arguments are not known, so the type of the
 * result is not always known.
 */

import type { FunctionMacro, IntegerKind, MacroExpression, MacroOperator } from '../model/model.js';

/** A set of types after C's promotions, with one bit for each type. */
export type Kinds = number;

export const s32: Kinds = 1;
export const u32: Kinds = 2;
export const s64: Kinds = 4;
export const u64: Kinds = 8;
export const narrow: Kinds = s32 | u32;
export const wide: Kinds = s64 | u64;
const any: Kinds = narrow | wide;

export function promoted(kind: IntegerKind): Kinds {
  return { bool: s32, u8: s32, s8: s32, u16: s32, s16: s32, s32, u32, s64, u64 }[kind];
}

/**
 * Returns the types in which an operator can compute. Of a pair of types, it uses the wider type, or the unsigned type
 * if both have the same width. The used type has the higher bit. The result is therefore the union of both sets,
 * without types that are less than every type of one set.
 */
export function commonKinds(a: Kinds, b: Kinds): Kinds {
  return (a | b) & -Math.max(a & -a, b & -b);
}

export const comparisons: ReadonlySet<MacroOperator> = new Set(['<', '>', '<=', '>=', '==', '!=']);

export function isTruth(value: MacroExpression): boolean {
  if (value.is === 'unary') return value.operator === '!';
  return (
    value.is === 'binary' && (comparisons.has(value.operator) || value.operator === '&&' || value.operator === '||')
  );
}

/** Returns the possible types of an expression after promotion, for arguments with these types. */
export function kindsOf(value: MacroExpression, parameters: readonly Kinds[]): Kinds {
  if (isTruth(value)) return s32;
  const of = (part: MacroExpression): Kinds => kindsOf(part, parameters);
  switch (value.is) {
    case 'parameter':
      return parameters[value.index] ?? any;
    case 'integer':
      return promoted(value.kind);
    case 'convert':
      return promoted(value.to);
    case 'unary':
      return of(value.of);
    case 'binary':
      return value.operator === '<<' || value.operator === '>>'
        ? of(value.left)
        : commonKinds(of(value.left), of(value.right));
    case 'conditional':
      return commonKinds(of(value.whenTrue), of(value.whenFalse));
  }
}

/** By default, arguments can have every type that TypeScript allows. */
export function anyArguments({ parameters }: FunctionMacro): Kinds[] {
  return parameters.map(() => any);
}

/** Whether the type is the same for all arguments. */
export function isOne(kinds: Kinds): boolean {
  return kinds === s32 || kinds === u32 || kinds === s64 || kinds === u64;
}

export type Type = 'number' | 'bigint' | 'number | bigint';

export function typeOf(kinds: Kinds): Type {
  if ((kinds & wide) === 0) return 'number';
  return (kinds & narrow) === 0 ? 'bigint' : 'number | bigint';
}
