/** Finds the types that names, expressions and attributes determine. Each result is computed once, on its first use. */

import type { ScalarName, Target } from '../../targets/target.js';
import { evaluate, typeOfExpression } from '../evaluator/evaluator.js';
import type { Scope } from '../evaluator/scope.js';
import { predefinedTypedefs } from '../parser/arithmetic-types.js';
import type { CType, Declarations, EnumNode, Expression, Qualifiers, RecordNode, TypedefNode } from '../syntax.js';
import type { Token } from '../tokens.js';
import { bare, ownQualifiers, qualified } from '../types.js';
import { Unresolvable } from '../unresolvable.js';
import type { LaidOutEnum } from './enums.js';
import type { TargetIntegers } from './integers.js';
import { typeOfMode } from './modes.js';

const voidPointer: CType = { kind: 'pointer', to: { kind: 'void' } };

/** The names that only some targets give to an arithmetic type. */
const otherNames = new Set(['__float80', '__float128', '__ibm128', '__ieee128']);

interface ResolutionFacts extends Scope {
  readonly target: Target;
  readonly integers: TargetIntegers;
  enumeration(node: EnumNode): LaidOutEnum;
}

export class TypeResolution {
  readonly #declarations: Declarations;
  readonly #facts: ResolutionFacts;
  readonly #resolved = new Map<CType, CType>();

  constructor(declarations: Declarations, facts: ResolutionFacts) {
    this.#declarations = declarations;
    this.#facts = facts;
  }

  resolve(type: CType): CType {
    const step = bare(type);
    if (!isNamed(step)) return step;
    let resolved = this.#resolved.get(step);
    if (!resolved) {
      this.#facts.depth.enter(placeOfNamed(step));
      try {
        resolved = this.#resolve(step);
      } finally {
        this.#facts.depth.leave();
      }
      this.#resolved.set(step, resolved);
    }
    return resolved;
  }

  #resolve(type: NamedType): CType {
    switch (type.kind) {
      case 'vector':
        return this.#resolveVector(type);
      case 'typedef':
        return this.resolve(this.#typedef(type.name, type.at));
      case 'mode':
        return this.#withMode(this.resolve(type.of), type.mode);
      case 'typeof':
        return this.resolve(typeOfExpression(type.of, this.#facts));
      case 'tag':
        if (type.keyword !== 'enum') return type;
        return { kind: 'scalar', name: this.#facts.enumeration(this.tagged(type) as EnumNode).type.name as ScalarName };
      case 'unnamed enum':
        return { kind: 'scalar', name: this.#facts.enumeration(type.enumeration).type.name as ScalarName };
    }
  }

  /** `vector_size` on a pointer, an array or a function applies to what it points to, contains or returns. */
  #resolveVector(type: Extract<CType, { kind: 'vector' }>): CType {
    const { bytes } = type;
    const of = this.resolve(type.of);
    switch (of.kind) {
      case 'scalar':
        if (of.name === '_Bool') break;
        return type;
      case 'pointer':
        return { kind: 'pointer', to: this.#vectorIn(of.to, bytes) };
      case 'array':
        return {
          kind: 'array',
          of: this.#vectorIn(of.of, bytes),
          length: this.#rebuilt(of.length),
        };
      case 'function':
        return { ...of, returns: this.#vectorIn(of.returns, bytes) };
      default:
        break;
    }
    throw new Unresolvable(bytes.at, 'vector_size of a type that is neither an integer nor a floating-point number');
  }

  /** Returns the vector inside a derived type. The qualifiers stay. */
  #vectorIn(of: CType, bytes: Expression): CType {
    return qualified(this.resolve({ kind: 'vector', of, bytes }), this.qualifiersOf(of));
  }

  /** GCC makes the array again. A length of 0 then becomes an array without a length. */
  #rebuilt(length: Expression | null): Expression | null {
    return length && evaluate(length, this.#facts).value === 0n ? null : length;
  }

  /** Returns the type that a typedef names directly. That type can be another typedef. */
  beneath(type: Extract<CType, { kind: 'typedef' }>): CType {
    return this.#typedef(type.name, type.at);
  }

  /** Returns the qualifiers of a type, also through typedefs. Undefined without qualifiers. */
  qualifiersOf(type: CType): Qualifiers | undefined {
    let found: Qualifiers | undefined;
    for (let step = type; ; ) {
      switch (step.kind) {
        case 'qualified': {
          const own = ownQualifiers(step);
          if (own) found = { ...found, ...own };
          step = step.of;
          break;
        }
        case 'aligned':
        case 'mode':
        case 'vector':
          step = step.of;
          break;
        case 'typedef':
          step = this.beneath(step);
          break;
        case 'typeof':
          step = this.step(step);
          break;
        default:
          return found;
      }
    }
  }

  /** Returns the qualifiers of a type that is not an array, or of the elements of an array. */
  elementQualifiers(type: CType): Qualifiers | undefined {
    const own = this.qualifiersOf(type);
    const plain = this.resolve(type);
    const inside = plain.kind === 'array' ? this.elementQualifiers(plain.of) : undefined;
    return own && inside ? { ...own, ...inside } : (own ?? inside);
  }

  /** Returns the type that an expression or a mode determines. A mode keeps the qualifiers. */
  step(type: Extract<CType, { kind: 'typeof' | 'mode' }>): CType {
    return type.kind === 'typeof'
      ? typeOfExpression(type.of, this.#facts)
      : qualified(this.resolve(type), this.qualifiersOf(type.of));
  }

  /** Whether a type is a record or an enum, also through typedefs. */
  isTagged(type: CType): boolean {
    const { kind } = this.#declared(type);
    return kind === 'tag' || kind === 'unnamed record' || kind === 'unnamed enum';
  }

  /** Returns the enum of a type, also through typedefs. Undefined for another type. */
  enumOf(type: CType): EnumNode | undefined {
    const declared = this.#declared(type);
    if (declared.kind === 'unnamed enum') return declared.enumeration;
    return declared.kind === 'tag' && declared.keyword === 'enum' ? (this.tagged(declared) as EnumNode) : undefined;
  }

  /** Returns the type without typedefs, qualifiers and alignments. An enum stays an enum. */
  #declared(type: CType): CType {
    const step = bare(type);
    if (step.kind === 'typedef') return this.#declared(this.beneath(step));
    return step.kind === 'typeof' ? this.#declared(this.step(step)) : step;
  }

  isFlexible(type: CType): boolean {
    const resolved = this.resolve(type);
    return resolved.kind === 'array' && resolved.length === null;
  }

  #typedef(name: string, at: Token): CType {
    const node = this.#declarations.typedefs.get(name);
    const type = node ? this.#typeOf(node) : this.#predefined(name);
    if (!type) throw new Unresolvable(at, `type '${name}' is not defined`);
    return type;
  }

  /** A later declaration of a typedef can only raise the alignment of its type. */
  #typeOf({ type, at, others = [] }: TypedefNode): CType {
    return others.reduce((kept, other) => {
      // Without an alignment of its own, a type can be incomplete.
      if (other.kind !== 'aligned' && other.kind !== 'typedef') return kept;
      const { align, userAligned } = this.#facts.measure(other, at);
      return userAligned && align > this.#facts.measure(kept, at).align ? other : kept;
    }, type);
  }

  /** Returns the type of a typedef that the target's compiler predefines. */
  #predefined(name: string): CType | undefined {
    const type = predefinedTypedefs.get(name);
    if (type?.kind !== 'scalar') return type;
    if (name === '__builtin_va_list') return this.#facts.target.scalars.__builtin_va_list ? type : voidPointer;
    return otherNames.has(name) && !this.#facts.target.otherNames?.has(name) ? undefined : type;
  }

  tagged(type: Extract<CType, { kind: 'tag' }>): RecordNode | EnumNode {
    const node = this.#declarations.tags.get(type.tag);
    const keyword = node && ('keyword' in node ? node.keyword : 'enum');
    if (!node || keyword !== type.keyword) {
      const name = `${type.keyword} ${type.tag}`;
      throw new Unresolvable(
        type.at,
        `${name} is not defined for ${this.#facts.target.name}: its size is unknown`,
        name,
      );
    }
    return node;
  }

  #withMode(type: CType, mode: Token): CType {
    const bytes = (size: number): Expression => ({ kind: 'integer', text: String(size), at: mode });
    const result = typeOfMode(type, mode.text, this.#facts, bytes);
    if (!result)
      throw new Unresolvable(mode, `mode(${mode.text}) of this type is not a type of ${this.#facts.target.name}`);
    return result;
  }
}

/** A type that names another type. */
type NamedType = Extract<CType, { kind: 'typedef' | 'typeof' | 'tag' | 'unnamed enum' | 'mode' | 'vector' }>;

function isNamed(type: CType): type is NamedType {
  const { kind } = type;
  return (
    kind === 'typedef' ||
    kind === 'typeof' ||
    kind === 'tag' ||
    kind === 'unnamed enum' ||
    kind === 'mode' ||
    kind === 'vector'
  );
}

function placeOfNamed(type: NamedType): Token {
  if (type.kind === 'mode') return type.mode;
  if (type.kind === 'vector') return type.bytes.at;
  return type.kind === 'unnamed enum' ? type.enumeration.at : type.at;
}
