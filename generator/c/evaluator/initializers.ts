/** The initializers of objects: the length that they give to an array, and C's rules about them (C17 6.7.9). */

import type { CType, Expression, Initializer, InitializerItem, MemberNode, RecordNode } from '../syntax.js';
import type { Token } from '../tokens.js';
import { bare } from '../types.js';
import { Unresolvable } from '../unresolvable.js';
import { isCompatible } from './compatibility.js';
import { stringIn } from './constant-bytes.js';
import { type StringUnits, stringUnits, unitType } from './literals.js';
import { elementType, integerTypeOf, typeOfInteger } from './types.js';
import type { Evaluator } from './values.js';

/** Returns the type of a compound literal. */
export function completeLiteral(
  { type, initializer }: Extract<Expression, { kind: 'compound literal' }>,
  evaluator: Evaluator,
): CType {
  return completeType(type, initializer, evaluator);
}

/** Returns the type of an object, with the length that its initializer gives to an array without a length. */
export function completeType(type: CType, initializer: Initializer | null, evaluator: Evaluator): CType {
  const plain = evaluator.scope.resolve(type);
  if (plain.kind !== 'array' || plain.length !== null || !initializer) return type;
  const of = elementType(type, evaluator);
  const length = initializedLength(of, initializer, evaluator);
  return { kind: 'array', of, length: { kind: 'integer', text: String(length), at: initializer.at } };
}

function initializedLength(element: CType, initializer: Initializer, evaluator: Evaluator): number {
  const string = stringIn(initializer);
  if (string && isStringOf(element, string, evaluator)) return unitsOf(string, evaluator).units.length + 1;
  if (initializer.kind === 'list') return new Filling(initializer.items, evaluator).length(element);
  const { expression, at } = initializer;
  if (expression.kind === 'compound literal') {
    const type = evaluator.scope.resolve(evaluator.typeOf(expression) as CType);
    if (type.kind === 'array' && type.length) return Number(evaluator.integer(type.length).value);
  }
  throw new Unresolvable(at, 'an array needs a list in braces or a string as its initializer');
}

type StringLiteral = Extract<Expression, { kind: 'string' }>;

function unitsOf({ parts }: StringLiteral, { scope }: Evaluator): StringUnits {
  return stringUnits(
    parts.map(({ text }) => text),
    scope,
  );
}

/** Whether a string literal can initialize an array with these elements. */
function isStringOf(element: CType, string: StringLiteral, evaluator: Evaluator): boolean {
  const { scope } = evaluator;
  const integer = integerTypeOf(element, scope);
  if (!integer || integer.name === '_Bool') return false;
  const unit = unitType(unitsOf(string, evaluator).prefix, scope);
  if (unit.name === 'char') return integer.width === unit.width;
  return isCompatible(element, typeOfInteger(unit) as CType, evaluator, 'unqualified');
}

/**
 * Checks an initializer of a static object: the values must be constants. @throws Unresolvable for an initializer that C
 * does not allow.
 */
export function checkInitializer(type: CType, initializer: Initializer, evaluator: Evaluator): void {
  const plain = evaluator.scope.resolve(type);
  if (initializer.kind === 'expression') {
    checkValue(type, initializer.expression, evaluator);
    return;
  }
  const { items, at } = initializer;
  const string = plain.kind === 'array' ? stringIn(initializer) : undefined;
  if (plain.kind === 'array' && string && isStringOf(plain.of, string, evaluator)) return;
  const filling = new Filling(items, evaluator, (part, value) => checkInitializer(part, value, evaluator));
  if (plain.kind === 'array') filling.length(plain.of);
  else if (evaluator.scope.recordNode(plain)) filling.record(plain);
  else if (plain.kind !== 'vector') {
    const [first] = items;
    if (!first) throw new Unresolvable(at, 'empty braces for a number or a pointer; write a value between the braces');
    if (first.designators.length === 0) checkInitializer(type, first.value, evaluator);
  }
}

function checkValue(type: CType, expression: Expression, evaluator: Evaluator): void {
  const { scope } = evaluator;
  const plain = scope.resolve(type);
  if (plain.kind === 'scalar' || plain.kind === 'pointer') {
    evaluator.convert(evaluator.value(expression), type, expression.at);
    return;
  }
  const own = evaluator.typeOf(expression);
  const isSame = own.kind !== 'bit-field' && isCompatible(own, type, evaluator, 'unqualified');
  if (plain.kind === 'array') {
    const isText = expression.kind === 'string' && isStringOf(plain.of, expression, evaluator);
    if (isText || (isSame && expression.kind === 'compound literal')) return;
    throw new Unresolvable(
      expression.at,
      'an array needs a list in braces or a string of its elements as its initializer',
    );
  }
  if (!scope.recordNode(plain)) return;
  if (!isSame) throw new Unresolvable(expression.at, 'a struct or union needs a list in braces as its initializer');
  if (expression.kind !== 'compound literal') evaluator.value(expression);
}

/** A part of an object: an element of an array or a member of a record. */
interface Part {
  readonly type: CType;
}

type Visit = (type: CType, value: Initializer) => void;

/** Distributes the items of a list in braces over the parts of an object. */
class Filling {
  readonly #items: readonly InitializerItem[];
  readonly #evaluator: Evaluator;
  readonly #visit: Visit;
  #next = 0;

  /** `visit` is called with each part that has a value of its own. */
  constructor(items: readonly InitializerItem[], evaluator: Evaluator, visit: Visit = () => {}) {
    this.#items = items;
    this.#evaluator = evaluator;
    this.#visit = visit;
  }

  /** Reads the items of a record. GCC ignores the items after the last member. */
  record(type: CType): void {
    for (let first = true; this.#next < this.#items.length; first = false) {
      const { designators } = this.#items[this.#next] as InitializerItem;
      if (designators.length === 0 && !first) break;
      this.#fillParts(type, designators);
    }
  }

  /** Returns the number of elements of an array that the list initializes. */
  length(element: CType): number {
    let position = 0;
    let length = 0;
    while (this.#next < this.#items.length) {
      const { designators } = this.#items[this.#next] as InitializerItem;
      const [designator, ...path] = designators;
      if (designator) {
        if (designator.kind !== 'index') {
          throw new Unresolvable(designator.at, `'.${designator.name}' in the initializer of an array`);
        }
        position = this.#position(designator.last ?? designator.index);
      }
      this.#fill(element, path);
      position++;
      length = Math.max(length, position);
    }
    return length;
  }

  #position(index: Expression): number {
    const { value } = this.#evaluator.integer(index);
    if (value < 0n || value >= Number.MAX_SAFE_INTEGER) {
      throw new Unresolvable(index.at, `an array has no element ${value}`);
    }
    return Number(value);
  }

  /** Reads the items of one part of the object. `path` are the remaining designators of the first item. */
  #fill(type: CType, path: InitializerItem['designators']): void {
    const item = this.#items[this.#next] as InitializerItem;
    if (path.length === 0 && this.#isWhole(type, item.value)) {
      this.#visit(type, item.value);
      this.#next++;
      return;
    }
    const { scope } = this.#evaluator;
    scope.depth.within(item.value.at, () => this.#fillParts(type, path));
  }

  /** Reads the items of an array or record without braces of its own. */
  #fillParts(type: CType, path: InitializerItem['designators']): void {
    const before = this.#next;
    const [designator, ...rest] = path;
    let index = designator ? this.#indexOf(type, designator) : 0;
    let inner = designator ? this.#pathInside(type, designator, rest) : rest;
    for (let part = this.#part(type, index); part; part = this.#part(type, ++index)) {
      const item = this.#items[this.#next];
      // A designator belongs to the list in braces, so it ends the parts without braces.
      if (!item || (this.#next > before && item.designators.length > 0)) break;
      this.#fill(part.type, inner);
      inner = [];
      if (this.#isUnion(type)) break;
    }
    // An empty record takes no item.
    if (this.#next === before) this.#next++;
  }

  /** Whether one item initializes a part completely. Otherwise the part takes the following items. */
  #isWhole(type: CType, value: Initializer): boolean {
    if (value.kind === 'list') return true;
    const { scope } = this.#evaluator;
    const plain = scope.resolve(type);
    if (plain.kind === 'array') {
      const { expression } = value;
      return expression.kind === 'string' && isStringOf(plain.of, expression, this.#evaluator);
    }
    return scope.recordNode(plain) === undefined || this.#hasType(value.expression, type);
  }

  #hasType(expression: Expression, type: CType): boolean {
    if (expression.kind === 'integer') return false;
    try {
      const own = this.#evaluator.typeOf(expression);
      return own.kind !== 'bit-field' && isCompatible(own, type, this.#evaluator, 'unqualified');
    } catch (error) {
      if (error instanceof Unresolvable) return false;
      throw error;
    }
  }

  #part(type: CType, index: number): Part | undefined {
    const { scope } = this.#evaluator;
    const plain = scope.resolve(type);
    if (plain.kind === 'array') {
      const length = plain.length === null ? Number.POSITIVE_INFINITY : this.#evaluator.integer(plain.length).value;
      return index < length ? { type: plain.of } : undefined;
    }
    const record = scope.recordNode(plain);
    return record && partsOf(record)[index];
  }

  /** An initializer initializes one member of a union. */
  #isUnion(type: CType): boolean {
    const { scope } = this.#evaluator;
    return scope.recordNode(scope.resolve(type))?.keyword === 'union';
  }

  /** Returns the index of the part that a designator names. */
  #indexOf(type: CType, designator: InitializerItem['designators'][number]): number {
    if (designator.kind === 'index') return this.#position(designator.last ?? designator.index);
    const record = this.#evaluator.scope.recordNode(this.#evaluator.scope.resolve(type));
    const index = record ? partsOf(record).findIndex((part) => this.#contains(part, designator.name)) : -1;
    if (index === -1) throw noMember(designator.at, designator.name);
    return index;
  }

  /** The path goes through the anonymous members that contain the named member. */
  #pathInside(
    type: CType,
    designator: InitializerItem['designators'][number],
    rest: InitializerItem['designators'],
  ): InitializerItem['designators'] {
    if (designator.kind === 'index') return rest;
    const record = this.#evaluator.scope.recordNode(this.#evaluator.scope.resolve(type));
    const part = record && partsOf(record)[this.#indexOf(type, designator)];
    return part?.name === null ? [designator, ...rest] : rest;
  }

  #contains(member: MemberNode, name: string): boolean {
    if (member.name !== null) return member.name === name;
    const record = this.#evaluator.scope.recordNode(this.#evaluator.scope.resolve(member.type));
    return record !== undefined && partsOf(record).some((inner) => this.#contains(inner, name));
  }
}

function noMember(at: Token, name: string): Unresolvable {
  return new Unresolvable(at, `'.${name}' names no member`);
}

const parts = new WeakMap<RecordNode, readonly MemberNode[]>();

/** Returns the members that an initializer can initialize. An unnamed bit-field is padding. */
function partsOf(record: RecordNode): readonly MemberNode[] {
  let result = parts.get(record);
  if (!result) {
    result = record.members.filter(({ name, type }) => name !== null || bare(type).kind === 'unnamed record');
    parts.set(record, result);
  }
  return result;
}
