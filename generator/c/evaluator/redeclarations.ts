/** C's rules about declaring a name twice: the types, the linkage and the definitions must agree. */

import { SourceError } from '../../errors.js';
import type { CType, Declarations, ObjectNode, TypedefNode } from '../syntax.js';
import { errorAt, placeOf, type Token } from '../tokens.js';
import { Unresolvable } from '../unresolvable.js';
import { compositeType, isCompatible } from './compatibility.js';
import { unqualified } from './types.js';
import type { Evaluator } from './values.js';

/**
 * Checks the names that are declared more than once. @throws SourceError at the declaration that does not agree with an
 * earlier one.
 */
export function checkRedeclarations(declarations: Declarations, evaluator: Evaluator): void {
  for (const { earlier, later } of declarations.redeclaredTypedefs) checkTypedef(earlier, later, evaluator);
  for (const { earlier, later } of declarations.redeclaredObjects) checkObject(earlier, later, evaluator);
}

/** Unlike the types of an object, the types of a typedef must be the same: one cannot be more complete than the other. */
function checkTypedef(earlier: TypedefNode, later: TypedefNode, evaluator: Evaluator): void {
  const isSame = known(() => isSameType(earlier.type, later.type, evaluator));
  if (isSame === false) throw conflict(later, earlier.at);
}

function checkObject(earlier: ObjectNode, later: ObjectNode, evaluator: Evaluator): void {
  const [first] = earlier.places ?? [earlier.at];
  const before = typeOfAll(earlier, evaluator);
  if (before && known(() => agrees(before, later, evaluator)) === false) throw conflict(later, earlier.at);
  if (isDefined(earlier) && isDefined(later)) {
    throw errorAt(
      later.at,
      `'${later.name}' is already defined at ${placeOf(earlier.at)}; remove one of the definitions`,
    );
  }
  const problem = linkageProblem(earlier, later, evaluator);
  if (problem)
    throw errorAt(later.at, `'${later.name}' ${problem} at ${placeOf(first as Token)}; declare it in one way`);
}

/** A definition in the style of K&R has the types of its parameters after the parentheses, where they are not kept. */
function agrees(before: CType, { type, body }: ObjectNode, evaluator: Evaluator): boolean {
  const isOldStyle = body !== null && type.kind === 'function' && type.parameters === null;
  if (!isOldStyle) return isCompatible(before, type, evaluator);
  const { type: plain } = unqualified(before, evaluator);
  return plain.kind === 'function' && isCompatible(plain.returns, type.returns, evaluator);
}

/** Returns the type of an object with what all of its declarations say. Undefined if two of them do not agree. */
export function typeOfAll({ type, others = [] }: ObjectNode, evaluator: Evaluator): CType | undefined {
  return known(() => others.reduce((composite, other) => compositeType(composite, other.type, evaluator), type));
}

/** An inline function for calls alone can have a second definition. GNU C marks it with `extern inline`. */
function isDefined({ body, initializer, storage }: ObjectNode): boolean {
  const isForCalls = storage.includes('extern') && storage.some((word) => /inline/.test(word));
  return initializer !== null || (body !== null && !isForCalls);
}

function linkageProblem(earlier: ObjectNode, later: ObjectNode, { scope }: Evaluator): string | null {
  const [before, after] = [earlier, later].map(({ storage }) => ({
    isStatic: storage.includes('static'),
    isExtern: storage.includes('extern'),
    isOfThread: storage.includes('_Thread_local') || storage.includes('__thread'),
  })) as [Linkage, Linkage];
  const isFunction = scope.resolve(later.type).kind === 'function';
  if (after.isStatic && !before.isStatic) return 'is static, but is not static';
  if (before.isStatic && !after.isStatic && !after.isExtern && !isFunction) return 'is not static, but is static';
  if (before.isOfThread !== after.isOfThread) {
    return after.isOfThread ? 'is _Thread_local, but is not' : 'is not _Thread_local, but is';
  }
  return null;
}

interface Linkage {
  readonly isStatic: boolean;
  readonly isExtern: boolean;
  readonly isOfThread: boolean;
}

function conflict({ name, at }: TypedefNode | ObjectNode, earlier: Token): SourceError {
  return errorAt(at, `'${name}' has another type at ${placeOf(earlier)}; declare it with one type, or rename one`);
}

/** Whether two types are compatible, and neither is more complete than the other. */
function isSameType(a: CType, b: CType, evaluator: Evaluator): boolean {
  if (!isCompatible(a, b, evaluator)) return false;
  const [x, y] = [unqualified(a, evaluator).type, unqualified(b, evaluator).type];
  if (x.kind !== y.kind) return false;
  if (x.kind === 'array' && y.kind === 'array') {
    return (x.length === null) === (y.length === null) && isSameType(x.of, y.of, evaluator);
  }
  if (x.kind === 'pointer' && y.kind === 'pointer') return isSameType(x.to, y.to, evaluator);
  if (x.kind !== 'function' || y.kind !== 'function') return true;
  const [own, others] = [x.parameters, y.parameters];
  if (!own || !others) return own === others;
  return (
    isSameType(x.returns, y.returns, evaluator) &&
    own.every((type, index) => isSameParameter(type, others[index], evaluator))
  );
}

function isSameParameter(a: CType, b: CType | undefined, evaluator: Evaluator): boolean {
  return b === undefined || isSameType(unqualified(a, evaluator).type, unqualified(b, evaluator).type, evaluator);
}

/** Returns a result. Undefined if it needs a type that cannot be determined, which another check reports. */
function known<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof Unresolvable || error instanceof SourceError) return undefined;
    throw error;
  }
}
