/** Computes the values and the integer types of enums. Each result is computed once, on its first use. */

import type { Target } from '../../targets/target.js';
import { fits, type Integer, type IntegerType, recast } from '../evaluator/arithmetic.js';
import type { EnumeratorNode, EnumNode, Expression } from '../syntax.js';
import type { Token } from '../tokens.js';
import { Unresolvable } from '../unresolvable.js';
import type { TargetIntegers } from './integers.js';
import { integerOfMode, signedBySize, unsignedBySize } from './modes.js';

export interface LaidOutEnum {
  /** The integer type of the enum. */
  readonly type: IntegerType;
  readonly values: readonly Integer[];
}

interface EnumFacts {
  readonly target: Target;
  readonly integers: TargetIntegers;
  evaluate(expression: Expression): Integer;
}

export class EnumLayout {
  readonly #facts: EnumFacts;
  readonly #enums = new Map<EnumNode, LaidOutEnum>();
  readonly #begun = new Set<EnumNode>();
  readonly #enumerators = new Map<string, { readonly node: EnumNode; readonly index: number }>();
  readonly #values = new Map<string, Integer | 'in progress'>();

  constructor(enums: readonly EnumNode[], facts: EnumFacts) {
    this.#facts = facts;
    for (const node of enums) {
      for (const [index, { name }] of node.enumerators.entries()) this.#enumerators.set(name, { node, index });
    }
  }

  enumeration(node: EnumNode): LaidOutEnum {
    let result = this.#enums.get(node);
    if (!result) {
      this.#begun.add(node);
      const values = node.enumerators.map(({ name }) => this.#valueOf(name));
      const type = this.#typeOf(node, values);
      const { int } = this.#facts.integers;
      result = { type, values: values.map((each) => recast(each, fits(each.value, int) ? int : type)) };
      this.#enums.set(node, result);
    }
    return result;
  }

  #typeOf(node: EnumNode, values: readonly Integer[]): IntegerType {
    const { integers } = this.#facts;
    const negative = values.some(({ value }) => value < 0n);
    if (node.mode) return this.#typeWithMode(node.mode, negative, values);
    const names = negative ? signedBySize : unsignedBySize;
    const smallest = node.attributes.packed ? 1 : integers.int.width / 8;
    for (const name of names) {
      const type = integers.of(name);
      if (!type || type.width / 8 < smallest || type.width > 64) continue;
      if (values.every(({ value }) => fits(value, type))) return type;
    }
    // GCC warns, and uses an integer of 64 bits.
    return integers.long.width === 64 ? integers.long : integers.longLong;
  }

  #typeWithMode(mode: Token, signed: boolean, values: readonly Integer[]): IntegerType {
    const { target, integers } = this.#facts;
    const name = integerOfMode(mode.text, signed, target);
    const type = name && integers.of(name);
    if (!type) throw new Unresolvable(mode, `mode(${mode.text}) is not an integer type of ${target.name}`);
    if (!values.every(({ value }) => fits(value, type))) {
      throw new Unresolvable(mode, `mode(${mode.text}) of an enum cannot hold all of its values`);
    }
    return type;
  }

  /** Returns the value of an enumerator. Undefined for another name. */
  constant(name: string): Integer | undefined {
    const found = this.#enumerators.get(name);
    if (!found) return undefined;
    // The enums are computed in order, because an enum can use the values of earlier enums.
    if (!this.#begun.has(found.node)) this.enumeration(found.node);
    return this.#enums.get(found.node)?.values[found.index] ?? this.#valueOf(name);
  }

  /** Returns the enum of an enumerator. Undefined for another name. */
  enumOf(name: string): EnumNode | undefined {
    return this.#enumerators.get(name)?.node;
  }

  /** Returns the value of an enumerator while its enum is being computed. */
  #valueOf(name: string): Integer {
    const known = this.#values.get(name);
    if (known && known !== 'in progress') return known;
    const { node, index } = this.#enumerators.get(name) as { node: EnumNode; index: number };
    const { value, at } = node.enumerators[index] as EnumeratorNode;
    if (known) throw new Unresolvable(at, `the value of '${name}' depends on itself`);
    this.#values.set(name, 'in progress');
    try {
      const result = value
        ? this.#asInt(this.#facts.evaluate(value))
        : this.#successor(this.#valueBefore(node, index), at);
      this.#values.set(name, result);
      return result;
    } finally {
      if (this.#values.get(name) === 'in progress') this.#values.delete(name);
    }
  }

  /** Inside its enum, an enumerator has the type `int` if its value fits. */
  #asInt(value: Integer): Integer {
    const { int } = this.#facts.integers;
    return fits(value.value, int) ? recast(value, int) : value;
  }

  /** Returns the value of the previous enumerator. A list of enumerators can be too long for a recursion. */
  #valueBefore({ enumerators }: EnumNode, index: number): Integer | undefined {
    const isKnown = ({ name, value }: EnumeratorNode): boolean => value !== null || this.#values.has(name);
    let from = index - 1;
    while (from > 0 && !isKnown(enumerators[from] as EnumeratorNode)) from--;
    const before = enumerators.slice(Math.max(from, 0), index);
    return before.map(({ name }) => this.#valueOf(name)).at(-1);
  }

  /** Returns the value after another value. GCC adds 1 in the type of that value, and refuses an overflow. */
  #successor(previous: Integer | undefined, at: Token): Integer {
    const { int } = this.#facts.integers;
    if (!previous) return { type: int, value: 0n };
    const { type } = this.#asInt(previous);
    const value = previous.value + 1n;
    if (!fits(value, type)) {
      throw new Unresolvable(at, `the value ${value} of this enumerator overflows ${type.name}; state the value`);
    }
    return { type, value };
  }
}
