/**
 * Function-like macros as functions. A macro has no types of its own, its arguments do: whatever has one type for all
 * arguments becomes JavaScript's own operators, and the rest calls of `integers.ts`, where a value carries its type.
 */

import type { FunctionMacro, IntegerKind, IntegerValue, MacroExpression, MacroOperator } from '../model.js';
import { localName } from './names.js';

/** The module that the functions take what they need from, in the output folder, without its ending. */
export const integersModule = 'integers' as const;

/** What that module is called where it is imported; no parameter is called so. */
export const integersName = '$$c';

/** A set of the types that there are after C's promotions, one bit for each. */
type Kinds = number;

const s32: Kinds = 1;
const u32: Kinds = 2;
const s64: Kinds = 4;
const u64: Kinds = 8;
const single: readonly Kinds[] = [s32, u32, s64, u64];
const narrow: Kinds = s32 | u32;
const wide: Kinds = s64 | u64;
const any: Kinds = narrow | wide;

function promoted(kind: IntegerKind): Kinds {
  return { bool: s32, u8: s32, s8: s32, u16: s32, s16: s32, s32, u32, s64, u64 }[kind];
}

/** The type that an operator works in: the wider one, and where both are as wide the unsigned one. */
function common(a: Kinds, b: Kinds): Kinds {
  return Math.max(a, b);
}

function commonKinds(a: Kinds, b: Kinds): Kinds {
  const pairs = single.flatMap((one) =>
    single.filter((other) => one & a && other & b).map((other) => common(one, other)),
  );
  return pairs.reduce((all, kind) => all | kind, 0);
}

const comparisons: ReadonlySet<MacroOperator> = new Set(['<', '>', '<=', '>=', '==', '!=']);

function isTruth(value: MacroExpression): boolean {
  if (value.is === 'unary') return value.operator === '!';
  return (
    value.is === 'binary' && (comparisons.has(value.operator) || value.operator === '&&' || value.operator === '||')
  );
}

/** The types that an expression can have, promoted, with arguments of these types. */
function kindsOf(value: MacroExpression, parameters: readonly Kinds[]): Kinds {
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
      return commonKinds(of(value.then), of(value.otherwise));
  }
}

/** Arguments are all that TypeScript allows, unless it is said otherwise. */
function anyArguments({ parameters }: FunctionMacro): Kinds[] {
  return parameters.map(() => any);
}

// Signatures

type Type = 'number' | 'bigint' | 'number | bigint';

function typeOf(kinds: Kinds): Type {
  if ((kinds & wide) === 0) return 'number';
  return (kinds & narrow) === 0 ? 'bigint' : 'number | bigint';
}

/** Where numbers as arguments give a number and a bigint among them a bigint, there is an overload for each case. */
function signaturesOf(macro: FunctionMacro): { readonly parameters: readonly Type[]; readonly result: Type }[] {
  const free = anyArguments(macro);
  const signature = (parameters: readonly Kinds[]): ReturnType<typeof signaturesOf>[number] => ({
    parameters: parameters.map(typeOf),
    result: typeOf(kindsOf(macro.value, parameters)),
  });
  const general = signature(free);
  if (general.result !== 'number | bigint') return [general];
  const numbers = free.map(() => narrow);
  const withBigint = (parameters: readonly Kinds[], index: number): Kinds[] => parameters.with(index, wide);
  const ofNumbers = signature(numbers).result;
  const deciding = free.map((_, index) => signature(withBigint(numbers, index)).result !== ofNumbers);
  const special = [
    signature(free.map((kinds, index) => (deciding[index] ? narrow : kinds))),
    ...free.flatMap((_, index) => (deciding[index] ? [signature(withBigint(free, index))] : [])),
  ];
  return [...special.filter(({ result }) => result !== general.result), general];
}

// Code

/** A piece of JavaScript; `tight` where no operator around it can tear it apart. */
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

/** The body of one function. An expression of one type is a number or a bigint within its range, any other an `Integer`. */
class Body {
  /** The parameters that it asks for the value of. */
  readonly used: Set<number> = new Set();
  readonly #name: string;
  readonly #locals: readonly string[];
  readonly #free: readonly Kinds[];

  constructor(macro: FunctionMacro, locals: readonly string[]) {
    this.#name = `'${macro.name}'`;
    this.#locals = locals;
    this.#free = anyArguments(macro);
  }

  /** What the function returns. */
  result(value: MacroExpression): string {
    const kinds = kindsOf(value, this.#free);
    const code = this.#code(value);
    if (isOne(kinds)) return code.text;
    if (typeOf(kinds) === 'number | bigint') return call('result', code.text);
    return valueOf(code, kinds).text;
  }

  #kinds(value: MacroExpression): Kinds {
    return kindsOf(value, this.#free);
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

  /** An expression as a value of one type. */
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

  /** An expression as an `Integer`. */
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

  /** Something of the type of an expression, without its value, as that may not be asked for. */
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
        return call('inCommon', this.#typeOf(value.then), this.#typeOf(value.otherwise));
      default:
        return this.#asInteger(value);
    }
  }

  /** Whether an expression is not 0, as JavaScript's truth. */
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
    // Bits of two values within the range are within it, but those of 32-bit numbers come out signed.
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
    return isOne(kind) ? valueOf(code, kind) : code;
  }

  #conditional({ test, then, otherwise }: Extract<MacroExpression, { is: 'conditional' }>, kind: Kinds): Code {
    const arm = (taken: MacroExpression, other: MacroExpression): Code =>
      isOne(kind) ? this.#as(taken, kind) : tight(call('inCommon', this.#asInteger(taken), this.#typeOf(other)));
    if (test.is === 'integer') return BigInt(test.value) === 0n ? arm(otherwise, then) : arm(then, otherwise);
    const code = loose(`${inner(this.#truth(test))} ? ${inner(arm(then, otherwise))} : ${inner(arm(otherwise, then))}`);
    // Of two literals TypeScript would know too well what they can be equal to.
    if (then.is !== 'integer' || otherwise.is !== 'integer') return code;
    return loose(`${inner(code)} as ${typeOf(kind)}`);
  }
}

/** Whether there is one type for all arguments. */
function isOne(kinds: Kinds): boolean {
  return single.includes(kinds);
}

function call(name: string, ...operands: readonly string[]): string {
  return `${integersName}.${name}(${operands.join(', ')})`;
}

function asNumber(truth: Code): Code {
  return tight(`Number(${truth.text})`);
}

/** What an `Integer` of one width holds. */
function valueOf(code: Code, kinds: Kinds): Code {
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

/** A result of JavaScript's operators brought back into the range of a type. */
function wrap(code: Code, kind: Kinds): Code {
  return kind & wide ? wrap64(code.text, kind) : wrap32(code, kind);
}

function wrap32(code: Code, kind: Kinds): Code {
  return loose(`${inner(code)} ${kind === s32 ? '| 0' : '>>> 0'}`);
}

/** A bigint as one within the range of a type. */
function wrap64(text: string, kind: Kinds): Code {
  return tight(`BigInt.${kind & (s32 | s64) ? 'asIntN' : 'asUintN'}(${kind & wide ? 64 : 32}, ${text})`);
}

/** A signed 32-bit value is one of the signed 64-bit type too. */
function wrapUnlessFits(big: Code, from: Kinds, kind: Kinds): Code {
  return from === s32 && kind === s64 ? big : wrap64(big.text, kind);
}

// Text

const kindNames: Readonly<Record<IntegerKind, string>> = {
  bool: '0 or 1',
  u8: 'unsigned, 8 bits',
  s8: 'signed, 8 bits',
  u16: 'unsigned, 16 bits',
  s16: 'signed, 16 bits',
  u32: 'unsigned, 32 bits',
  s32: 'signed, 32 bits',
  u64: 'unsigned, 64 bits',
  s64: 'signed, 64 bits',
};

function describeResult({ value }: FunctionMacro, kinds: Kinds): string {
  if (value.is === 'convert') return kindNames[value.to];
  if (value.is === 'integer') return kindNames[value.kind];
  const kind = (['s32', 'u32', 's64', 'u64'] as const).find((_, index) => single[index] === kinds);
  return kind ? kindNames[kind] : 'of a type that the arguments decide';
}

/** The function for a macro, under the name that it is exported by. */
export function emitFunction(macro: FunctionMacro, exportName: string): string[] {
  const { name, parameters, at } = macro;
  const names = parameters.map(localName);
  const locals = parameters.map((parameter) => `$${parameter}`);
  const body = new Body(macro, locals);
  const result = body.result(macro.value);
  const signatures = signaturesOf(macro);
  const general = signatures.at(-1) as (typeof signatures)[number];
  const head = ({ parameters: types, result }: typeof general, end: string): string[] => {
    const list = names.map((parameter, index) => `${parameter}: ${types[index]}`);
    const line = `export function ${exportName}(${list.join(', ')}): ${result}${end}`;
    if (line.length <= 120) return [line];
    return [`export function ${exportName}(`, ...list.map((parameter) => `  ${parameter},`), `): ${result}${end}`];
  };
  return [
    '',
    `/** \`${name}(${parameters.join(', ')})\`: ${describeResult(macro, kindsOf(macro.value, anyArguments(macro)))}. ${at} */`,
    ...(signatures.length > 1 ? signatures.flatMap((signature) => head(signature, ';')) : []),
    ...head(general, ' {'),
    ...names.map((parameter, index) => {
      const checked = call('argument', `'${name}'`, parameter);
      return body.used.has(index) ? `  const ${locals[index]} = ${checked};` : `  ${checked};`;
    }),
    `  return ${result};`,
    '}',
  ];
}
