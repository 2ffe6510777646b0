/** Parses expressions by precedence climbing. Statements in expressions have no constant value and are not parsed. */

import type { Cursor } from '../cursor.js';
import { binaryOperators, precedenceOf } from '../operators.js';
import type {
  BinaryOperator,
  CType,
  Designator,
  Expression,
  GenericAssociation,
  Initializer,
  InitializerItem,
  Measured,
  PathStep,
  UnaryOperator,
} from '../syntax.js';
import { errorAt, type Token } from '../tokens.js';

/** Reads type names inside expressions, as in casts, `sizeof` and `offsetof`. */
export interface TypeNames {
  /** Whether a type name starts at the cursor. */
  startsHere(cursor: Cursor): boolean;
  read(cursor: Cursor): CType;
  /** Notes the use of a name at a place of the translation unit. */
  use(name: Token, place: number): void;
  /** Notes the use of a type whose size must be known at its place. */
  useSize(type: CType): void;
}

const precedence = precedenceOf([['?'], ...binaryOperators]);
const conditionalLevel = 0;
const unaryOperators = new Set(['+', '-', '~', '!', '&', '*']);
const sizeWords = new Map<string, Measured>([
  ['sizeof', 'sizeof'],
  ['_Alignof', 'alignof'],
  ['alignof', 'alignof'],
  ['__alignof__', 'preferred alignof'],
  ['__alignof', 'preferred alignof'],
]);
const partWords = new Map<string, 'real' | 'imaginary'>([
  ['__real__', 'real'],
  ['__real', 'real'],
  ['__imag__', 'imaginary'],
  ['__imag', 'imaginary'],
]);
const offsetofWords = new Set(['__builtin_offsetof', 'offsetof']);

const assignments = new Set(['=', '+=', '-=', '*=', '/=', '%=', '<<=', '>>=', '&=', '^=', '|=']);

/** Reads a constant expression up to a comma. A comma separates arguments, dimensions and enumerators. */
export function parseExpression(cursor: Cursor, types: TypeNames): Expression {
  return binary(cursor, types, conditionalLevel);
}

/** Reads an expression with assignments up to a comma: an argument, or a value of an initializer. */
function parseAssignment(cursor: Cursor, types: TypeNames): Expression {
  return assignmentAfter(binary(cursor, types, conditionalLevel), cursor, types);
}

function assignmentAfter(left: Expression, cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.peek();
  if (at.kind !== 'punctuator' || !assignments.has(at.text)) return left;
  cursor.next();
  const right = cursor.nested(() => parseAssignment(cursor, types));
  return { kind: 'assign', operator: at.text, left, right, at };
}

/** Reads an expression with commas, as in parentheses. */
function parseWhole(cursor: Cursor, types: TypeNames): Expression {
  let left = parseAssignment(cursor, types);
  for (let at = cursor.accept(','); at; at = cursor.accept(',')) {
    left = { kind: 'binary', operator: ',', left, right: parseAssignment(cursor, types), at };
  }
  return left;
}

function binary(cursor: Cursor, types: TypeNames, minimum: number): Expression {
  let left = unary(cursor, types);
  for (;;) {
    const token = cursor.peek();
    const level = token.kind === 'punctuator' ? precedence.get(token.text) : undefined;
    if (level === undefined || level < minimum) return left;
    cursor.next();
    left = token.text === '?' ? conditional(cursor, types, left, token) : infix(cursor, types, left, token, level);
  }
}

function infix(cursor: Cursor, types: TypeNames, left: Expression, at: Token, level: number): Expression {
  const right = binary(cursor, types, level + 1);
  return { kind: 'binary', operator: at.text as BinaryOperator, left, right, at };
}

function conditional(cursor: Cursor, types: TypeNames, test: Expression, at: Token): Expression {
  return cursor.nested(() => branches(cursor, types, test, at));
}

function branches(cursor: Cursor, types: TypeNames, test: Expression, at: Token): Expression {
  const then = cursor.at(':') ? null : parseWhole(cursor, types);
  cursor.expect(':', "for the '?' before it");
  const otherwise = binary(cursor, types, conditionalLevel);
  return { kind: 'conditional', test, then, otherwise, at };
}

function unary(cursor: Cursor, types: TypeNames): Expression {
  cursor.depth.enter(cursor.peek());
  try {
    return operand(cursor, types);
  } finally {
    cursor.depth.leave();
  }
}

function operand(cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.peek();
  if (at.kind === 'punctuator') {
    if (unaryOperators.has(at.text)) {
      cursor.next();
      return { kind: 'unary', operator: at.text as UnaryOperator, operand: unary(cursor, types), at };
    }
    if (at.text === '(') return parenthesized(cursor, types);
    if (at.text === '++' || at.text === '--') {
      cursor.next();
      return { kind: 'step', operator: at.text, operand: unary(cursor, types), at };
    }
  }
  if (at.kind === 'identifier') {
    if (at.text === '__extension__') {
      cursor.next();
      return unary(cursor, types);
    }
    const what = sizeWords.get(at.text);
    if (what) return measure(cursor, types, what);
    const which = partWords.get(at.text);
    if (which) {
      cursor.next();
      return { kind: 'part', which, operand: unary(cursor, types), at };
    }
  }
  return postfix(cursor, types, primary(cursor, types));
}

function parenthesized(cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.next();
  if (types.startsHere(cursor)) {
    const type = types.read(cursor);
    cursor.expect(')', 'after the type of a cast');
    if (cursor.at('{')) return compoundLiteral(cursor, types, type, at);
    return { kind: 'cast', type, operand: unary(cursor, types), at };
  }
  if (cursor.at('{')) throw errorAt(at, 'a statement in an expression has no constant value');
  const inner = parseWhole(cursor, types);
  cursor.expect(')', "for the '(' before it");
  return postfix(cursor, types, inner);
}

/** Reads the initializer of an object or of a part of it. */
export function parseInitializer(cursor: Cursor, types: TypeNames): Initializer {
  if (cursor.at('{')) return cursor.nested(() => parseList(cursor, types));
  const at = cursor.peek();
  return { kind: 'expression', expression: parseAssignment(cursor, types), at };
}

function parseList(cursor: Cursor, types: TypeNames): Initializer {
  const at = cursor.expect('{', 'before a list of initializers');
  const items: InitializerItem[] = [];
  while (!cursor.accept('}')) {
    const designators = parseDesignators(cursor, types);
    items.push({ designators, value: parseInitializer(cursor, types) });
    if (!cursor.accept(',') && !cursor.at('}')) cursor.fail("expected ',' or '}' after an initializer");
  }
  return { kind: 'list', items, at };
}

const noDesignators: readonly Designator[] = [];

/** Reads `.member =`, `[index] =`, `[first ... last] =`, and the old forms of GNU C: `member:` and `[index]`. */
function parseDesignators(cursor: Cursor, types: TypeNames): readonly Designator[] {
  const first = cursor.peek();
  if (first.kind === 'identifier') {
    const colon = cursor.peek(1);
    if (colon.text !== ':' || colon.kind !== 'punctuator') return noDesignators;
    cursor.next();
    cursor.next();
    return [{ kind: 'member', name: first.text, at: first }];
  }
  if (!cursor.at('.') && !cursor.at('[')) return noDesignators;
  const list: Designator[] = [];
  for (;;) {
    if (cursor.accept('.')) {
      const { member: name, at } = member(cursor);
      list.push({ kind: 'member', name, at });
      continue;
    }
    const at = cursor.accept('[');
    if (!at) break;
    const index = parseExpression(cursor, types);
    const last = cursor.accept('...') ? parseExpression(cursor, types) : null;
    cursor.expect(']', 'after an index');
    list.push({ kind: 'index', index, last, at });
  }
  if (!cursor.accept('=') && list.at(-1)?.kind === 'member') cursor.fail("expected '=' after a designator");
  return list;
}

function compoundLiteral(cursor: Cursor, types: TypeNames, type: CType, at: Token): Expression {
  types.useSize(type);
  const initializer = parseList(cursor, types);
  return postfix(cursor, types, { kind: 'compound literal', type, initializer, at });
}

function generic(cursor: Cursor, types: TypeNames, at: Token): Expression {
  cursor.expect('(', 'after _Generic');
  const control = parseAssignment(cursor, types);
  const associations: GenericAssociation[] = [];
  while (!cursor.accept(')')) {
    cursor.expect(',', "or ')' in _Generic");
    const type = cursor.accept('default') ? null : typeName(cursor, types);
    cursor.expect(':', 'after a type of _Generic');
    associations.push({ type, value: parseAssignment(cursor, types) });
  }
  return { kind: 'generic', control, associations, at };
}

function typeName(cursor: Cursor, types: TypeNames): CType {
  if (!types.startsHere(cursor)) cursor.fail('expected a type');
  return types.read(cursor);
}

function compatible(cursor: Cursor, types: TypeNames, at: Token): Expression {
  cursor.expect('(', `after ${at.text}`);
  const left = typeName(cursor, types);
  cursor.expect(',', `after the first type of ${at.text}`);
  const right = typeName(cursor, types);
  cursor.expect(')', `after the types of ${at.text}`);
  return { kind: 'compatible', left, right, at };
}

function measure(cursor: Cursor, types: TypeNames, what: Measured): Expression {
  const at = cursor.next();
  const before = cursor.position;
  if (cursor.accept('(') && types.startsHere(cursor)) {
    const type = types.read(cursor);
    cursor.expect(')', `after the type of ${at.text}`);
    types.useSize(type);
    if (!cursor.at('{')) return { kind: 'measure', what, of: { type }, at };
    return { kind: 'measure', what, of: { expression: compoundLiteral(cursor, types, type, at) }, at };
  }
  cursor.rewind(before);
  return { kind: 'measure', what, of: { expression: unary(cursor, types) }, at };
}

function primary(cursor: Cursor, types: TypeNames): Expression {
  const at = cursor.next();
  switch (at.kind) {
    case 'number':
      return numberOf(at);
    case 'character':
      return { kind: 'character', text: at.text, at };
    case 'string': {
      const parts = [at];
      while (cursor.peek().kind === 'string') parts.push(cursor.next());
      return { kind: 'string', parts, at };
    }
    case 'identifier':
      if (offsetofWords.has(at.text) && cursor.at('(')) return offsetof(cursor, types, at);
      if (at.text === '_Generic') return generic(cursor, types, at);
      if (at.text === '__builtin_types_compatible_p') return compatible(cursor, types, at);
      // A function can be called before its declaration.
      if (!cursor.at('(')) types.use(at, cursor.place - 1);
      return { kind: 'name', name: at.text, at };
    default: {
      const found = at.kind === 'end' ? 'the end' : `'${at.text}'`;
      throw errorAt(at, `expected an expression, found ${found}`);
    }
  }
}

/** Converts a preprocessing number to an expression. */
export function numberOf(at: Token): Expression {
  return { kind: isFloat(at.text) ? 'float' : 'integer', text: at.text, at };
}

function offsetof(cursor: Cursor, types: TypeNames, at: Token): Expression {
  cursor.expect('(', 'after offsetof');
  if (!types.startsHere(cursor)) cursor.fail('expected a type as the first argument of offsetof');
  const type = types.read(cursor);
  types.useSize(type);
  cursor.expect(',', 'after the type of offsetof');
  const path: PathStep[] = [member(cursor)];
  while (!cursor.accept(')')) {
    if (cursor.accept('.')) path.push(member(cursor));
    else {
      cursor.expect('[', "or '.' or ')' in the member of offsetof");
      path.push({ index: parseWhole(cursor, types) });
      cursor.expect(']', 'after an index');
    }
  }
  return { kind: 'offsetof', type, path, at };
}

function member(cursor: Cursor): { readonly member: string; readonly at: Token } {
  const at = cursor.peek();
  if (at.kind !== 'identifier') cursor.fail('expected the name of a member');
  cursor.next();
  return { member: at.text, at };
}

function postfix(cursor: Cursor, types: TypeNames, base: Expression): Expression {
  let result = base;
  for (;;) {
    const at = cursor.peek();
    if (at.kind !== 'punctuator') return result;
    if (at.text === '.' || at.text === '->') {
      cursor.next();
      result = { kind: 'member', base: result, arrow: at.text === '->', name: member(cursor).member, at };
    } else if (at.text === '[') {
      cursor.next();
      const index = parseWhole(cursor, types);
      cursor.expect(']', 'after an index');
      result = { kind: 'index', base: result, index, at };
    } else if (at.text === '(') {
      cursor.next();
      result = { kind: 'call', callee: result, arguments: callArguments(cursor, types), at };
    } else if (at.text === '++' || at.text === '--') {
      cursor.next();
      result = { kind: 'step', operator: at.text, operand: result, at };
    } else return result;
  }
}

function callArguments(cursor: Cursor, types: TypeNames): Expression[] {
  const list: Expression[] = [];
  if (cursor.accept(')')) return list;
  do {
    if (types.startsHere(cursor)) cursor.fail('expected a value as an argument');
    list.push(parseAssignment(cursor, types));
  } while (cursor.accept(','));
  cursor.expect(')', 'after the arguments of a call');
  return list;
}

function isFloat(text: string): boolean {
  return /^0[xX]/.test(text) ? /[.pP]/.test(text) : /[.eE]/.test(text) && !/^0[bB]/.test(text);
}
