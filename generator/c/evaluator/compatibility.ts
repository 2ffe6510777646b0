/** C's rules about compatible types (C17 6.2.7), as `_Generic` and `__builtin_types_compatible_p` use them. */

import type { CType, FunctionType, Qualifiers } from '../syntax.js';
import { isMadeAgain, qualified } from '../types.js';
import { isVariableLength } from './type-names.js';
import { type Unqualified, unqualified } from './types.js';
import type { Evaluator } from './values.js';

/** Whether two types are compatible. `unqualified` ignores the outermost qualifiers. */
export function isCompatible(
  a: CType,
  b: CType,
  evaluator: Evaluator,
  outermost: 'qualified' | 'unqualified' = 'qualified',
): boolean {
  if (a === b) return true;
  const [x, y] = [unqualified(a, evaluator), unqualified(b, evaluator)];
  if (isMadeAgain(x.type) && !sameAttributes(x, y, evaluator)) return false;
  if (outermost === 'qualified' && x.type.kind !== 'array' && !sameQualifiers(x.qualifiers, y.qualifiers)) return false;
  return compatible(
    withArrayQualifiers(x.type, x.qualifiers),
    withArrayQualifiers(y.type, y.qualifiers),
    outermost,
    evaluator,
  );
}

function sameAttributes(a: Unqualified, b: Unqualified, { scope }: Evaluator): boolean {
  const alignOf = ({ aligned }: Unqualified): number | 'without operand' | null =>
    aligned && (aligned.alignment.bytes ? scope.measure(aligned, aligned.alignment.at).align : 'without operand');
  return a.mayAlias === b.mayAlias && alignOf(a) === alignOf(b);
}

function sameQualifiers(a: Qualifiers | undefined, b: Qualifiers | undefined): boolean {
  return a?.const === b?.const && a?.volatile === b?.volatile && a?.restrict === b?.restrict && a?.atomic === b?.atomic;
}

/** The qualifiers of an array belong to its elements. */
function withArrayQualifiers(type: CType, qualifiers: Qualifiers | undefined): CType {
  if (type.kind !== 'array' || !qualifiers) return type;
  return { ...type, of: { kind: 'qualified', of: type.of, ...qualifiers } };
}

function compatible(a: CType, b: CType, outermost: 'qualified' | 'unqualified', evaluator: Evaluator): boolean {
  const { scope } = evaluator;
  if (isEnum(a) !== isEnum(b)) {
    const [x, y] = [scope.resolve(a), scope.resolve(b)];
    return x.kind === 'scalar' && y.kind === 'scalar' && x.name === y.name;
  }
  switch (a.kind) {
    case 'void':
      return b.kind === 'void';
    case 'scalar':
      return b.kind === 'scalar' && a.name === b.name;
    case 'complex':
      return b.kind === 'complex' && a.of.name === b.of.name;
    case 'pointer':
      return b.kind === 'pointer' && a.size === b.size && isCompatible(a.to, b.to, evaluator);
    case 'array':
      return (
        b.kind === 'array' &&
        sameLength(a.length, b.length, evaluator) &&
        isCompatible(a.of, b.of, evaluator, outermost)
      );
    case 'vector':
      return (
        b.kind === 'vector' &&
        isCompatible(a.of, b.of, evaluator) &&
        evaluator.integer(a.bytes).value === evaluator.integer(b.bytes).value
      );
    case 'function':
      return b.kind === 'function' && compatibleFunctions(a, b, evaluator);
    case 'tag':
      return b.kind === 'tag' && a.keyword === b.keyword && a.tag === b.tag;
    case 'unnamed record':
      return b.kind === 'unnamed record' && a.record === b.record;
    case 'unnamed enum':
      return b.kind === 'unnamed enum' && a.enumeration === b.enumeration;
    default:
      return false;
  }
}

function isEnum(type: CType): boolean {
  return type.kind === 'unnamed enum' || (type.kind === 'tag' && type.keyword === 'enum');
}

type Length = Extract<CType, { kind: 'array' }>['length'];

function sameLength(a: Length, b: Length, evaluator: Evaluator): boolean {
  if (a === null || b === null || isVariableLength(a, evaluator) || isVariableLength(b, evaluator)) return true;
  return evaluator.integer(a).value === evaluator.integer(b).value;
}

function compatibleFunctions(a: FunctionType, b: FunctionType, evaluator: Evaluator): boolean {
  if (!isCompatible(a.returns, b.returns, evaluator)) return false;
  if (!a.parameters || !b.parameters) return isPromoted(a, evaluator) && isPromoted(b, evaluator);
  const [own, others] = [withoutVoid(a.parameters, evaluator), withoutVoid(b.parameters, evaluator)];
  return (
    a.variadic === b.variadic &&
    own.length === others.length &&
    own.every((type, index) => isCompatible(type, others[index] as CType, evaluator, 'unqualified'))
  );
}

/** Returns the parameters of a function. A typedef of `void` alone means that there are none. */
function withoutVoid(parameters: readonly CType[], { scope }: Evaluator): readonly CType[] {
  const [only, second] = parameters;
  return only && !second && scope.resolve(only).kind === 'void' ? [] : parameters;
}

/** Whether a function can be called without a prototype: no argument would have another type. */
function isPromoted({ parameters, variadic }: FunctionType, evaluator: Evaluator): boolean {
  if (!parameters) return true;
  const { scope } = evaluator;
  return (
    !variadic &&
    parameters.every((type) => {
      const plain = scope.resolve(type);
      if (plain.kind !== 'scalar') return true;
      const integer = scope.integerType(plain.name);
      return integer ? integer.rank >= scope.integers.int.rank : plain.name !== 'float';
    })
  );
}

/** Returns the type that has the information of two compatible types: the length of an array, the parameters. */
export function compositeType(a: CType, b: CType, evaluator: Evaluator): CType {
  const [{ type: x, qualifiers }, { type: y }] = [unqualified(a, evaluator), unqualified(b, evaluator)];
  if (x.kind === 'array' && y.kind === 'array') {
    const of = compositeType(x.of, y.of, evaluator);
    if (of === x.of && (x.length !== null || y.length === null)) return a;
    if (of === y.of && y.length !== null) return b;
    return qualified({ ...x, of, length: x.length ?? y.length }, qualifiers);
  }
  if (x.kind === 'pointer' && y.kind === 'pointer') {
    const to = compositeType(x.to, y.to, evaluator);
    return to === x.to ? a : qualified({ ...x, to }, qualifiers);
  }
  if (x.kind === 'function' && y.kind === 'function') return x.parameters ? a : b;
  return a;
}
