/** The types that a macro's expression can have: its own are unknown, as those of its arguments are. */

import type { FunctionMacro, IntegerKind, MacroExpression, MacroOperator } from '../model/model.js';

/** A set of the types that there are after C's promotions, one bit for each. */
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
 * The types that an operator can work in: of each pair the wider, and where both are as wide the unsigned one, which is the
 * greater bit. So it is all of both sets, but what is less than everything in one of them.
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

/** The types that an expression can have, promoted, with arguments of these types. */
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

/** Arguments are all that TypeScript allows, unless it is said otherwise. */
export function anyArguments({ parameters }: FunctionMacro): Kinds[] {
  return parameters.map(() => any);
}

/** Whether there is one type for all arguments. */
export function isOne(kinds: Kinds): boolean {
  return kinds === s32 || kinds === u32 || kinds === s64 || kinds === u64;
}

export type Type = 'number' | 'bigint' | 'number | bigint';

export function typeOf(kinds: Kinds): Type {
  if ((kinds & wide) === 0) return 'number';
  return (kinds & narrow) === 0 ? 'bigint' : 'number | bigint';
}
