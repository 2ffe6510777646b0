/**
 * Evaluates the expression of an `#if` as GCC does. Every integer has the width of `intmax_t`, every remaining name is 0,
 * and there are no types.
 */

import type { Target } from '../../targets/target.js';
import { Cursor } from '../cursor.js';
import { ArithmeticError, type IntegerType } from '../evaluator/arithmetic.js';
import { type Characters, characterValue } from '../evaluator/literals.js';
import { binaryOperators, precedenceOf } from '../operators.js';
import { endAt, errorAt, type Token } from '../tokens.js';

interface Value {
  readonly value: bigint;
  readonly unsigned: boolean;
}

const zero: Value = { value: 0n, unsigned: false };

const precedence = precedenceOf(binaryOperators);
const unary = new Set(['+', '-', '~', '!']);

/** Whether the condition of a directive holds. `tokens` are already expanded. */
export function conditionHolds(tokens: readonly Token[], directive: Token, target: Target): boolean {
  if (tokens.length === 0) throw errorAt(directive, `#${directive.text} without an expression`);
  return new Condition(tokens, directive, target).holds();
}

class Condition {
  readonly #cursor: Cursor;
  readonly #directive: Token;
  readonly #target: Target;

  constructor(tokens: readonly Token[], directive: Token, target: Target) {
    this.#cursor = new Cursor(tokens, endAt(tokens.at(-1) as Token));
    this.#directive = directive;
    this.#target = target;
  }

  holds(): boolean {
    const { value } = this.#expression(true);
    if (this.#cursor.peek().kind !== 'end') this.#cursor.fail('expected the end of the condition');
    return value !== 0n;
  }

  /** Reads an expression. If `isUsed` is false, its value is not used, so it may divide by zero. */
  #expression(isUsed: boolean): Value {
    let value = this.#conditional(isUsed);
    while (this.#cursor.accept(',')) value = this.#conditional(isUsed);
    return value;
  }

  #conditional(isUsed: boolean): Value {
    const test = this.#binary(0, isUsed);
    if (!this.#cursor.accept('?')) return test;
    const chooses = test.value !== 0n;
    const first = this.#cursor.nested(() => this.#expression(isUsed && chooses));
    this.#cursor.expect(':', "for the '?' before it");
    const second = this.#cursor.nested(() => this.#conditional(isUsed && !chooses));
    const unsigned = first.unsigned || second.unsigned;
    return wrapped((chooses ? first : second).value, unsigned);
  }

  #binary(least: number, isUsed: boolean): Value {
    let left = this.#unary(isUsed);
    for (;;) {
      const token = this.#cursor.peek();
      const level = token.kind === 'punctuator' ? precedence.get(token.text) : undefined;
      if (level === undefined || level < least) return left;
      this.#cursor.next();
      const decided = (token.text === '&&' && left.value === 0n) || (token.text === '||' && left.value !== 0n);
      const right = this.#binary(level + 1, isUsed && !decided);
      left = this.#apply(token, left, right, isUsed && !decided);
    }
  }

  #apply(operator: Token, left: Value, right: Value, isUsed: boolean): Value {
    switch (operator.text) {
      case '||':
        return truth(left.value !== 0n || right.value !== 0n);
      case '&&':
        return truth(left.value !== 0n && right.value !== 0n);
      case '<<':
        return shift(left, right.unsigned ? right.value : BigInt.asIntN(64, right.value));
      case '>>':
        return shift(left, -right.value);
      case '/':
      case '%':
        if (right.value === 0n && isUsed) this.#fail(operator, 'division by zero');
        return right.value === 0n ? zero : arithmetic(operator.text, left, right);
      default:
        return arithmetic(operator.text, left, right);
    }
  }

  #unary(isUsed: boolean): Value {
    const token = this.#cursor.peek();
    if (token.kind === 'punctuator' && (unary.has(token.text) || token.text === '(')) {
      this.#cursor.next();
      if (token.text === '(') return this.#parenthesized(isUsed);
      const operand = this.#cursor.nested(() => this.#unary(isUsed));
      if (token.text === '!') return truth(operand.value === 0n);
      const { value, unsigned } = operand;
      return token.text === '+' ? operand : wrapped(token.text === '-' ? -value : ~value, unsigned);
    }
    if (token.kind === 'string') this.#fail(token, 'a string, not an integer');
    if (token.kind !== 'identifier' && token.kind !== 'number' && token.kind !== 'character') {
      this.#cursor.fail('expected an expression');
    }
    this.#cursor.next();
    if (token.kind === 'identifier') {
      const open = this.#cursor.peek();
      if (this.#cursor.at('(')) this.#fail(open, `calls '${token.text}', which is not defined`);
      return zero;
    }
    return token.kind === 'number' ? this.#number(token) : this.#character(token);
  }

  #parenthesized(isUsed: boolean): Value {
    const value = this.#cursor.nested(() => this.#expression(isUsed));
    this.#cursor.expect(')', "for the '(' before it");
    return value;
  }

  #number(token: Token): Value {
    // Nearly all numbers have this form.
    if (/^(?:0|[1-9]\d{0,8})$/.test(token.text)) return { value: BigInt(token.text), unsigned: false };
    const [, digits = '', suffix = ''] =
      /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)(.*)$/.exec(token.text) ?? [];
    if (digits === '' || !/^(?:[uU]?(?:l|L|ll|LL)?|(?:l|L|ll|LL)[uU])$/.test(suffix)) {
      const isReal =
        /^(?:0[xX][\da-fA-F.]*[pP]|(?!0[xX])[\d.]+(?:[eE.]|$|[fFlLdD])|[\d.]*\.)/.test(token.text) &&
        /[.eEpP]/.test(token.text);
      this.#fail(
        token,
        isReal ? 'a floating-point value, not an integer' : `'${token.text}' is not an integer constant`,
      );
    }
    // Making a bigint of a million digits takes seconds.
    if (digits.length > 100) this.#fail(token, `'${token.text}' does not fit in any integer type`);
    const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    return wrapped(value, /[uU]/.test(suffix) || value >= 1n << 63n);
  }

  #character(token: Token): Value {
    try {
      const { type, value } = characterValue(token.text, charactersOf(this.#target));
      return wrapped(value, !type.signed);
    } catch (error) {
      if (error instanceof ArithmeticError) this.#fail(token, error.message);
      throw error;
    }
  }

  #fail(at: Token, problem: string): never {
    throw errorAt(at, `${problem}, in the condition of an #${this.#directive.text}`);
  }
}

const int: IntegerType = { name: 'int', width: 32, signed: true, rank: 2 };
const unsignedInt: IntegerType = { name: 'unsigned int', width: 32, signed: false, rank: 2 };
const unsignedShort: IntegerType = { name: 'unsigned short', width: 16, signed: false, rank: 1 };

/** The types of characters. No target's `int` has another width. */
function charactersOf({ charSigned, wideCharacter }: Target): Characters {
  return {
    charSigned,
    integers: {
      int,
      unsignedInt,
      long: int,
      unsignedLong: unsignedInt,
      longLong: int,
      unsignedLongLong: unsignedInt,
      largest: int,
    },
    wideCharacter: wideCharacter === 'unsigned int' ? unsignedInt : int,
    integerType: (name) => (name === 'unsigned short' ? unsignedShort : undefined),
  };
}

function wrapped(value: bigint, unsigned: boolean): Value {
  return { value: unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value), unsigned };
}

function truth(holds: boolean): Value {
  return { value: holds ? 1n : 0n, unsigned: false };
}

/** Shifts to the left, or to the right by a negative number. As in GCC, all bits can be shifted out. */
function shift({ value, unsigned }: Value, by: bigint): Value {
  if (by >= 64n) return wrapped(0n, unsigned);
  if (by <= -64n) return wrapped(value < 0n ? -1n : 0n, unsigned);
  return wrapped(by < 0n ? value >> -by : value << by, unsigned);
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  const unsigned = left.unsigned || right.unsigned;
  const x = wrapped(left.value, unsigned).value;
  const y = wrapped(right.value, unsigned).value;
  switch (operator) {
    case '+':
      return wrapped(x + y, unsigned);
    case '-':
      return wrapped(x - y, unsigned);
    case '*':
      return wrapped(x * y, unsigned);
    case '/':
      return wrapped(x / y, unsigned);
    case '%':
      return wrapped(x % y, unsigned);
    case '&':
      return wrapped(x & y, unsigned);
    case '|':
      return wrapped(x | y, unsigned);
    case '^':
      return wrapped(x ^ y, unsigned);
    case '<':
      return truth(x < y);
    case '>':
      return truth(x > y);
    case '<=':
      return truth(x <= y);
    case '>=':
      return truth(x >= y);
    case '==':
      return truth(x === y);
    default:
      return truth(x !== y);
  }
}
