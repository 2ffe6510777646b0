/** Computes the types of expressions. An expression without a value also has a type. */

import type { ScalarName } from '../../targets/target.js';
import type { BinaryOperator, CType, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import { qualified } from '../types.js';
import { NotConstant, Unresolvable, Unsupported } from '../unresolvable.js';
import { integerLiteral } from './arithmetic.js';
import { builtinType } from './builtins.js';
import { compositeType, isCompatible } from './compatibility.js';
import { floatLiteral } from './float-literals.js';
import { selectedAssociation } from './generic.js';
import { completeLiteral } from './initializers.js';
import { isIntegerConstant, selectedExpression } from './integer-constants.js';
import { characterType, stringUnits, unitType } from './literals.js';
import { checkType } from './type-names.js';
import {
  arithmeticType,
  bitFieldType,
  elementType,
  isArithmetic,
  isScalar,
  pointerTo,
  promotedTypeOf,
  resolved,
  scalar,
  typeOfInteger,
  unqualified,
  valueType,
} from './types.js';
import { type Evaluator, type ExpressionType, isInteger } from './values.js';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

const int = scalar('int');

/** Returns the type of an expression. Every operand must have a valid type, evaluated or not. */
export function typeOf(expression: Expression, evaluator: Evaluator): ExpressionType {
  const { scope } = evaluator;
  switch (expression.kind) {
    case 'integer':
      return integerLiteralType(expression, evaluator);
    case 'float':
      return floatType(expression, evaluator);
    case 'character':
      return typeOfInteger(characterType(expression.text, scope));
    case 'string':
      return stringType(expression, evaluator);
    case 'name':
      return nameType(expression, evaluator);
    case 'unary':
      return unaryType(expression, evaluator);
    case 'binary':
      return chainType(expression, evaluator);
    case 'conditional':
      return conditionalType(expression, evaluator);
    case 'cast':
      return castType(expression, evaluator);
    case 'measure':
    case 'offsetof':
      checkMeasure(expression, evaluator);
      return typeOfInteger(scope.sizeType);
    case 'member':
      return memberType(expression, evaluator);
    case 'index':
      return indexType(expression, evaluator);
    case 'call':
      return callType(expression, evaluator);
    case 'assign':
      return assignmentType(expression, evaluator);
    case 'step':
      return modifiedType(expression.operand, expression.at, evaluator);
    case 'compound literal':
      return completeLiteral(expression, evaluator);
    case 'generic':
      return evaluator.typeOf(selectedAssociation(expression, evaluator));
    case 'compatible':
      for (const type of [expression.left, expression.right]) {
        checkType(type, expression.at, evaluator, 'all lengths');
      }
      return int;
    case 'part':
      return partType(expression, evaluator);
  }
}

/** In GNU C, an integer constant can have an imaginary suffix. */
function integerLiteralType({ text }: Node<'integer'>, { scope }: Evaluator): ExpressionType {
  const real = /[ij]/i.test(text) ? text.replace(/[ij]/i, '') : text;
  const type = typeOfInteger(integerLiteral(real, scope.integers).type);
  return real !== text && type.kind === 'scalar' ? { kind: 'complex', of: type } : type;
}

function floatType({ text }: Node<'float'>, { scope }: Evaluator): ExpressionType {
  const { type, imaginary } = floatLiteral(text, scope);
  return imaginary ? { kind: 'complex', of: scalar(type) } : scalar(type);
}

function stringType({ parts, at }: Node<'string'>, { scope }: Evaluator): CType {
  const { units, prefix } = stringUnits(
    parts.map(({ text }) => text),
    scope,
  );
  const length: Expression = { kind: 'integer', text: String(units.length + 1), at };
  return { kind: 'array', of: scalar(unitType(prefix, scope).name as ScalarName), length };
}

function nameType({ name, at }: Node<'name'>, { scope }: Evaluator): ExpressionType {
  const constant = scope.constant(name);
  if (constant) return typeOfInteger(constant.type);
  const type = scope.objectType(name);
  if (type) return type;
  throw new Unresolvable(at, `'${name}' is not defined`, name);
}

function unaryType({ operator, operand, at }: Node<'unary'>, evaluator: Evaluator): ExpressionType {
  const { scope } = evaluator;
  const type = evaluator.typeOf(operand);
  if (operator === '&') {
    return pointerTo(withCallFacts(addressable(operand, type, at, evaluator), operand, evaluator));
  }
  const value = valueType(type, evaluator);
  if (operator === '*') return pointedTo(value, at, evaluator);
  const plain = resolved(value, scope);
  if (operator === '!') {
    if (!isScalar(value, scope)) throw wrongOperand(operator, at);
    return int;
  }
  if (plain.kind === 'vector') return value;
  const allowed =
    operator === '~'
      ? plain.kind === 'bit-field' ||
        plain.kind === 'complex' ||
        (plain.kind === 'scalar' && scope.integerType(plain.name))
      : isArithmetic(value, scope);
  if (!allowed) throw wrongOperand(operator, at);
  return promotedTypeOf(value, scope);
}

function wrongOperand(operator: string, at: Token): Unresolvable {
  return new Unresolvable(at, `'${operator}' cannot have an operand of this type`);
}

/** Returns the type of the object or function whose address `&` takes. */
function addressable(operand: Expression, type: ExpressionType, at: Token, evaluator: Evaluator): CType {
  if (operand.kind === 'member' && isBitField(operand, evaluator)) {
    throw new Unresolvable(at, `'&' cannot take the address of bit-field '${operand.name}'`);
  }
  if (
    type.kind === 'bit-field' ||
    !(isLvalue(operand, evaluator) || resolved(type, evaluator.scope).kind === 'function')
  ) {
    throw new Unresolvable(at, "'&' needs an object after it");
  }
  return type;
}

/** Returns the type of a function with what is known about its calls. In GCC, these are qualifiers of the function. */
function withCallFacts(type: CType, operand: Expression, { scope }: Evaluator): CType {
  const calls = operand.kind === 'name' ? scope.callsOf(operand.name) : undefined;
  if (!calls || scope.resolve(type).kind !== 'function') return type;
  return qualified(type, {
    ...(calls.has('const') && { const: true }),
    ...(calls.has('noreturn') && { volatile: true }),
  });
}

/** Whether an expression designates an object, which has an address. */
function isLvalue(expression: Expression, evaluator: Evaluator): boolean {
  switch (expression.kind) {
    case 'name':
      return evaluator.scope.constant(expression.name) === undefined;
    case 'string':
    case 'index':
    case 'compound literal':
      return true;
    case 'unary':
      return expression.operator === '*';
    case 'member':
      return expression.arrow || isLvalue(expression.base, evaluator);
    case 'generic':
      return isLvalue(selectedAssociation(expression, evaluator), evaluator);
    case 'part':
      return isLvalue(expression.operand, evaluator);
    default:
      return false;
  }
}

/** Whether an expression designates a bit-field, also one of the width of its type. */
export function isBitField(expression: Expression, evaluator: Evaluator): boolean {
  if (expression.kind === 'generic') return isBitField(selectedAssociation(expression, evaluator), evaluator);
  if (expression.kind === 'part' && expression.which === 'real') return isBitField(expression.operand, evaluator);
  if (expression.kind !== 'member') return false;
  return evaluator.scope.member(recordOf(expression, evaluator), expression.name, expression.at).width !== null;
}

function pointedTo(type: ExpressionType, at: Token, { scope }: Evaluator): CType {
  const pointer = resolved(type, scope);
  if (pointer.kind !== 'pointer') throw new Unresolvable(at, "'*' needs a pointer after it");
  return pointer.to;
}

/** The depth of a chain such as `a | b | c` on the left side is not limited, so a loop reads it. */
function chainType(expression: Node<'binary'>, evaluator: Evaluator): ExpressionType {
  if (expression.operator === ',') {
    evaluator.typeOf(expression.left);
    return valueType(evaluator.typeOf(expression.right), evaluator);
  }
  const links = [expression];
  let first = expression.left;
  for (; first.kind === 'binary' && first.operator !== ','; first = first.left) links.push(first);
  let type = valueType(evaluator.typeOf(first), evaluator);
  for (const link of links.reverse()) {
    const right = valueType(evaluator.typeOf(link.right), evaluator);
    type = binaryType(link.operator, type, right, link.at, evaluator);
  }
  return type;
}

const comparisons: ReadonlySet<string> = new Set(['<', '>', '<=', '>=', '==', '!=']);

/** Returns the type of a binary operator. The operands are values. */
export function binaryType(
  operator: BinaryOperator,
  left: ExpressionType,
  right: ExpressionType,
  at: Token,
  evaluator: Evaluator,
): ExpressionType {
  const { scope } = evaluator;
  const [a, b] = [resolved(left, scope), resolved(right, scope)];
  if (operator === '&&' || operator === '||') {
    if (isScalar(a, scope) && isScalar(b, scope)) return int;
    throw wrongOperands(operator, at);
  }
  if (a.kind === 'pointer' || b.kind === 'pointer') return pointerOperation(operator, a, b, at, evaluator);
  const common = arithmeticType(left, right, scope);
  if (!common) throw wrongOperands(operator, at);
  if (comparisons.has(operator)) {
    if (common.kind === 'complex' && operator !== '==' && operator !== '!=') throw wrongOperands(operator, at);
    return common.kind === 'vector' ? common : int;
  }
  if (operator === '+' || operator === '-' || operator === '*' || operator === '/') return common;
  if (common.kind === 'vector') return common;
  if (!isIntegerType(a, evaluator) || !isIntegerType(b, evaluator)) throw wrongOperands(operator, at);
  return operator === '<<' || operator === '>>' ? promotedTypeOf(left, scope) : common;
}

function isIntegerType(type: ExpressionType, { scope }: Evaluator): boolean {
  return type.kind === 'bit-field' || (type.kind === 'scalar' && scope.integerType(type.name) !== undefined);
}

function wrongOperands(operator: string, at: Token): Unresolvable {
  return new Unresolvable(at, `'${operator}' cannot have operands of these types`);
}

function pointerOperation(
  operator: BinaryOperator,
  a: ExpressionType,
  b: ExpressionType,
  at: Token,
  evaluator: Evaluator,
): ExpressionType {
  const [first, second] = [a, b];
  if (comparisons.has(operator)) {
    // GCC compares a pointer with an integer and with a pointer to another type. It only warns.
    const comparable = (type: ExpressionType): boolean => type.kind === 'pointer' || isIntegerType(type, evaluator);
    if (comparable(a) && comparable(b)) return int;
  }
  if (operator === '+' && first.kind !== second.kind) {
    const [pointer, number] = first.kind === 'pointer' ? [first, second] : [second, first];
    if (pointer.kind === 'pointer' && isIntegerType(number, evaluator)) return stepped(pointer, at, evaluator);
  }
  if (operator === '-' && first.kind === 'pointer') {
    if (isIntegerType(second, evaluator)) return stepped(first, at, evaluator);
    if (second.kind === 'pointer' && isCompatible(first.to, second.to, evaluator, 'unqualified')) {
      evaluator.scope.measure(first.to, at);
      return typeOfInteger(evaluator.scope.differenceType);
    }
  }
  throw wrongOperands(operator, at);
}

/** A pointer can only step over objects whose size is known. */
function stepped(pointer: Extract<CType, { kind: 'pointer' }>, at: Token, { scope }: Evaluator): CType {
  const to = scope.resolve(pointer.to);
  if (to.kind === 'array' && to.length === null) {
    throw new Unresolvable(at, 'a pointer to an array without a length cannot be moved');
  }
  scope.measure(pointer.to, at);
  return pointer;
}

function conditionalType({ test, then, otherwise, at }: Node<'conditional'>, evaluator: Evaluator): ExpressionType {
  const { scope } = evaluator;
  const testType = valueType(evaluator.typeOf(test), evaluator);
  if (!isScalar(testType, scope)) throw new Unresolvable(at, "'?' needs a number or a pointer before it");
  const a = then ? valueType(evaluator.typeOf(then), evaluator) : testType;
  const b = valueType(evaluator.typeOf(otherwise), evaluator);
  return branchesType(a, b, { taken: then ?? test, otherwise, at }, evaluator);
}

interface Branches {
  readonly taken: Expression;
  readonly otherwise: Expression;
  readonly at: Token;
}

/** Returns the type of a conditional from the types of its branches. */
export function branchesType(
  a: ExpressionType,
  b: ExpressionType,
  { taken, otherwise, at }: Branches,
  evaluator: Evaluator,
): ExpressionType {
  const { scope } = evaluator;
  const [x, y] = [resolved(a, scope), resolved(b, scope)];
  if (isArithmetic(x, scope) && isArithmetic(y, scope)) {
    return arithmeticType(a, b, scope) as ExpressionType;
  }
  if (x.kind === 'void' || y.kind === 'void') return { kind: 'void' };
  if (x.kind === 'pointer' && y.kind === 'pointer') return pointersType(x, y, { taken, otherwise }, evaluator);
  if (x.kind === 'pointer' && isIntegerType(y, evaluator)) return a;
  if (y.kind === 'pointer' && isIntegerType(x, evaluator)) return b;
  if (a.kind !== 'bit-field' && b.kind !== 'bit-field' && isCompatible(a, b, evaluator, 'unqualified')) return a;
  throw new Unresolvable(at, 'the branches of a conditional have different types');
}

function pointersType(
  a: Extract<CType, { kind: 'pointer' }>,
  b: Extract<CType, { kind: 'pointer' }>,
  { taken, otherwise }: Omit<Branches, 'at'>,
  evaluator: Evaluator,
): CType {
  const [x, y] = [unqualified(a.to, evaluator), unqualified(b.to, evaluator)];
  const qualifiers = x.qualifiers || y.qualifiers ? { ...x.qualifiers, ...y.qualifiers } : undefined;
  const to = (type: CType): CType => pointerTo(qualifiers ? { kind: 'qualified', of: type, ...qualifiers } : type);
  if (isCompatible(x.type, y.type, evaluator, 'qualified')) return to(compositeType(x.type, y.type, evaluator));
  if (isNullPointer(taken, evaluator)) return b;
  if (isNullPointer(otherwise, evaluator)) return a;
  // GCC warns about pointers to different types, and drops the qualifiers.
  return x.type.kind === 'void' || y.type.kind === 'void' ? to({ kind: 'void' }) : pointerTo({ kind: 'void' });
}

/** Whether an expression is C's null pointer constant: an integer 0, also converted to `void *`. */
function isNullPointer(expression: Expression, evaluator: Evaluator): boolean {
  try {
    const value = evaluator.value(expression);
    const core = selectedExpression(expression, evaluator);
    if (isInteger(value)) return value.value === 0n && isIntegerConstant(core, evaluator);
    if (!('address' in value) || value.base !== null || value.offset !== 0n) return false;
    const pointer = evaluator.scope.resolve(value.address);
    if (pointer.kind !== 'pointer' || !unqualifiedVoid(pointer.to, evaluator)) return false;
    if (core.kind !== 'cast') return true;
    return isInteger(evaluator.value(core.operand)) && isIntegerConstant(core.operand, evaluator);
  } catch (error) {
    if (error instanceof Unresolvable) return false;
    throw error;
  }
}

function unqualifiedVoid(type: CType, evaluator: Evaluator): boolean {
  const { type: plain, qualifiers } = unqualified(type, evaluator);
  return plain.kind === 'void' && qualifiers === undefined;
}

/** Checks `sizeof` and its kin. The size of an array of variable length is not constant. */
function checkMeasure(expression: Node<'measure'> | Node<'offsetof'>, evaluator: Evaluator): void {
  try {
    evaluator.value(expression);
  } catch (error) {
    if (!(error instanceof NotConstant)) throw error;
  }
}

function castType({ type, operand, at }: Node<'cast'>, evaluator: Evaluator): ExpressionType {
  const { scope } = evaluator;
  checkType(type, at, evaluator, 'all lengths');
  const to = scope.resolve(type);
  const from = resolved(valueType(evaluator.typeOf(operand), evaluator), scope);
  if (to.kind === 'void') return to;
  const fine =
    to.kind === 'pointer'
      ? from.kind === 'pointer' || isIntegerType(from, evaluator)
      : to.kind === 'vector' ||
        from.kind === 'vector' ||
        isUnionCast(to, from) ||
        (isArithmetic(to, scope) &&
          (isArithmetic(from, scope) || (from.kind === 'pointer' && isIntegerType(to, evaluator))));
  if (!fine) throw new Unresolvable(at, 'a cast between types that C cannot convert');
  return unqualified(type, evaluator).type;
}

/** GNU C converts a value to a union that has a member of its type, and a record to its own type. */
function isUnionCast(to: CType, from: ExpressionType): boolean {
  if (to.kind === 'tag') return to.keyword === 'union' || (from.kind === 'tag' && from.tag === to.tag);
  return to.kind === 'unnamed record' && (to.record.keyword === 'union' || from === to);
}

/** Returns the record before `.` or `->`. */
export function recordOf({ base, arrow, at }: Node<'member'>, evaluator: Evaluator): CType {
  const { scope } = evaluator;
  const type = evaluator.typeOf(base);
  if (!arrow) {
    if (type.kind === 'bit-field') throw new Unresolvable(at, "'.' needs a struct or union before it");
    return type;
  }
  const pointer = resolved(valueType(type, evaluator), scope);
  if (pointer.kind !== 'pointer') throw new Unresolvable(at, "'->' needs a pointer before it");
  return pointer.to;
}

function memberType(expression: Node<'member'>, evaluator: Evaluator): ExpressionType {
  const { scope } = evaluator;
  const record = recordOf(expression, evaluator);
  const { type, width } = scope.member(record, expression.name, expression.at);
  if (width !== null) return bitFieldType(type, width, scope);
  const { qualifiers } = unqualified(record, evaluator);
  return qualifiers ? { kind: 'qualified', of: type, ...qualifiers } : type;
}

function indexType({ base, index, at }: Node<'index'>, evaluator: Evaluator): CType {
  const { scope } = evaluator;
  const [a, b] = [evaluator.typeOf(base), evaluator.typeOf(index)];
  const [x, y] = [resolved(a, scope), resolved(b, scope)];
  const [array, plain, number] =
    x.kind === 'pointer' || x.kind === 'array' || x.kind === 'vector' ? [a, x, y] : [b, y, x];
  if (!isIntegerType(number, evaluator)) throw new Unresolvable(at, 'an index must be an integer');
  if (array.kind !== 'bit-field') {
    if (plain.kind === 'array') return elementType(array, evaluator);
    if (plain.kind === 'pointer') {
      scope.measure(plain.to, at);
      return plain.to;
    }
    if (plain.kind === 'vector') return plain.of;
  }
  throw new Unresolvable(at, 'an index needs an array or a pointer before it');
}

function callType(expression: Node<'call'>, evaluator: Evaluator): ExpressionType {
  const { callee, arguments: given, at } = expression;
  const { scope } = evaluator;
  if (callee.kind === 'name' && scope.objectType(callee.name) === undefined) {
    const type = builtinType(callee.name, expression, evaluator);
    if (type) return type;
    if (!callee.name.startsWith('__builtin_')) {
      if (scope.constant(callee.name)) throw new Unresolvable(at, `'${callee.name}' is not a function`);
      throw new Unresolvable(at, `calls '${callee.name}', which is not defined`, callee.name);
    }
    throw new Unsupported(at, `calls the function '${callee.name}', which is not a constant`);
  }
  const pointer = resolved(valueType(evaluator.typeOf(callee), evaluator), scope);
  const type = pointer.kind === 'pointer' ? scope.resolve(pointer.to) : pointer;
  if (type.kind !== 'function') throw new Unresolvable(at, 'only a function can be called');
  for (const each of given) evaluator.typeOf(each);
  const { parameters, variadic } = type;
  if (parameters && (given.length < parameters.length || (given.length > parameters.length && !variadic))) {
    throw new Unresolvable(at, `a call with ${given.length} arguments of a function of ${parameters.length}`);
  }
  return type.returns.kind === 'void' ? type.returns : valueType(type.returns, evaluator);
}

function assignmentType({ operator, left, right, at }: Node<'assign'>, evaluator: Evaluator): ExpressionType {
  const { scope } = evaluator;
  const type = modifiedType(left, at, evaluator);
  const value = valueType(evaluator.typeOf(right), evaluator);
  if (operator !== '=') {
    binaryType(operator.slice(0, -1) as BinaryOperator, valueType(type, evaluator), value, at, evaluator);
    return type;
  }
  const [to, from] = [resolved(type, scope), resolved(value, scope)];
  const fine =
    (isScalar(to, scope) && isScalar(from, scope)) ||
    (to.kind !== 'bit-field' && from.kind !== 'bit-field' && isCompatible(to, from, evaluator, 'unqualified'));
  if (!fine) throw new Unresolvable(at, 'an assignment between types that C cannot convert');
  return type;
}

/** Returns the type of an object that an assignment changes. */
function modifiedType(operand: Expression, at: Token, evaluator: Evaluator): ExpressionType {
  const type = evaluator.typeOf(operand);
  const plain = resolved(type, evaluator.scope);
  const modifiable = isLvalue(operand, evaluator) && plain.kind !== 'array' && plain.kind !== 'function';
  if (!modifiable) throw new Unresolvable(at, 'an assignment needs an object on its left side');
  if (type.kind === 'bit-field') return type;
  const { type: own, qualifiers } = unqualified(type, evaluator);
  if (qualifiers?.const) throw new Unresolvable(at, 'an assignment to an object that is const');
  return own;
}

function partType({ operand, at }: Node<'part'>, evaluator: Evaluator): ExpressionType {
  const type = resolved(evaluator.typeOf(operand), evaluator.scope);
  if (type.kind === 'complex') return type.of;
  if (isArithmetic(type, evaluator.scope)) return type;
  throw new Unresolvable(at, '__real__ and __imag__ need a number');
}
