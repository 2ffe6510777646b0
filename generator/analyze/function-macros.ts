/** Function-like macros to expressions over their parameters, or the reason why one is no function of values. */

import type { Integer, IntegerType } from '../c/evaluator/arithmetic.js';
import { typeOfExpression } from '../c/evaluator/evaluator.js';
import { Unresolvable } from '../c/evaluator/unresolvable.js';
import type { Layout } from '../c/layout/layout.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { CType, Expression } from '../c/syntax.js';
import { type Token, tokenLike } from '../c/tokens.js';
import type { IntegerKind, MacroExpression } from '../model/model.js';
import { modelInteger } from './integer-values.js';

/** What stands before a parameter's name where its argument would stand; no header has such a name. */
const prefix = '__any_argument_';

/** What a macro needs to be read. */
export interface MacroReader {
  readonly layout: Layout;
  expand(tokens: readonly Token[]): readonly Token[];
  parse(tokens: readonly Token[], at: Token): Expression;
}

/** The value of a function-like macro. @throws Unresolvable or SourceError where it is no function of values. */
export function functionValue(macro: Macro, { layout, expand, parse }: MacroReader): MacroExpression {
  const { at, parameters, variadic } = macro;
  if (variadic !== null) throw new Unresolvable(at, 'takes any number of arguments');
  const names = (parameters ?? []).map((name) => prefix + name);
  const tokens = expand(useOf(at, names));
  const [first] = tokens;
  if (!first) throw new Unresolvable(at, 'defined as nothing: it has no value');
  const made = tokens.find(({ text }) => text.includes(prefix) && !names.includes(text));
  if (made) {
    const what = made.kind === 'string' ? 'a string' : 'a name';
    throw new Unresolvable(at, `makes ${what} of its argument: ${made.text}`);
  }
  if (tokens.length === 1 && names.includes(first.text)) {
    throw new Unresolvable(at, 'stands for its argument, whatever that is');
  }
  return new Lowering(names, layout).lower(parse(tokens, at));
}

/** The reason as it is said of the macro itself. */
export function withoutPlaceholders(reason: string): string {
  return reason.replaceAll(prefix, '');
}

/** The tokens of a use of the macro, with an argument for each of its parameters. */
function useOf(at: Token, names: readonly string[]): Token[] {
  const token = (kind: Token['kind'], text: string): Token => tokenLike(at, { kind, text, space: false });
  const between = names.flatMap((name, index) => [
    ...(index > 0 ? [token('punctuator', ',')] : []),
    token('identifier', name),
  ]);
  return [at, token('punctuator', '('), ...between, token('punctuator', ')')];
}

/** From an expression as it is written to one of the model. */
class Lowering {
  readonly #names: readonly string[];
  readonly #layout: Layout;
  readonly #mentioning = new Map<Expression, boolean>();

  constructor(names: readonly string[], layout: Layout) {
    this.#names = names;
    this.#layout = layout;
  }

  lower(expression: Expression): MacroExpression {
    if (!this.#mentions(expression)) return constantOf(this.#layout.evaluate(expression), expression.at);
    const { at } = expression;
    switch (expression.kind) {
      case 'name':
        return { is: 'parameter', index: this.#names.indexOf(expression.name) };
      case 'unary': {
        const { operator } = expression;
        if (operator === '*') throw new Unresolvable(at, 'reads what its argument points to');
        if (operator === '&') throw new Unresolvable(at, 'takes the address of its argument');
        return { is: 'unary', operator, of: this.lower(expression.operand) };
      }
      case 'binary': {
        const { operator } = expression;
        const left = this.lower(expression.left);
        const right = this.lower(expression.right);
        // What stands before a comma has no effect, or it would not have become an expression of the model.
        return operator === ',' ? right : { is: 'binary', operator, left, right };
      }
      case 'conditional':
        return this.#conditional(expression.test, expression.then ?? expression.test, expression.otherwise);
      case 'cast':
        return { is: 'convert', to: this.#castTo(expression.type, at), of: this.lower(expression.operand) };
      case 'call':
        // The compiler would answer 0 for a variable; the arms of the question must agree, or C code could not rely on it.
        if (isCallOf(expression, '__builtin_constant_p')) return { is: 'integer', kind: 's32', value: 1 };
        throw new Unresolvable(at, `calls ${isName(expression.callee) ? expression.callee.name : 'a function'}`);
      case 'measure':
        throw new Unresolvable(at, 'asks for the size of its argument, or of a type with its argument in it');
      case 'offsetof':
        throw new Unresolvable(at, 'names a member or an element by its argument');
      case 'member':
        throw new Unresolvable(at, `uses member '${expression.name}' of its argument`);
      case 'index':
        throw new Unresolvable(at, 'indexes an array by its argument, or its argument');
      default:
        throw new Error(`a ${expression.kind} cannot mention an argument`);
    }
  }

  #conditional(test: Expression, then: Expression, otherwise: Expression): MacroExpression {
    const decision = this.lower(test);
    if (decision.is !== 'integer') {
      return { is: 'conditional', test: decision, whenTrue: this.lower(then), whenFalse: this.lower(otherwise) };
    }
    const holds = BigInt(decision.value) !== 0n;
    return {
      is: 'conditional',
      test: decision,
      whenTrue: holds ? this.lower(then) : this.#onlyType(then),
      whenFalse: holds ? this.#onlyType(otherwise) : this.lower(otherwise),
    };
  }

  /** Something of the type of an arm that is never taken, such as a call of an inline function. */
  #onlyType(expression: Expression): MacroExpression {
    try {
      return this.lower(expression);
    } catch (error) {
      if (!(error instanceof Unresolvable) || expression.kind !== 'call') throw error;
      const type = this.#integerType(typeOfExpression(expression, this.#layout));
      if (!type) throw error;
      return constantOf({ type, value: 0n }, expression.at);
    }
  }

  #castTo(type: CType, at: Token): IntegerKind {
    if (this.#typeMentions(type)) throw new Unresolvable(at, 'uses the type of its argument');
    const integer = this.#integerType(type);
    if (!integer) throw new Unresolvable(at, 'converts its argument to what is no integer');
    return kindOf(integer, at);
  }

  #integerType(type: CType): IntegerType | undefined {
    const resolved = this.#layout.resolve(type);
    return resolved.kind === 'scalar' ? this.#layout.integerType(resolved.name) : undefined;
  }

  /** Whether an argument stands anywhere in an expression. */
  #mentions(expression: Expression): boolean {
    const known = this.#mentioning.get(expression);
    if (known !== undefined) return known;
    // What is asked first of an expression: nothing after it gets deeper.
    const found = this.#layout.depth.within(expression.at, () => this.#findMention(expression));
    this.#mentioning.set(expression, found);
    return found;
  }

  #findMention(expression: Expression): boolean {
    switch (expression.kind) {
      case 'name':
        return this.#names.includes(expression.name);
      case 'unary':
        return this.#mentions(expression.operand);
      case 'binary':
        return this.#mentions(expression.left) || this.#mentions(expression.right);
      case 'conditional':
        return [expression.test, expression.then, expression.otherwise].some((part) => part && this.#mentions(part));
      case 'cast':
        return this.#typeMentions(expression.type) || this.#mentions(expression.operand);
      case 'measure':
        return 'type' in expression.of
          ? this.#typeMentions(expression.of.type)
          : this.#mentions(expression.of.expression);
      case 'offsetof':
        return expression.path.some((step) =>
          'member' in step ? this.#names.includes(step.member) : this.#mentions(step.index),
        );
      case 'member':
        return this.#names.includes(expression.name) || this.#mentions(expression.base);
      case 'index':
        return this.#mentions(expression.base) || this.#mentions(expression.index);
      case 'call':
        return this.#mentions(expression.callee) || expression.arguments.some((part) => this.#mentions(part));
      default:
        return false;
    }
  }

  #typeMentions(type: CType): boolean {
    switch (type.kind) {
      case 'typeof':
        return this.#mentions(type.of);
      case 'array':
        return (type.length !== null && this.#mentions(type.length)) || this.#typeMentions(type.of);
      case 'pointer':
        return this.#typeMentions(type.to);
      default:
        return false;
    }
  }
}

function isName(expression: Expression): expression is Extract<Expression, { kind: 'name' }> {
  return expression.kind === 'name';
}

function isCallOf({ callee }: Extract<Expression, { kind: 'call' }>, name: string): boolean {
  return isName(callee) && callee.name === name;
}

function constantOf(integer: Integer, at: Token): MacroExpression {
  return { is: 'integer', kind: kindOf(integer.type, at), value: modelInteger(integer) };
}

const kinds: Readonly<Record<number, { readonly signed: IntegerKind; readonly unsigned: IntegerKind }>> = {
  8: { signed: 's8', unsigned: 'u8' },
  16: { signed: 's16', unsigned: 'u16' },
  32: { signed: 's32', unsigned: 'u32' },
  64: { signed: 's64', unsigned: 'u64' },
};

function kindOf({ name, width, signed }: IntegerType, at: Token): IntegerKind {
  const kind = kinds[width];
  if (!kind) throw new Unresolvable(at, `computes in ${width} bits`);
  return name === '_Bool' ? 'bool' : kind[signed ? 'signed' : 'unsigned'];
}
