/** C types as text. The text is a type name in C, if every type in it has a name. */

import type { Alignment, CType, Expression, FunctionType, Qualifiers } from '../syntax.js';
import { bare, isMadeAgain, ownQualifiers, qualified } from '../types.js';

/** What the text needs to know about types that an expression determines. */
export interface TypeFacts {
  /** The type that an expression or a mode determines. */
  step(type: Extract<CType, { kind: 'typeof' | 'mode' }>): CType;
  /** The type without typedefs, qualifiers and alignments. */
  resolve(type: CType): CType;
  /** The value of an alignment, in bytes. */
  alignment(alignment: Alignment): number;
  /** The length of an array. Null for a flexible array. */
  length(expression: Expression | null): number | null;
}

/** Returns the name of a type: `__u64`, `struct kvm_regs`, `const char *`, `int (*)[3]`, `void (*)(int)`. */
export function spellType(type: CType, facts: TypeFacts): string {
  return write(type, '', facts);
}

/** Writes a type around the inner part of its declarator. */
function write(type: CType, inside: string, facts: TypeFacts): string {
  switch (type.kind) {
    case 'void':
      return withDeclarator('void', inside);
    case 'scalar':
    case 'typedef':
      return withDeclarator(type.name, inside);
    case 'complex':
      return withDeclarator(`_Complex ${type.of.name}`, inside);
    case 'tag':
      return withDeclarator(`${type.keyword} ${type.tag}`, inside);
    case 'unnamed record':
      return withDeclarator(type.record.keyword, inside);
    case 'unnamed enum':
      return withDeclarator('enum', inside);
    case 'pointer': {
      const to = knownType(type.to, facts);
      const star = `*${type.size === undefined ? inside : withDeclarator('__attribute__((mode(SI)))', inside)}`;
      return write(to, isSuffixed(to, facts) ? `(${star})` : star, facts);
    }
    case 'array':
      return write(type.of, `${inside}[${type.variable ? '*' : (facts.length(type.length) ?? '')}]`, facts);
    case 'function':
      return write(type.returns, `${inside}(${spellParameters(type, facts)})`, facts);
    case 'typeof':
    case 'mode':
      return write(facts.step(type), inside, facts);
    case 'vector': {
      const known = knownType(type, facts);
      if (known.kind !== 'vector') return write(known, inside, facts);
      return withAttribute(type.of, `vector_size(${facts.length(type.bytes)})`, inside, facts);
    }
    case 'aligned':
    case 'qualified':
      return withLayers(type, inside, facts);
  }
}

function withDeclarator(name: string, declarator: string): string {
  return declarator === '' ? name : `${name} ${declarator}`;
}

function knownType(type: CType, facts: TypeFacts): CType {
  if (type.kind === 'typeof' || type.kind === 'mode') return knownType(facts.step(type), facts);
  return type.kind === 'vector' ? (spread(type, type.of, facts) ?? type) : type;
}

/** Applies `vector_size` to the elements of an array and to the result of a function. Undefined for another type. */
function spread(vector: Extract<CType, { kind: 'vector' }>, of: CType, facts: TypeFacts): CType | undefined {
  const type = knownType(of, facts);
  switch (type.kind) {
    case 'array':
      return { ...type, of: { ...vector, of: type.of } };
    case 'function':
      return { ...type, returns: { ...vector, of: type.returns } };
    case 'aligned':
      return spread(vector, type.of, facts);
    case 'qualified': {
      const inner = spread(vector, type.of, facts);
      return inner && { ...type, of: inner };
    }
    default:
      return undefined;
  }
}

/** Whether the declarator of a type is written after the name. */
function isSuffixed(type: CType, facts: TypeFacts): boolean {
  const known = knownType(type, facts);
  if (known.kind === 'qualified' || known.kind === 'aligned') return isSuffixed(known.of, facts);
  return known.kind === 'array' || known.kind === 'function';
}

/** The qualifiers and the alignment around a type. */
interface Layers {
  readonly of: CType;
  readonly qualifiers: Qualifiers | undefined;
  /** The alignment that counts. */
  readonly alignment: Alignment | undefined;
  readonly mayAlias: boolean;
}

function layersOf(type: CType, facts: TypeFacts): Layers {
  let of = knownType(type, facts);
  let qualifiers: Qualifiers | undefined;
  let alignment: Alignment | undefined;
  let mayAlias = false;
  for (; of.kind === 'qualified' || of.kind === 'aligned'; of = knownType(of.of, facts)) {
    if (of.kind === 'qualified') {
      const own = ownQualifiers(of);
      if (own) qualifiers = { ...own, ...qualifiers };
      mayAlias ||= of.mayAlias === true;
    } else alignment ??= of.alignment;
  }
  return { of, qualifiers, alignment, mayAlias };
}

function withLayers(type: CType, inside: string, facts: TypeFacts): string {
  const { of, qualifiers, alignment, mayAlias } = layersOf(type, facts);
  // The qualifiers of an array are those of its elements. No type name has the alignment of an array or a function.
  if (of.kind === 'array') return write({ ...of, of: qualified(of.of, qualifiers) }, inside, facts);
  // A function can have qualifiers only after a name or `typeof`.
  if (of.kind === 'function') {
    return qualifiers
      ? withDeclarator(`${qualifierWords(qualifiers)} __typeof__(${write(of, '', facts)})`, inside)
      : write(of, inside, facts);
  }
  const words = qualifiers ? qualifierWords(qualifiers) : '';
  const isNameless = of.kind === 'unnamed record' || of.kind === 'unnamed enum';
  const attributes = [
    ...(alignment && !isNameless ? [alignedAttribute(alignment, isMadeAgain(facts.resolve(of)), facts)] : []),
    ...(mayAlias && isMadeAgain(facts.resolve(of)) ? ['may_alias'] : []),
  ];
  const attribute = attributes.length > 0 ? `__attribute__((${attributes.join(', ')}))` : '';
  if (of.kind === 'pointer') return write(of, joined(words, attribute, inside), facts);
  if (attribute === '') return joined(words, write(of, inside, facts));
  // In a type name, the attribute would apply to the complete type.
  const aligned = joined(words, write(of, '', facts), attribute);
  return inside === '' ? aligned : `__typeof__(${aligned}) ${inside}`;
}

/** In GCC, `aligned` and `aligned(16)` of a type that an attribute makes again are two types. */
function alignedAttribute(alignment: Alignment, isAgain: boolean, facts: TypeFacts): string {
  return isAgain && alignment.bytes === null ? 'aligned' : `aligned(${facts.alignment(alignment)})`;
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

/** An attribute after `*` applies to the pointer. An attribute after another type applies to the complete type. */
function withAttribute(of: CType, text: string, inside: string, facts: TypeFacts): string {
  const { kind } = bare(of);
  if (kind === 'unnamed record' || kind === 'unnamed enum') return write(of, inside, facts);
  const attribute = `__attribute__((${text}))`;
  if (layersOf(of, facts).of.kind === 'pointer') return write(of, withDeclarator(attribute, inside), facts);
  return withDeclarator(`${write(knownType(of, facts), '', facts)} ${attribute}`, inside);
}

function spellParameters({ parameters, variadic }: FunctionType, facts: TypeFacts): string {
  if (!parameters) return '';
  if (parameters.length === 0) return 'void';
  return [...parameters.map((parameter) => write(parameter, '', facts)), ...(variadic ? ['...'] : [])].join(', ');
}

function qualifierWords({ const: isConst, volatile, restrict, atomic }: Qualifiers): string {
  const words = [isConst && 'const', volatile && 'volatile', restrict && 'restrict', atomic && '_Atomic'];
  return words.filter((word) => word !== undefined).join(' ');
}
