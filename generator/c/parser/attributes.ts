/**
 * Parses attributes: GNU C's `__attribute__((…))`, C's `[[…]]` and `_Alignas`. An attribute is applied, or it cannot
 * change a layout or a value, or it is an error at its place.
 */

import type { SourceError } from '../../errors.js';
import type { ByteOrder } from '../../model/model.js';
import type { Cursor } from '../cursor.js';
import type { Alignment, CallFact, CType, Expression, LayoutAttributes, Qualifiers, StorageOrder } from '../syntax.js';
import { endAt, errorAt, type Token } from '../tokens.js';
import { bare, qualified } from '../types.js';
import { checkArguments, errorOnObject } from './attribute-arguments.js';
import { parseExpression, type TypeNames } from './expressions.js';

/** An attribute that changes a type. */
type TypeAttribute =
  | { readonly kind: 'mode'; readonly mode: Token }
  | { readonly kind: 'vector'; readonly bytes: Expression };

/** The attributes at one place. */
export interface Attributes extends LayoutAttributes {
  /** The attributes that change a type, in the order in which they apply. */
  readonly types: readonly TypeAttribute[];
  /** The alignments that a type gets. A mode or a vector after an alignment makes a new type without it. */
  readonly typeAligned: readonly Alignment[];
  /** For each `packed`: how many of the attributes that change a type apply before it. */
  readonly typesBeforePacked: readonly number[];
  /** Whether `packed` applies to an enum. GCC ignores it after `aligned`. */
  readonly packsEnum: boolean;
  readonly mayAlias: boolean;
  /** Whether an attribute is for the types of functions. */
  readonly ofFunction: boolean;
  /** What the attributes say about the calls of a function. Null for nothing. */
  readonly calls: ReadonlySet<CallFact> | null;
  /** `nonnull` for all parameters. GCC refuses it for a function without a prototype. */
  readonly allNonnull: Token | null;
  readonly storageOrder: StorageOrder | null;
  /** The error if the attributes are those of a variable or a function. */
  readonly errorOnObject: SourceError | null;
}

export const noAttributes: Attributes = {
  packed: false,
  aligned: [],
  countedBy: null,
  types: [],
  typeAligned: [],
  typesBeforePacked: [],
  packsEnum: false,
  mayAlias: false,
  ofFunction: false,
  calls: null,
  allNonnull: null,
  storageOrder: null,
  errorOnObject: null,
};

const functionAttribute: Attributes = { ...noAttributes, ofFunction: true };

/** The keywords that start an attribute. */
export const attributeWords: ReadonlySet<string> = new Set(['__attribute__', '__attribute', '_Alignas']);

/**
 * The attributes of GCC 12 that change a size, a position or a value in a way that is not supported. All other
 * attributes of GCC change neither, or they are applied. GCC ignores an attribute that it does not know.
 */
const unsupported = new Set([
  'ms_struct',
  // They are for GCC's own headers: the elements of vectors, and booleans of several bits.
  'altivec',
  'arm_sve_vector_bits',
  's390_vector_bool',
  'signed_bool_precision',
  'vector_mask',
]);

/** The attributes for which GCC makes the type of a function, and that of a pointer to it, again. */
const functionAttributes: ReadonlySet<string> = new Set([
  ...['nonnull', 'returns_nonnull', 'sentinel', 'format', 'format_arg', 'warn_unused_result', 'access', 'const'],
  ...['noreturn', 'alloc_size', 'alloc_align', 'assume_aligned'],
]);

/** Joins attributes in the order in which they apply. */
export function joinAttributes(list: readonly Attributes[]): Attributes {
  let relevant = 0;
  let last = noAttributes;
  for (const attributes of list) {
    if (attributes === noAttributes) continue;
    relevant++;
    last = attributes;
  }
  if (relevant <= 1) return last;
  return {
    packed: list.some(({ packed }) => packed),
    aligned: list.flatMap(({ aligned }) => aligned),
    countedBy: list.findLast(({ countedBy }) => countedBy)?.countedBy ?? null,
    types: list.flatMap(({ types }) => types),
    typeAligned: typeAlignmentsOf(list),
    typesBeforePacked: typesBeforePacked(list),
    packsEnum: list.find(({ packed, aligned }) => packed || aligned.length > 0)?.packsEnum ?? false,
    mayAlias: list.some(({ mayAlias }) => mayAlias),
    ofFunction: list.some(({ ofFunction }) => ofFunction),
    calls: joinedCalls(list.map(({ calls }) => calls)),
    allNonnull: list.find(({ allNonnull }) => allNonnull)?.allNonnull ?? null,
    storageOrder: list.findLast(({ storageOrder }) => storageOrder)?.storageOrder ?? null,
    errorOnObject: list.find(({ errorOnObject }) => errorOnObject)?.errorOnObject ?? null,
  };
}

/** Joins what is known about the calls of a function. Returns null for nothing. */
export function joinedCalls(list: readonly (ReadonlySet<CallFact> | null | undefined)[]): ReadonlySet<CallFact> | null {
  const all = new Set(list.flatMap((calls) => [...(calls ?? [])]));
  return all.size === 0 ? null : all;
}

function typesBeforePacked(list: readonly Attributes[]): number[] {
  let before = 0;
  return list.flatMap((attributes) => {
    const first = before;
    before += attributes.types.length;
    return attributes.typesBeforePacked.map((count) => first + count);
  });
}

function typeAlignmentsOf(list: readonly Attributes[]): Alignment[] {
  const from = list.findLastIndex(({ types }) => types.length > 0);
  const lastOfFunction = list.findLastIndex(({ ofFunction }) => ofFunction);
  return list.flatMap(({ typeAligned }, index) => {
    if (index < from) return [];
    if (index >= lastOfFunction) return typeAligned;
    return typeAligned.map((alignment) => ({ ...alignment, notOfFunctions: true as const }));
  });
}

/** Returns a type with the attributes that change the type of a declaration. `aligned` stays with the declaration. */
export function withTypeAttributes(type: CType, { types, mayAlias, allNonnull, calls }: Attributes): CType {
  if (allNonnull && lacksPrototype(type)) {
    throw errorAt(allNonnull, 'nonnull without arguments on a function without a prototype; declare the parameters');
  }
  let result = calls ? withCalls(type, calls) : type;
  for (const attribute of types) result = { ...attribute, of: result };
  return mayAlias ? { kind: 'qualified', of: result, mayAlias } : result;
}

/** Returns a pointer to a function with what is known about its calls. In GCC, these are qualifiers of the function. */
function withCalls(type: CType, calls: ReadonlySet<CallFact>): CType {
  if (type.kind === 'qualified' || type.kind === 'aligned') return { ...type, of: withCalls(type.of, calls) };
  if (type.kind !== 'pointer' || bare(type.to).kind !== 'function') return type;
  const qualifiers: Qualifiers = {
    ...(calls.has('const') && { const: true }),
    ...(calls.has('noreturn') && { volatile: true }),
  };
  return Object.keys(qualifiers).length > 0 ? { ...type, to: qualified(type.to, qualifiers) } : type;
}

/**
 * Returns the types that a member has where `packed` applies, if it has another type in the end. Undefined if `packed`
 * applies to the type that the member has.
 */
export function packedTypes(type: CType, attributes: Attributes): readonly CType[] | undefined {
  const { types, typesBeforePacked } = attributes;
  if (typesBeforePacked.length === 0 || typesBeforePacked.includes(types.length)) return undefined;
  return typesBeforePacked.map((count) => withTypeAttributes(type, { ...attributes, types: types.slice(0, count) }));
}

/** Whether a type is a function without a prototype, or a pointer to it. */
function lacksPrototype(type: CType): boolean {
  const plain = bare(type);
  const called = plain.kind === 'pointer' ? bare(plain.to) : plain;
  return called.kind === 'function' && called.parameters === null;
}

/** Returns a type with all attributes, for a place where no declaration takes them. The last alignment counts. */
export function withAttributes(type: CType, attributes: Attributes): CType {
  if (attributes === noAttributes) return type;
  refuseAlignas(attributes, 'a type');
  let result = withTypeAttributes(type, attributes);
  for (const alignment of attributes.typeAligned) {
    result = { kind: 'aligned', of: result, alignment };
  }
  return result;
}

/** Returns the type of a typedef with all of its attributes. The last alignment counts. */
export function typedefWithAttributes(type: CType, attributes: Attributes): CType {
  if (attributes === noAttributes) return type;
  refuseAlignas(attributes, 'a type');
  let result = withTypeAttributes(type, attributes);
  for (const alignment of attributes.typeAligned) {
    result = { kind: 'aligned', of: result, alignment, ofTypedef: true };
  }
  return result;
}

/** Returns the attributes of a declaration that are not a part of its type. */
export function layoutAttributes({ packed, aligned, countedBy }: Attributes): LayoutAttributes {
  return { packed, aligned, countedBy };
}

/** Throws an error for `_Alignas` where C does not allow it. */
export function refuseAlignas({ aligned }: Attributes, what: string): void {
  const strict = aligned.find((alignment) => alignment.strict);
  if (strict) throw errorAt(strict.at, `_Alignas on ${what}; only a variable or a member can have it`);
}

/** Reads all attributes of the form `__attribute__((…))` at the cursor. */
export function parseAttributes(cursor: Cursor, types: TypeNames): Attributes {
  if (!startsGnuAttribute(cursor)) return noAttributes;
  const list: Attributes[] = [];
  while (startsGnuAttribute(cursor)) list.push(gnu(cursor, types));
  return joinAttributes(list);
}

function startsGnuAttribute(cursor: Cursor): boolean {
  return cursor.at('__attribute__') || cursor.at('__attribute');
}

/** Reads the attributes at the cursor, or `_Alignas`, which can only be among the specifiers of a declaration. */
export function parseSpecifierAttributes(cursor: Cursor, types: TypeNames): Attributes {
  return cursor.at('_Alignas') ? alignas(cursor, types) : parseAttributes(cursor, types);
}

export function startsStandardAttribute(cursor: Cursor): boolean {
  return cursor.at('[') && cursor.peek(1).text === '[' && cursor.peek(1).kind === 'punctuator';
}

/** Reads all attributes in `[[…]]` at the cursor. Only those with the prefix `gnu` can change a layout. */
export function parseStandardAttributes(cursor: Cursor, types: TypeNames): Attributes {
  if (!startsStandardAttribute(cursor)) return noAttributes;
  const list: Attributes[] = [];
  while (startsStandardAttribute(cursor)) {
    cursor.next();
    cursor.next();
    while (!cursor.at(']')) {
      if (!cursor.accept(',')) list.push(standardAttribute(cursor, types));
    }
    cursor.next();
    cursor.expect(']', 'at the end of [[…]]');
  }
  return joinAttributes(list);
}

function standardAttribute(cursor: Cursor, types: TypeNames): Attributes {
  const prefix = cursor.peek();
  if (prefix.kind === 'identifier' && cursor.peek(1).text === ':' && cursor.peek(2).text === ':') {
    for (let count = 0; count < 3; count++) cursor.next();
    if (plainName(prefix.text) === 'gnu') return attribute(cursor, types, 'standard');
  }
  const at = cursor.next();
  if (at.kind !== 'identifier') throw errorAt(at, `expected the name of an attribute, found '${at.text}'`);
  const open = cursor.accept('(');
  if (open) cursor.skipBalanced(open);
  return noAttributes;
}

function alignas(cursor: Cursor, types: TypeNames): Attributes {
  const at = cursor.next();
  const open = cursor.expect('(', 'after _Alignas');
  const operand = cursor.inner(cursor.skipBalanced(open), { ...open, kind: 'end', text: '' });
  const bytes: Expression = types.startsHere(operand)
    ? { kind: 'measure', what: 'alignof', of: { type: types.read(operand) }, at }
    : parseExpression(operand, types);
  return withAlignment({ bytes, strict: true, at });
}

function withAlignment(alignment: Alignment): Attributes {
  return { ...noAttributes, aligned: [alignment], typeAligned: [alignment] };
}

function gnu(cursor: Cursor, types: TypeNames): Attributes {
  cursor.next();
  const open = cursor.expect('(', 'after __attribute__');
  cursor.expect('(', 'after __attribute__(');
  const list: Attributes[] = [];
  while (!cursor.at(')')) {
    if (cursor.accept(',')) continue;
    list.push(attribute(cursor, types, 'gnu'));
  }
  cursor.next();
  if (!cursor.accept(')')) throw errorAt(open, "__attribute__((…)) needs two ')' at its end");
  return joinAttributes(list);
}

/** `__packed__` is another spelling of `packed`. */
function plainName(text: string): string {
  return text.replace(/^__(.+)__$/, '$1');
}

function orderOf(text: Token): ByteOrder {
  if (text.text === '"big-endian"') return 'big';
  if (text.text === '"little-endian"') return 'little';
  throw errorAt(text, 'scalar_storage_order needs "big-endian" or "little-endian"');
}

function attribute(cursor: Cursor, types: TypeNames, style: 'standard' | 'gnu'): Attributes {
  const at = cursor.next();
  if (at.kind !== 'identifier') throw errorAt(at, `expected the name of an attribute, found '${at.text}'`);
  const open = cursor.accept('(');
  const tokens = open ? cursor.skipBalanced(open) : [];
  const operand = (): Expression => parseExpression(cursor.inner(tokens, endAt(at)), types);
  const name = plainName(at.text);
  checkArguments(name, at, open ? tokens : null, style);
  switch (name) {
    case 'packed':
      return { ...noAttributes, packed: true, typesBeforePacked: [0], packsEnum: true };
    case 'aligned': {
      const alignment: Alignment = { bytes: tokens.length > 0 ? operand() : null, strict: false, at };
      return withAlignment(alignment);
    }
    case 'mode':
      // GCC ignores a mode that is not a word.
      if (tokens[0]?.kind !== 'identifier') return noAttributes;
      return { ...noAttributes, types: [{ kind: 'mode', mode: tokens[0] }] };
    case 'may_alias':
      return { ...noAttributes, mayAlias: true };
    case 'counted_by':
      return { ...noAttributes, countedBy: tokens[0] ?? null };
    case 'scalar_storage_order':
      return { ...noAttributes, storageOrder: { order: orderOf(tokens[0] ?? at), at } };
    case 'vector_size':
      return { ...noAttributes, types: [{ kind: 'vector', bytes: operand() }] };
    default:
      if (unsupported.has(name))
        throw errorAt(at, `attribute ${name} is not supported, because it changes the layout; remove the attribute`);
      if (name === 'nonnull' && tokens.length === 0) return { ...functionAttribute, allNonnull: at };
      if (name === 'const' || name === 'pure' || name === 'noreturn') {
        return { ...(functionAttributes.has(name) ? functionAttribute : noAttributes), calls: new Set([name]) };
      }
      return functionAttributes.has(name) ? functionAttribute : withError(errorOnObject(name, tokens));
  }
}

function withError(errorOnObject: SourceError | null): Attributes {
  return errorOnObject ? { ...noAttributes, errorOnObject } : noAttributes;
}
