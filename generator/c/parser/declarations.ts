/** Tokens to declarations: C's declaration syntax with GNU C's extensions. Function bodies are passed over. */

import { deepestNesting, tooDeep } from '../../limits.js';
import { Cursor } from '../cursor.js';
import type {
  CType,
  Declarations,
  EnumeratorNode,
  EnumNode,
  Expression,
  LayoutAttributes,
  MemberNode,
  ObjectNode,
  RecordNode,
  TypedefNode,
} from '../syntax.js';
import { endAt, errorAt, placeOf, type Token, undefinedNameAt } from '../tokens.js';
import { isTypeWord, predefinedTypedefs, scalarType } from './arithmetic-types.js';
import { attributeWords, joinAttributes, noAttributes, parseAttributes } from './attributes.js';
import { parseExpression, type TypeNames } from './expressions.js';
import { extractPacks } from './pragma-pack.js';

const storageWords = new Set(
  'typedef extern static inline __inline __inline__ _Noreturn register auto _Thread_local __thread'.split(' '),
);
const qualifiers = new Set(
  'const volatile restrict __const __const__ __volatile __volatile__ __restrict __restrict__ _Atomic __extension__'.split(
    ' ',
  ),
);
const tagWords = new Set(['struct', 'union', 'enum']);
const typeofWords = new Set(['typeof', '__typeof__', '__typeof', 'typeof_unqual']);
const asmWords = new Set(['asm', '__asm__', '__asm']);
const voidPointer: CType = { kind: 'pointer', to: { kind: 'void' } };

export interface Parsed {
  readonly declarations: Declarations;
  /** Reads type names in expressions outside of the declarations: in macros. */
  readonly typeNames: TypeNames;
}

export function parseDeclarations(tokens: readonly Token[]): Parsed {
  const packed = extractPacks(tokens);
  const [last, end] = packed.tokens.slice(-2) as [Token, Token?];
  // An error about the end points at what stands last, not at where all headers end.
  const cursor = new Cursor(packed.tokens.slice(0, -1), end ? endAt(last) : last);
  const parser = new Parser(packed.limitAt);
  while (cursor.peek().kind !== 'end') parser.external(cursor);
  return { declarations: parser.declarations, typeNames: parser };
}

interface Specifiers {
  readonly type: CType;
  readonly storage: readonly string[];
  /** `const` is among them. */
  readonly constant: boolean;
  readonly attributes: LayoutAttributes;
}

interface Declarator {
  readonly name: Token | null;
  readonly type: CType;
  readonly attributes: LayoutAttributes;
}

class Parser implements TypeNames {
  readonly #limitAt: (position: number) => number | null;
  readonly #records: RecordNode[] = [];
  readonly #enums: EnumNode[] = [];
  readonly #typedefs = new Map<string, TypedefNode>();
  readonly #tags = new Map<string, RecordNode | EnumNode>();
  readonly #enumerators = new Map<string, Token>();
  readonly #objects = new Map<string, ObjectNode>();
  readonly #builtinTypes = new Map<string, CType>([['__builtin_va_list', voidPointer]]);

  constructor(limitAt: (position: number) => number | null) {
    this.#limitAt = limitAt;
  }

  get declarations(): Declarations {
    return {
      records: this.#records,
      enums: this.#enums,
      typedefs: this.#typedefs,
      tags: this.#tags,
      enumerators: this.#enumerators,
      objects: this.#objects,
    };
  }

  startsHere(cursor: Cursor): boolean {
    const token = cursor.peek();
    if (token.kind !== 'identifier') return false;
    const { text } = token;
    if (text === '__extension__') return false;
    return (
      isTypeWord(text) || tagWords.has(text) || qualifiers.has(text) || typeofWords.has(text) || this.#isTypeName(text)
    );
  }

  read(cursor: Cursor): CType {
    const { type, constant } = this.#specifiers(cursor);
    const declarator = this.#declarator(cursor, type, constant);
    if (declarator.name)
      throw errorAt(declarator.name, `expected a type, found the declaration of '${declarator.name.text}'`);
    return declarator.type;
  }

  /** Reads one declaration at file scope. */
  external(cursor: Cursor): void {
    if (cursor.accept(';') || cursor.accept('__extension__')) return;
    const start = cursor.peek();
    if (start.text === '_Static_assert' || asmWords.has(start.text)) {
      cursor.next();
      while (qualifiers.has(cursor.peek().text)) cursor.next();
      cursor.skipBalanced(cursor.expect('(', `after ${start.text}`));
      cursor.expect(';', `after ${start.text}(…)`);
      return;
    }
    const specifiers = this.#specifiers(cursor);
    if (cursor.accept(';')) return;
    do {
      const declarator = this.#declarator(cursor, specifiers.type, specifiers.constant);
      const { name } = declarator;
      if (!name) cursor.fail('expected a name to declare');
      this.#label(cursor);
      // Of several alignments of a typedef the last one counts, and GCC takes what stands before all names last.
      const attributes = joinAttributes([declarator.attributes, parseAttributes(cursor, this), specifiers.attributes]);
      const { type } = declarator;
      if (specifiers.storage.includes('typedef')) this.#typedef({ name: name.text, type, attributes, at: name });
      else {
        const open = type.kind === 'function' ? cursor.accept('{') : undefined;
        this.#objects.set(name.text, { type, at: name, body: open ? cursor.skipBalanced(open) : [] });
        if (open) return;
      }
      if (cursor.accept('=')) this.#initializer(cursor);
    } while (cursor.accept(','));
    cursor.expect(';', 'after a declaration');
  }

  /** An `asm("name")` after a declarator. */
  #label(cursor: Cursor): void {
    if (!asmWords.has(cursor.peek().text)) return;
    cursor.next();
    cursor.skipBalanced(cursor.expect('(', 'after asm'));
  }

  #initializer(cursor: Cursor): void {
    if (cursor.at(',') || cursor.at(';')) cursor.fail("expected a value after '='");
    while (!cursor.at(',') && !cursor.at(';')) {
      const token = cursor.next();
      if (token.kind === 'end') throw errorAt(token, "a declaration without its ';'");
      if (token.text === '{' || token.text === '(' || token.text === '[') cursor.skipBalanced(token);
    }
  }

  #typedef(node: TypedefNode): void {
    const earlier = this.#typedefs.get(node.name);
    if (!earlier) this.#typedefs.set(node.name, node);
    else if (!hasOwnType(node) && !hasOwnType(earlier) && areOther(node.type, earlier.type, this.#typedefs))
      throw errorAt(node.at, definedTwice(node.at, earlier.at));
  }

  #isTypeName(name: string): boolean {
    return this.#typedefs.has(name) || this.#builtinTypes.has(name) || predefinedTypedefs.has(name);
  }

  #specifiers(cursor: Cursor): Specifiers {
    let storage: string[] | undefined;
    let words: Token[] | undefined;
    let type: CType | null = null;
    let attributes: LayoutAttributes[] | undefined;
    let constant = false;
    for (;;) {
      const token = cursor.peek();
      if (token.kind !== 'identifier') break;
      const { text } = token;
      if (qualifiers.has(text)) constant = isConst(cursor.next()) || constant;
      else if (storageWords.has(text)) storage = withOneMore(storage, cursor.next().text);
      else if (attributeWords.has(text)) attributes = withOneMore(attributes, parseAttributes(cursor, this));
      else if (isTypeWord(text)) {
        if (type) throw errorAt(token, `'${text}' after a type; is a ';' missing?`);
        words = withOneMore(words, cursor.next());
      } else if (type || words) break;
      else if (text === 'enum') type = this.#enumSpecifier(cursor);
      else if (text === 'struct' || text === 'union') type = cursor.nested(() => this.#recordSpecifier(cursor, text));
      else if (typeofWords.has(text)) type = cursor.nested(() => this.#typeofSpecifier(cursor));
      else if (this.#isTypeName(text)) {
        cursor.next();
        type = this.#builtinTypes.get(text) ?? { kind: 'typedef', name: text, at: token };
      } else break;
    }
    if (words) type = scalarType(words);
    if (!type) {
      const name = cursor.peek();
      if (name.kind !== 'identifier') cursor.fail('expected a declaration');
      throw undefinedNameAt(name, `unknown type '${name.text}'; is an #include missing?`, name.text);
    }
    return { type, storage: storage ?? [], constant, attributes: joinAttributes(attributes ?? []) };
  }

  #typeofSpecifier(cursor: Cursor): CType {
    const at = cursor.next();
    const open = cursor.expect('(', `after ${at.text}`);
    const inner = cursor.inner(cursor.skipBalanced(open), { ...open, kind: 'end', text: '' });
    return this.startsHere(inner) ? this.read(inner) : { kind: 'typeof', of: parseExpression(inner, this), at };
  }

  #recordSpecifier(cursor: Cursor, keyword: 'struct' | 'union'): CType {
    const at = cursor.next();
    const before = parseAttributes(cursor, this);
    const name = cursor.peek().kind === 'identifier' ? cursor.next() : null;
    const open = cursor.accept('{');
    if (!open) {
      if (!name) cursor.fail(`expected a tag or '{' after '${keyword}'`);
      return { kind: 'tag', keyword, tag: name.text, at: name };
    }
    const members: MemberNode[] = [];
    while (!cursor.at('}')) {
      if (cursor.peek().kind === 'end') throw errorAt(open, `'{' of ${nameOf(keyword, name?.text)} is never closed`);
      if (!cursor.accept(';')) this.#members(cursor, members);
    }
    const pack = this.#limitAt(cursor.position);
    cursor.next();
    const attributes = joinAttributes([before, parseAttributes(cursor, this)]);
    const record: RecordNode = { keyword, tag: name?.text ?? null, members, attributes, pack, at: name ?? at };
    checkNames(record);
    this.#records.push(record);
    if (!name) return { kind: 'unnamed record', record };
    this.#define(name, record);
    return { kind: 'tag', keyword, tag: name.text, at: name };
  }

  #define(name: Token, node: RecordNode | EnumNode): void {
    const earlier = this.#tags.get(name.text);
    if (earlier) throw errorAt(name, definedTwice(name, earlier.at));
    this.#tags.set(name.text, node);
  }

  #members(cursor: Cursor, members: MemberNode[]): void {
    if (cursor.at('_Static_assert')) {
      cursor.next();
      cursor.skipBalanced(cursor.expect('(', 'after _Static_assert'));
      return;
    }
    const at = cursor.peek();
    const specifiers = this.#specifiers(cursor);
    const [storage] = specifiers.storage;
    if (storage !== undefined) throw errorAt(at, `a member cannot be '${storage}'`);
    const declaration = { start: at, end: at };
    if (cursor.at(';')) {
      const { type, attributes } = specifiers;
      // Only a record without a tag is an anonymous member; `struct tag { … };` inside another record declares a tag.
      if (type.kind === 'unnamed record') {
        members.push({ name: null, type, attributes, width: null, at, declaration });
      }
    } else {
      do members.push(this.#member(cursor, specifiers, declaration));
      while (cursor.accept(','));
    }
    declaration.end = cursor.expect(';', 'after a member');
  }

  #member(cursor: Cursor, specifiers: Specifiers, declaration: MemberNode['declaration']): MemberNode {
    const at = cursor.peek();
    const unnamed = cursor.at(':');
    const declarator = unnamed ? null : this.#declarator(cursor, specifiers.type, specifiers.constant);
    if (declarator && !declarator.name) cursor.fail('expected the name of a member');
    const width = cursor.accept(':') ? parseExpression(cursor, this) : null;
    const after = parseAttributes(cursor, this);
    return {
      name: declarator?.name?.text ?? null,
      type: declarator?.type ?? specifiers.type,
      attributes: joinAttributes([specifiers.attributes, declarator?.attributes ?? noAttributes, after]),
      width,
      at: declarator?.name ?? at,
      declaration,
    };
  }

  #enumSpecifier(cursor: Cursor): CType {
    const at = cursor.next();
    const before = parseAttributes(cursor, this);
    const name = cursor.peek().kind === 'identifier' ? cursor.next() : null;
    const open = cursor.accept('{');
    if (!open) {
      if (!name) cursor.fail("expected a tag or '{' after 'enum'");
      return { kind: 'tag', keyword: 'enum', tag: name.text, at: name };
    }
    const enumerators: EnumeratorNode[] = [];
    do {
      if (cursor.peek().kind !== 'identifier') cursor.fail('expected an enumerator');
      const enumerator = cursor.next();
      this.#checkEnumerator(enumerator);
      parseAttributes(cursor, this);
      const value = cursor.accept('=') ? parseExpression(cursor, this) : null;
      enumerators.push({ name: enumerator.text, value, at: enumerator });
      if (!cursor.accept(',') && !cursor.at('}')) cursor.fail("expected ',' or '}' after an enumerator");
    } while (!cursor.accept('}'));
    const attributes = joinAttributes([before, parseAttributes(cursor, this)]);
    const enumeration: EnumNode = { tag: name?.text ?? null, enumerators, attributes, at: name ?? at };
    this.#enums.push(enumeration);
    if (!name) return { kind: 'unnamed enum', enumeration };
    this.#define(name, enumeration);
    return { kind: 'tag', keyword: 'enum', tag: name.text, at: name };
  }

  #checkEnumerator(name: Token): void {
    const earlier = this.#enumerators.get(name.text);
    if (earlier) throw errorAt(name, definedTwice(name, earlier));
    this.#enumerators.set(name.text, name);
  }

  /** A declarator, or an abstract one: then without a name. */
  #declarator(cursor: Cursor, base: CType, constant: boolean): Declarator {
    let type = base;
    let toConst = constant;
    let attributes = parseAttributes(cursor, this);
    for (let star = cursor.accept('*'), levels = 1; star; star = cursor.accept('*'), levels++) {
      if (levels > deepestNesting) throw errorAt(star, tooDeep);
      type = toConst ? { kind: 'pointer', to: type, toConst } : { kind: 'pointer', to: type };
      toConst = false;
      // What stands after a '*' is about the pointer, not about what is declared.
      while (qualifiers.has(cursor.peek().text) || attributeWords.has(cursor.peek().text)) {
        if (attributeWords.has(cursor.peek().text)) parseAttributes(cursor, this);
        else toConst = isConst(cursor.next()) || toConst;
      }
    }
    if (!this.#nestedDeclarator(cursor)) {
      const name = cursor.peek().kind === 'identifier' && !asmWords.has(cursor.peek().text) ? cursor.next() : null;
      attributes = joinAttributes([attributes, parseAttributes(cursor, this)]);
      return { name, type: this.#suffixes(cursor, type), attributes };
    }
    // The inner declarator applies to what the outer one makes of the base: read it twice, the outer first.
    const open = cursor.next();
    const inside = cursor.position;
    cursor.skipBalanced(open);
    const outer = this.#suffixes(cursor, type);
    const after = cursor.position;
    cursor.rewind(inside);
    const inner = cursor.nested(() => this.#declarator(cursor, outer, toConst));
    cursor.expect(')', "for the '(' before it");
    cursor.rewind(after);
    return { ...inner, attributes: joinAttributes([attributes, inner.attributes]) };
  }

  /** Whether a parenthesis opens a declarator and not a list of parameters. */
  #nestedDeclarator(cursor: Cursor): boolean {
    if (!cursor.at('(')) return false;
    const inner = cursor.peek(1);
    if (inner.kind === 'punctuator') return inner.text === '*' || inner.text === '(' || inner.text === '[';
    return inner.kind === 'identifier' && (attributeWords.has(inner.text) || !this.#startsType(inner.text));
  }

  #startsType(word: string): boolean {
    return (
      isTypeWord(word) ||
      tagWords.has(word) ||
      qualifiers.has(word) ||
      storageWords.has(word) ||
      typeofWords.has(word) ||
      this.#isTypeName(word)
    );
  }

  #suffixes(cursor: Cursor, element: CType): CType {
    if (cursor.accept('[')) {
      while (qualifiers.has(cursor.peek().text) || cursor.at('static')) cursor.next();
      const length: Expression | null = cursor.at(']') ? null : parseExpression(cursor, this);
      cursor.expect(']', 'after a dimension');
      return { kind: 'array', of: cursor.nested(() => this.#suffixes(cursor, element)), length };
    }
    const open = cursor.accept('(');
    if (!open) return element;
    cursor.skipBalanced(open);
    return { kind: 'function', returns: cursor.nested(() => this.#suffixes(cursor, element)) };
  }
}

/** Most lists have one element or none, and an array that grows has room for many. */
function withOneMore<T>(list: T[] | undefined, item: T): T[] {
  if (!list) return [item];
  list.push(item);
  return list;
}

function nameOf(keyword: string, tag: string | undefined): string {
  return tag === undefined ? `a ${keyword}` : `${keyword} ${tag}`;
}

function definedTwice(name: Token, earlier: Token): string {
  return `'${name.text}' is defined a second time; the first definition is at ${placeOf(earlier)}`;
}

/** Whether two types can be told to be different ones; what only a layout could compare passes. */
function areOther(a: CType, b: CType, typedefs: ReadonlyMap<string, TypedefNode>): boolean {
  const [left, right] = [withoutTypedefs(a, typedefs), withoutTypedefs(b, typedefs)];
  if (!left || !right) return false;
  if (left.kind === 'pointer' && right.kind === 'pointer') return areOther(left.to, right.to, typedefs);
  if (left.kind === 'array' && right.kind === 'array') return areOther(left.of, right.of, typedefs);
  if (left.kind === 'function' && right.kind === 'function') return areOther(left.returns, right.returns, typedefs);
  if (left.kind === 'scalar' && right.kind === 'scalar') return left.name !== right.name;
  if (left.kind === 'tag' && right.kind === 'tag') return left.keyword !== right.keyword || left.tag !== right.tag;
  return left.kind !== right.kind || left.kind === 'unnamed record' || left.kind === 'unnamed enum';
}

/** Whether attributes make another type of the one that a typedef names. */
function hasOwnType({ attributes }: TypedefNode): boolean {
  return attributes.mode !== null || attributes.vectorSize !== null;
}

/** The type behind names; undefined where an attribute or an expression makes it. */
function withoutTypedefs(type: CType, typedefs: ReadonlyMap<string, TypedefNode>): CType | undefined {
  if (type.kind === 'typeof' || type.kind === 'vector') return undefined;
  if (type.kind !== 'typedef') return type;
  const node = typedefs.get(type.name);
  if (node && hasOwnType(node)) return undefined;
  const beneath = node?.type ?? predefinedTypedefs.get(type.name);
  return beneath && withoutTypedefs(beneath, typedefs);
}

function isConst(qualifier: Token): boolean {
  return qualifier.text === 'const' || qualifier.text.startsWith('__const');
}

/** C's rule that a record has no two members of one name, those of its anonymous members included. */
function checkNames(record: RecordNode): void {
  const seen = new Set<string>();
  const visit = (members: readonly MemberNode[]): void => {
    for (const member of members) {
      if (member.name === null) {
        if (member.type.kind === 'unnamed record') visit(member.type.record.members);
      } else if (seen.has(member.name)) throw errorAt(member.at, `two members called '${member.name}'`);
      else seen.add(member.name);
    }
  };
  visit(record.members);
}
