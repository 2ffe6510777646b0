/**
 * Converts a macro's expression to JavaScript. If an expression has one type for all arguments, it uses JavaScript's
 * operators. Otherwise it uses calls of `integers.ts`, where a value carries its type.
 */

import type { FunctionMacro, IntegerKind, IntegerValue, MacroExpression, MacroOperator } from '../model/model.js';
import {
  anyArguments,
  commonKinds,
  comparisons,
  isOne,
  isTruth,
  type Kinds,
  kindsOf,
  narrow,
  promoted,
  s32,
  s64,
  typeOf,
  u32,
  u64,
  wide,
} from './macro-types.js';

/** The name under which this module is imported. No parameter has this name. */
export const integersName = '$$c';

/** A piece of JavaScript. `tight` means that it needs no parentheses as an operand. */
interface Code {
  readonly text: string;
  readonly tight: boolean;
}

const loose = (text: string): Code => ({ text, tight: false });
const tight = (text: string): Code => ({ text, tight: true });
const inner = (code: Code): string => (code.tight ? code.text : `(${code.text})`);

const operations: Readonly<Record<'*' | '+' | '-' | '&' | '^' | '|', string>> = {
  '*': 'multiply',
  '+': 'add',
  '-': 'subtract',
  '&': 'and',
  '^': 'xor',
  '|': 'or',
};

/**
 * The code of one function. An expression with one type is a number or a bigint in the type's range. Any other
 * expression is an `Integer`.
 */
export class MacroCode {
  /** The possible types of the result. */
  readonly kinds: Kinds;
  /** The return type of the function. */
  readonly result: string;
  /** The parameters whose values the function uses. */
  readonly used: Set<number> = new Set();
  readonly #name: string;
  readonly #locals: readonly string[];
  readonly #free: readonly Kinds[];
  readonly #known = new Map<MacroExpression, Kinds>();

  constructor(macro: FunctionMacro, locals: readonly string[]) {
    this.#name = `'${macro.name}'`;
    this.#locals = locals;
    this.#free = anyArguments(macro);
    this.kinds = this.#kinds(macro.value);
    this.result = this.#result(macro.value);
  }

  #result(value: MacroExpression): string {
    const code = this.#code(value);
    if (isOne(this.kinds)) return code.text;
    if (typeOf(this.kinds) === 'number | bigint') return call('result', code.text);
    return heldBy(code, this.kinds).text;
  }

  #kinds(value: MacroExpression): Kinds {
    const known = this.#known.get(value) ?? kindsOf(value, this.#free);
    this.#known.set(value, known);
    return known;
  }

  #code(value: MacroExpression): Code {
    if (isTruth(value)) return asNumber(this.#truth(value));
    const kinds = this.#kinds(value);
    switch (value.is) {
      case 'parameter':
        this.used.add(value.index);
        return tight(this.#locals[value.index] as string);
      case 'integer':
        return literal(value.value, kinds);
      case 'convert':
        return this.#convert(value.to, value.of);
      case 'unary':
        return this.#unary(value.operator, value.of, kinds);
      case 'binary':
        return this.#binary(value.operator, value.left, value.right, kinds);
      case 'conditional':
        return this.#conditional(value, kinds);
    }
  }

  /** Returns an expression as a value of one type. */
  #as(value: MacroExpression, kind: Kinds): Code {
    if (value.is === 'integer') return literal(value.value, kind);
    const code = this.#code(value);
    const from = this.#kinds(value);
    if (from === kind) return code;
    if (!isOne(from)) {
      const converted = wrap64(`${inner(code)}.value`, kind);
      return kind & wide ? converted : tight(`Number(${converted.text})`);
    }
    if (kind & narrow) {
      return from & narrow ? wrap32(code, kind) : tight(`Number(${wrap64(code.text, kind).text})`);
    }
    const big = from & narrow ? tight(`BigInt(${code.text})`) : code;
    return from === u32 ? big : wrapUnlessFits(big, from, kind);
  }

  /** Returns an expression as an `Integer`. */
  #asInteger(value: MacroExpression): string {
    const { text } = this.#code(value);
    switch (this.#kinds(value)) {
      case s32:
        return call('int', text);
      case u32:
        return call('unsignedInt', text);
      case s64:
        return call('longLong', text);
      case u64:
        return call('unsignedLongLong', text);
      default:
        return text;
    }
  }

  /**
   * Returns an `Integer` with the type of an expression. The expression is not evaluated, because its evaluation could
   * throw.
   */
  #typeOf(value: MacroExpression): string {
    switch (this.#kinds(value)) {
      case s32:
        return call('int', '0');
      case u32:
        return call('unsignedInt', '0');
      case s64:
        return call('longLong', '0n');
      case u64:
        return call('unsignedLongLong', '0n');
      default:
        break;
    }
    switch (value.is) {
      case 'unary':
        return this.#typeOf(value.of);
      case 'binary':
        return value.operator === '<<' || value.operator === '>>'
          ? this.#typeOf(value.left)
          : call('inCommon', this.#typeOf(value.left), this.#typeOf(value.right));
      case 'conditional':
        return call('inCommon', this.#typeOf(value.whenTrue), this.#typeOf(value.whenFalse));
      default:
        return this.#asInteger(value);
    }
  }

  /** Returns whether an expression is not 0, as a JavaScript boolean. */
  #truth(value: MacroExpression): Code {
    if (value.is === 'unary' && value.operator === '!') {
      const { of } = value;
      return of.is === 'unary' && of.operator === '!' ? this.#truth(of.of) : tight(`!${inner(this.#truth(of))}`);
    }
    if (value.is === 'binary' && (value.operator === '&&' || value.operator === '||')) {
      return loose(`${inner(this.#truth(value.left))} ${value.operator} ${inner(this.#truth(value.right))}`);
    }
    if (value.is === 'binary' && comparisons.has(value.operator))
      return this.#comparison(value.operator, value.left, value.right);
    const kinds = this.#kinds(value);
    const code = inner(this.#code(value));
    if (!isOne(kinds)) return loose(`${code}.value !== 0n`);
    return loose(`${code} !== ${kinds & wide ? '0n' : '0'}`);
  }

  #comparison(operator: MacroOperator, left: MacroExpression, right: MacroExpression): Code {
    const script = operator === '==' || operator === '!=' ? `${operator}=` : operator;
    const kind = commonKinds(this.#kinds(left), this.#kinds(right));
    if (isOne(kind)) return loose(`${inner(this.#as(left, kind))} ${script} ${inner(this.#as(right, kind))}`);
    return loose(`${call('compare', this.#asInteger(left), this.#asInteger(right))} ${script} 0`);
  }

  #convert(to: IntegerKind, of: MacroExpression): Code {
    const low = (): string => inner(this.#as(of, s32));
    switch (to) {
      case 'bool':
        return asNumber(this.#truth(of));
      case 'u8':
        return loose(`${low()} & 0xff`);
      case 'u16':
        return loose(`${low()} & 0xffff`);
      case 's8':
        return loose(`(${low()} << 24) >> 24`);
      case 's16':
        return loose(`(${low()} << 16) >> 16`);
      default:
        return this.#as(of, promoted(to));
    }
  }

  #unary(operator: string, of: MacroExpression, kind: Kinds): Code {
    if (operator === '+') return this.#code(of);
    if (!isOne(kind)) return tight(call(operator === '-' ? 'negate' : 'complement', this.#asInteger(of)));
    const code = loose(`${operator}${inner(this.#code(of))}`);
    return operator === '~' && kind & (s32 | s64) ? code : wrap(code, kind);
  }

  #binary(operator: MacroOperator, left: MacroExpression, right: MacroExpression, kind: Kinds): Code {
    switch (operator) {
      case '<<':
      case '>>':
        return this.#shift(operator, left, right, kind);
      case '/':
      case '%':
        return this.#quotient(operator, left, right, kind);
      case '*':
      case '+':
      case '-':
      case '&':
      case '^':
      case '|':
        break;
      default:
        throw new Error(`${operator} is a truth`);
    }
    if (!isOne(kind)) return tight(call(operations[operator], this.#asInteger(left), this.#asInteger(right)));
    const [a, b] = [this.#as(left, kind), this.#as(right, kind)];
    if (operator === '*' && kind & narrow) return wrap32(tight(`Math.imul(${a.text}, ${b.text})`), kind);
    const code = loose(`${inner(a)} ${operator} ${inner(b)}`);
    // The result of bitwise operators is in the range of the operands' type, but for 32-bit numbers it is signed.
    const fits = '&^|'.includes(operator) && kind !== u32;
    return fits ? code : wrap(code, kind);
  }

  #shift(operator: '<<' | '>>', left: MacroExpression, right: MacroExpression, kind: Kinds): Code {
    const given = right.is === 'integer' ? Number(right.value) : Number.NaN;
    if (!isOne(kind)) {
      const name = operator === '<<' ? 'shiftLeft' : 'shiftRight';
      return tight(call(name, this.#name, this.#asInteger(left), this.#count(right)));
    }
    const bits = kind & wide ? 64 : 32;
    const isGood = given >= 0 && given < bits;
    const count = isGood ? String(given) : call('shiftCount', this.#name, this.#count(right), String(bits));
    const value = inner(this.#code(left));
    if (kind & wide) {
      const code = loose(`${value} ${operator} ${isGood ? `${count}n` : `BigInt(${count})`}`);
      return operator === '<<' ? wrap(code, kind) : code;
    }
    if (operator === '>>') return loose(`${value} ${kind === u32 ? '>>>' : '>>'} ${count}`);
    const code = loose(`${value} << ${count}`);
    return kind === u32 ? wrap32(code, kind) : code;
  }

  #count(right: MacroExpression): string {
    const code = this.#code(right);
    return isOne(this.#kinds(right)) ? code.text : `${inner(code)}.value`;
  }

  #quotient(operator: '/' | '%', left: MacroExpression, right: MacroExpression, kind: Kinds): Code {
    const divisor = right.is === 'integer' ? BigInt(right.value) : 0n;
    if (isOne(kind) && divisor > 0n) {
      const code = loose(`${inner(this.#as(left, kind))} ${operator} ${inner(this.#as(right, kind))}`);
      return kind & wide ? code : wrap32(code, kind);
    }
    const name = operator === '/' ? 'divide' : 'remainder';
    const code = tight(call(name, this.#name, this.#asInteger(left), this.#asInteger(right)));
    return isOne(kind) ? heldBy(code, kind) : code;
  }

  #conditional({ test, whenTrue, whenFalse }: Extract<MacroExpression, { is: 'conditional' }>, kind: Kinds): Code {
    const arm = (taken: MacroExpression, other: MacroExpression): Code =>
      isOne(kind) ? this.#as(taken, kind) : tight(call('inCommon', this.#asInteger(taken), this.#typeOf(other)));
    if (test.is === 'integer') return BigInt(test.value) === 0n ? arm(whenFalse, whenTrue) : arm(whenTrue, whenFalse);
    const code = loose(
      `${inner(this.#truth(test))} ? ${inner(arm(whenTrue, whenFalse))} : ${inner(arm(whenFalse, whenTrue))}`,
    );
    // For two literals, TypeScript would infer a literal type and reject comparisons with it.
    if (whenTrue.is !== 'integer' || whenFalse.is !== 'integer') return code;
    return loose(`${inner(code)} as ${typeOf(kind)}`);
  }
}

export function call(name: string, ...operands: readonly string[]): string {
  return `${integersName}.${name}(${operands.join(', ')})`;
}

function asNumber(truth: Code): Code {
  return tight(`Number(${truth.text})`);
}

/** Returns the value of an `Integer` of one width. */
function heldBy(code: Code, kinds: Kinds): Code {
  const value = `${inner(code)}.value`;
  return tight(kinds & wide ? value : `Number(${value})`);
}

function literal(value: IntegerValue, kind: Kinds): Code {
  const big = BigInt(value);
  const bits = kind & wide ? 64 : 32;
  const converted = kind & (s32 | s64) ? BigInt.asIntN(bits, big) : BigInt.asUintN(bits, big);
  const text = `${converted < 0n ? '-' : ''}${digits(converted < 0n ? -converted : converted)}${kind & wide ? 'n' : ''}`;
  return converted < 0n ? loose(text) : tight(text);
}

function digits(value: bigint): string {
  return value < 10n ? String(value) : `0x${value.toString(16)}`;
}

/** Converts the result of JavaScript's operators to the range of a type. */
function wrap(code: Code, kind: Kinds): Code {
  return kind & wide ? wrap64(code.text, kind) : wrap32(code, kind);
}

function wrap32(code: Code, kind: Kinds): Code {
  return loose(`${inner(code)} ${kind === s32 ? '| 0' : '>>> 0'}`);
}

/** Converts a bigint to the range of a type. */
function wrap64(text: string, kind: Kinds): Code {
  return tight(`BigInt.${kind & (s32 | s64) ? 'asIntN' : 'asUintN'}(${kind & wide ? 64 : 32}, ${text})`);
}

/** A signed 32-bit value is also in the range of the signed 64-bit type. */
function wrapUnlessFits(big: Code, from: Kinds, kind: Kinds): Code {
  return from === s32 && kind === s64 ? big : wrap64(big.text, kind);
}
