/**
 * Converts function-like macros to expressions over their parameters. If a macro is not a function of values, gives the
 * reason.
 */

import { type Integer, type IntegerType, promote } from '../c/evaluator/arithmetic.js';
import { typeOfExpression } from '../c/evaluator/evaluator.js';
import { type Scope, withConstants } from '../c/evaluator/scope.js';
import type { Layout } from '../c/layout/layout.js';
import type { Macro } from '../c/preprocessor/macros.js';
import type { CType, Expression, Initializer } from '../c/syntax.js';
import { type Token, tokenLike } from '../c/tokens.js';
import { Unresolvable } from '../c/unresolvable.js';
import type { IntegerKind, MacroExpression } from '../model/model.js';
import { modelInteger } from './integer-values.js';

/** The prefix of the name that replaces an argument. No header has such a name. */
const prefix = '__any_argument_';

/** The functions for reading a macro. */
export interface MacroReader {
  readonly layout: Layout;
  expand(tokens: readonly Token[]): readonly Token[];
  parse(tokens: readonly Token[], at: Token): Expression;
}

/**
 * Returns the value of a function-like macro. @throws Unresolvable or SourceError if the macro is not a function of
 * values.
 */
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
    throw new Unresolvable(at, 'expands to its argument alone, which can have any type');
  }
  return new Lowering(names, layout).lower(parse(tokens, at));
}

/** Removes the prefix of placeholder names from a reason. */
export function withoutPlaceholders(reason: string): string {
  return reason.replaceAll(prefix, '');
}

/** Returns the tokens of a use of the macro, with one argument for each parameter. */
function useOf(at: Token, names: readonly string[]): Token[] {
  const token = (kind: Token['kind'], text: string): Token => tokenLike(at, { kind, text, space: false });
  const between = names.flatMap((name, index) => [
    ...(index > 0 ? [token('punctuator', ',')] : []),
    token('identifier', name),
  ]);
  return [at, token('punctuator', '('), ...between, token('punctuator', ')')];
}

/** Converts a parsed expression to an expression of the model. */
class Lowering {
  readonly #names: readonly string[];
  readonly #layout: Layout;
  readonly #mentioning = new Map<Expression, boolean>();
  /** For the types of expressions that contain an argument. The type of the argument does not matter there. */
  readonly #scope: Scope;

  constructor(names: readonly string[], layout: Layout) {
    this.#names = names;
    this.#layout = layout;
    const argument: Integer = { type: layout.integers.int, value: 0n };
    this.#scope = withConstants(layout, new Map(names.map((name) => [name, argument])));
  }

  lower(expression: Expression): MacroExpression {
    if (!this.#mentions(expression) && !this.#isUndefined(expression))
      return constantOf(this.#layout.evaluate(expression), expression.at);
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
        // The left operand of a comma has no effect. Otherwise it would not be an expression of the model.
        return operator === ',' ? right : { is: 'binary', operator, left, right };
      }
      case 'conditional':
        return this.#conditional(expression.test, expression.then ?? expression.test, expression.otherwise);
      case 'cast':
        return { is: 'convert', to: this.#castTo(expression.type, at), of: this.lower(expression.operand) };
      case 'call':
        // The compiler would return 0 for a variable. The branches of the condition must agree, because C code could
        // not rely on the difference.
        if (isCallOf(expression, '__builtin_constant_p')) return { is: 'integer', kind: 's32', value: 1 };
        throw new Unresolvable(at, `calls ${isName(expression.callee) ? expression.callee.name : 'a function'}`);
      case 'measure':
        throw new Unresolvable(at, 'uses the size of its argument, or of a type that contains its argument');
      case 'offsetof':
        throw new Unresolvable(at, 'uses its argument as the name of a member or the index of an element');
      case 'member':
        throw new Unresolvable(at, `uses member '${expression.name}' of its argument`);
      case 'index':
        throw new Unresolvable(at, 'indexes an array with its argument, or indexes its argument');
      case 'assign':
      case 'step':
        throw new Unresolvable(at, 'assigns to an object');
      case 'compound literal':
        throw new Unresolvable(at, 'makes an object of its argument');
      case 'generic':
      case 'compatible':
        throw new Unresolvable(at, 'uses the type of its argument');
      case 'part':
        throw new Unresolvable(at, 'uses a part of a complex number');
      default:
        throw new Error(`a ${expression.kind} cannot mention an argument`);
    }
  }

  /**
   * Whether a constant expression contains a shift by the width of its type or more. GCC computes a value for it in
   * constants, but in a function the behaviour is undefined, so the function throws.
   */
  #isUndefined(expression: Expression): boolean {
    switch (expression.kind) {
      case 'unary':
      case 'cast':
        return this.#isUndefined(expression.operand);
      case 'conditional': {
        const { test, then, otherwise } = expression;
        return [test, then ?? test, otherwise].some((each) => this.#isUndefined(each));
      }
      case 'binary': {
        const { operator, left, right } = expression;
        if (this.#isUndefined(left) || this.#isUndefined(right)) return true;
        return (operator === '<<' || operator === '>>') && this.#isTooFar(left, right);
      }
      default:
        return false;
    }
  }

  #isTooFar(operand: Expression, by: Expression): boolean {
    try {
      const { width } = promote(this.#layout.evaluate(operand), this.#layout.integers).type;
      const { value } = this.#layout.evaluate(by);
      return value < 0n || value >= BigInt(width);
    } catch (error) {
      // The branch of a condition that is not taken needs no value.
      if (error instanceof Unresolvable) return false;
      throw error;
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

  /** Returns the type of a branch that is never taken, such as a call of an inline function. */
  #onlyType(expression: Expression): MacroExpression {
    try {
      return this.lower(expression);
    } catch (error) {
      if (!(error instanceof Unresolvable) || expression.kind !== 'call') throw error;
      const type = this.#integerType(typeOfExpression(expression, this.#scope));
      if (!type) throw error;
      return constantOf({ type, value: 0n }, expression.at);
    }
  }

  #castTo(type: CType, at: Token): IntegerKind {
    if (this.#typeMentions(type)) throw new Unresolvable(at, 'uses the type of its argument');
    const integer = this.#integerType(type);
    if (!integer) throw new Unresolvable(at, 'converts its argument to a type that is not an integer');
    return kindOf(integer, at);
  }

  #integerType(type: CType): IntegerType | undefined {
    const resolved = this.#layout.resolve(type);
    return resolved.kind === 'scalar' ? this.#layout.integerType(resolved.name) : undefined;
  }

  /** Whether an expression contains an argument. */
  #mentions(expression: Expression): boolean {
    const known = this.#mentioning.get(expression);
    if (known !== undefined) return known;
    // This is the first check of an expression, so nothing later exceeds the depth.
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
      case 'assign':
        return this.#mentions(expression.left) || this.#mentions(expression.right);
      case 'step':
      case 'part':
        return this.#mentions(expression.operand);
      case 'compound literal':
        return this.#typeMentions(expression.type) || this.#initializerMentions(expression.initializer);
      case 'generic':
        return (
          this.#mentions(expression.control) ||
          expression.associations.some(({ type, value }) => this.#mentions(value) || (type && this.#typeMentions(type)))
        );
      case 'compatible':
        return this.#typeMentions(expression.left) || this.#typeMentions(expression.right);
      default:
        return false;
    }
  }

  #initializerMentions(initializer: Initializer): boolean {
    if (initializer.kind === 'expression') return this.#mentions(initializer.expression);
    return initializer.items.some(
      ({ designators, value }) =>
        this.#initializerMentions(value) ||
        designators.some((each) =>
          each.kind === 'member'
            ? this.#names.includes(each.name)
            : this.#mentions(each.index) || (each.last !== null && this.#mentions(each.last)),
        ),
    );
  }

  #typeMentions(type: CType): boolean {
    switch (type.kind) {
      case 'typeof':
        return this.#mentions(type.of);
      case 'array':
        return (type.length !== null && this.#mentions(type.length)) || this.#typeMentions(type.of);
      case 'pointer':
        return this.#typeMentions(type.to);
      case 'qualified':
      case 'aligned':
      case 'mode':
        return this.#typeMentions(type.of);
      case 'vector':
        return this.#mentions(type.bytes) || this.#typeMentions(type.of);
      case 'function':
        return [type.returns, ...(type.parameters ?? [])].some((part) => this.#typeMentions(part));
      case 'tag':
        return this.#names.includes(type.tag);
      case 'unnamed record':
        return type.record.members.some(
          (member) => this.#typeMentions(member.type) || (member.width !== null && this.#mentions(member.width)),
        );
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
