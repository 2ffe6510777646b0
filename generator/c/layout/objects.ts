/** The variables of a header: their types, and the values of those that are constant. */

import { ArithmeticError, type Integer } from '../evaluator/arithmetic.js';
import { stringIn, textOf } from '../evaluator/constant-bytes.js';
import { evaluatorOf, resolvable } from '../evaluator/evaluator.js';
import { checkInitializer, completeType } from '../evaluator/initializers.js';
import { typeOfAll } from '../evaluator/redeclarations.js';
import { type Definition, type Scope, withConstants } from '../evaluator/scope.js';
import { elementType, integerTypeOf, unqualified } from '../evaluator/types.js';
import { type Evaluator, isInteger } from '../evaluator/values.js';
import type { CType, Expression, Initializer, ObjectNode } from '../syntax.js';
import { Unresolvable } from '../unresolvable.js';

/** The value of a `const` variable: an integer, or the text of a string. */
export type ObjectValue =
  | { readonly kind: 'integer'; readonly integer: Integer }
  /** `bytes` has no terminating NUL. `size` is the size of the array, or that of the literal that a pointer points to. */
  | { readonly kind: 'string'; readonly bytes: readonly number[]; readonly size: number };

export class Objects {
  readonly #objects: ReadonlyMap<string, ObjectNode>;
  readonly #scope: Scope;
  readonly #types = new Map<string, CType>();
  readonly #values = new Map<string, ObjectValue | 'in progress'>();
  /** In an initializer, GCC takes the value of an earlier `const` variable. */
  readonly #initializers: Evaluator;

  constructor(objects: ReadonlyMap<string, ObjectNode>, scope: Scope) {
    this.#objects = objects;
    this.#scope = scope;
    this.#initializers = evaluatorOf(withConstants(scope, { get: (name) => this.#integer(name) }, true));
  }

  /** Returns the type of a variable or function, with the length that an initializer gives. */
  typeOf(name: string): CType | undefined {
    let type = this.#types.get(name);
    if (type) return type;
    const node = this.#objects.get(name);
    if (!node) return undefined;
    type = this.#complete(node);
    this.#types.set(name, type);
    return type;
  }

  /** An initializer is only read if it gives the length of an array. */
  #complete(node: ObjectNode): CType {
    const type = (node.others && typeOfAll(node, evaluatorOf(this.#scope))) ?? node.type;
    const { initializer } = node;
    if (!initializer) return type;
    const plain = this.#scope.resolve(type);
    if (plain.kind !== 'array' || plain.length !== null) return type;
    return completeType(type, initializer.read(), evaluatorOf(this.#scope));
  }

  /** Returns the initializer of a `const` variable. */
  constantInitializer(name: string): Initializer | undefined {
    const node = this.#objects.get(name);
    return node?.initializer && this.#isConst(node.type) ? node.initializer.read() : undefined;
  }

  /**
   * Checks the initializer of a variable. @throws Unresolvable for a value that is not constant, and for an initializer
   * that C does not allow.
   */
  check(name: string): void {
    const node = this.#objects.get(name);
    if (!node?.initializer) return;
    const initializer = node.initializer.read();
    try {
      checkInitializer(node.type, initializer, this.#initializers);
    } catch (error) {
      throw error instanceof ArithmeticError ? new Unresolvable(initializer.at, error.message) : error;
    }
  }

  definitionOf(name: string): Definition {
    const node = this.#objects.get(name);
    if (node?.initializer) return 'initialized';
    if (!node || node.storage.includes('extern')) return 'declared';
    const isFunction = this.#scope.resolve(node.type).kind === 'function';
    return isFunction && node.body === null ? 'declared' : 'defined';
  }

  #isConst(type: CType): boolean {
    const evaluator = evaluatorOf(this.#scope);
    const { type: plain, qualifiers } = unqualified(type, evaluator);
    if (qualifiers?.volatile) return false;
    return qualifiers?.const === true || (plain.kind === 'array' && this.#isConst(plain.of));
  }

  #integer(name: string): Integer | undefined {
    const constant = this.#scope.constant(name);
    if (constant || !this.#objects.get(name)?.initializer) return constant;
    try {
      const value = this.valueOf(name);
      return value.kind === 'integer' ? value.integer : undefined;
    } catch (error) {
      if (error instanceof Unresolvable) return undefined;
      throw error;
    }
  }

  /**
   * Returns the value that its initializer gives to a `const` variable. @throws Unresolvable for a variable without a
   * constant value, and for a value that is neither an integer nor a string.
   */
  valueOf(name: string): ObjectValue {
    const known = this.#values.get(name);
    const node = this.#objects.get(name);
    if (!node) throw new Error(`'${name}' is not an object`);
    if (known === 'in progress') throw new Unresolvable(node.at, `the value of '${name}' depends on itself`);
    if (known) return known;
    this.#values.set(name, 'in progress');
    try {
      const value = this.#valueIn(node);
      this.#values.set(name, value);
      return value;
    } finally {
      if (this.#values.get(name) === 'in progress') this.#values.delete(name);
    }
  }

  #valueIn({ name, type, initializer, at }: ObjectNode): ObjectValue {
    if (!initializer) throw new Unresolvable(at, `'${name}' has no initializer`);
    if (!this.#isConst(type)) throw new Unresolvable(at, `'${name}' is not const`);
    const integer = integerTypeOf(type, this.#scope);
    const read = initializer.read();
    if (integer) {
      const expression = only(read);
      if (!expression) throw new Unresolvable(at, `the initializer of '${name}' is not one value`);
      return { kind: 'integer', integer: this.#evaluate(expression, type) };
    }
    return this.#stringIn(type, read, at);
  }

  #evaluate(expression: Expression, type: CType): Integer {
    const evaluator = this.#initializers;
    try {
      const value = evaluator.convert(evaluator.value(expression), type, expression.at);
      if (isInteger(value)) return value;
    } catch (error) {
      throw resolvable(error, expression);
    }
    throw new Unresolvable(expression.at, 'the address of an object is not a constant');
  }

  #stringIn(type: CType, initializer: Initializer, at: ObjectNode['at']): ObjectValue {
    const evaluator = evaluatorOf(this.#scope);
    const string = stringIn(initializer);
    const plain = this.#scope.resolve(type);
    const isArray = plain.kind === 'array';
    const element = isArray ? elementType(type, evaluator) : plain.kind === 'pointer' ? plain.to : undefined;
    const integer = element && integerTypeOf(element, this.#scope);
    const bytes = string && integer?.width === 8 ? textOf(string, evaluator) : undefined;
    if (!bytes) throw new Unresolvable(at, 'a value that is neither an integer nor a string');
    if (!isArray) return { kind: 'string', bytes, size: bytes.length + 1 };
    const { size } = this.#scope.measure(completeType(type, initializer, evaluator), at);
    return { kind: 'string', bytes: bytes.slice(0, size), size };
  }
}

/** Returns the expression that is the whole initializer, perhaps in braces. */
function only(initializer: Initializer): Expression | undefined {
  if (initializer.kind === 'expression') return initializer.expression;
  const [item, more] = initializer.items;
  return item && !more && item.designators.length === 0 ? only(item.value) : undefined;
}
