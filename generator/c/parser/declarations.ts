/** Parses the declarations of a translation unit in C's syntax with GNU C's extensions. The parser skips function bodies. */

import { Cursor } from '../cursor.js';
import type { CType, Declarations, Expression, FunctionType, ObjectNode, UnreadInitializer } from '../syntax.js';
import { endAt, errorAt, type Token } from '../tokens.js';
import { ownQualifiers, qualified } from '../types.js';
import { parseAssertion, startsAssertion } from './assertions.js';
import {
  type Attributes,
  attributeWords,
  joinAttributes,
  layoutAttributes,
  parseAttributes,
  refuseAlignas,
  typedefWithAttributes,
  withAttributes,
  withTypeAttributes,
} from './attributes.js';
import type { Declarator, ParserContext, Specifiers } from './context.js';
import { asmWords, parseDeclarator } from './declarators.js';
import type { TypeNames } from './expressions.js';
import { takeInitializer } from './initializers.js';
import { parseOldParameters } from './parameters.js';
import { type ExtractedPragmas, extractPragmas, type Pragmas } from './pragmas.js';
import { parseSpecifiers, startsTypeWord, storageWords } from './specifiers.js';
import { DeclarationTables } from './tables.js';

export interface Parsed {
  readonly declarations: Declarations;
  /** Reads type names in expressions outside of declarations. Such expressions are in macros. */
  readonly typeNames: TypeNames;
}

export function parseDeclarations(tokens: readonly Token[]): Parsed {
  const pragmas = extractPragmas(tokens);
  const rest = pragmas.tokens;
  const [last, end] = rest.slice(-2) as [Token, Token?];
  // An error at the end points at the last token of the header.
  const cursor = new Cursor(rest.slice(0, -1), end ? endAt(last) : last, { origin: 0 });
  const parser = new Parser(pragmas);
  while (cursor.peek().kind !== 'end') parser.external(cursor);
  parser.tables.complete();
  return { declarations: parser.tables, typeNames: parser };
}

class Parser implements ParserContext {
  readonly tables: DeclarationTables;
  readonly pragmasAt: (place: number) => Pragmas;

  constructor({ pragmasAt, ignored }: ExtractedPragmas) {
    this.tables = new DeclarationTables(ignored);
    this.pragmasAt = pragmasAt;
  }

  startsHere(cursor: Cursor): boolean {
    const { kind, text } = cursor.peek();
    if (kind !== 'identifier' || text === '__extension__') return false;
    return startsTypeWord(text) || attributeWords.has(text) || this.tables.isTypedef(text);
  }

  startsSpecifiers(word: string): boolean {
    return startsTypeWord(word) || storageWords.has(word) || this.tables.isTypedef(word);
  }

  specifiers(cursor: Cursor): Specifiers {
    const specifiers = parseSpecifiers(cursor, this);
    if (specifiers.auto) throw errorAt(specifiers.auto, onlyVariables);
    return specifiers;
  }

  declarator(cursor: Cursor, base: CType): Declarator {
    return parseDeclarator(cursor, this, base);
  }

  /** Reads a type name. All of its attributes apply to the complete type, as in GCC. */
  read(cursor: Cursor): CType {
    const { type, storage, attributes } = this.specifiers(cursor);
    if (storage[0] !== undefined) cursor.fail(`expected a type, found '${storage[0]}'`);
    const declarator = this.declarator(cursor, type);
    if (declarator.name)
      throw errorAt(declarator.name, `expected a type, found the declaration of '${declarator.name.text}'`);
    return withAttributes(declarator.type, attributes);
  }

  use(name: Token, place: number): void {
    this.tables.order.use(name, place, this.tables.isInParameters);
  }

  useSize(type: CType): void {
    if (!this.tables.isInParameters) this.tables.order.useSize(type, this.tables);
  }

  /** Reads one declaration at file scope. */
  external(cursor: Cursor): void {
    if (cursor.accept(';') || cursor.accept('__extension__')) return;
    if (startsAssertion(cursor)) {
      this.tables.assertions.push(parseAssertion(cursor, this));
      return;
    }
    if (asmWords.has(cursor.peek().text)) {
      skipAssembler(cursor);
      return;
    }
    const specifiers = parseSpecifiers(cursor, this);
    if (cursor.accept(';')) return;
    if (specifiers.auto) {
      this.#declareAuto(cursor, specifiers, specifiers.auto);
      return;
    }
    do {
      // After a comma, attributes before a declarator apply to that declarator alone.
      const own = parseAttributes(cursor, this);
      if (this.#declare(cursor, specifiers, own)) return;
    } while (cursor.accept(','));
    cursor.expect(';', 'after a declaration');
  }

  /** Reads one declarator and declares its name. Returns true after the body of a function. */
  #declare(cursor: Cursor, specifiers: Specifiers, own: Attributes): boolean {
    const declarator = this.declarator(cursor, specifiers.type);
    const { name } = declarator;
    if (!name) cursor.fail('expected a name to declare');
    const hasLabel = asmWords.has(cursor.peek().text);
    if (hasLabel) skipLabel(cursor);
    const afterwards = cursor.peek();
    const after = parseAttributes(cursor, this);
    const hasAfter = afterwards !== cursor.peek();
    // If a typedef has several alignments, the last one counts. GCC processes the attributes before the names last.
    const attributes = joinAttributes([declarator.attributes, after, own, specifiers.attributes]);
    if (specifiers.storage.includes('typedef')) {
      this.tables.addTypedef({ name: name.text, type: typedefWithAttributes(declarator.type, attributes), at: name });
      return false;
    }
    if (attributes.errorOnObject) throw attributes.errorOnObject;
    const type = this.#withOldParameters(cursor, withTypeAttributes(declarator.type, attributes));
    this.tables.order.declare(name, cursor.place);
    checkStorageOf(name, type, specifiers.storage, hasLabel);
    if (type.kind === 'function') refuseAlignas(attributes, 'a function');
    const open = type.kind === 'function' ? cursor.accept('{') : undefined;
    if (open && type.kind === 'function') this.#checkDefinition(type, hasAfter ? afterwards : null);
    const object: Omit<ObjectNode, 'initializer' | 'body'> = {
      name: name.text,
      type,
      attributes: layoutAttributes(attributes),
      ...(attributes.calls && { calls: attributes.calls }),
      storage: specifiers.storage,
      at: name,
    };
    if (open) this.tables.addObject({ ...object, initializer: null, body: cursor.skipBalanced(open) });
    else this.tables.addObject({ ...object, initializer: this.#initializer(cursor), body: null });
    return open !== undefined;
  }

  /** Checks a function with a body. `attributes` is the first word of attributes after the parentheses. */
  #checkDefinition({ returns, parameters }: FunctionType, attributes: Token | null): void {
    if (attributes) throw errorAt(attributes, 'attributes of a function with a body must be before its name');
    for (const type of [returns, ...(parameters ?? [])]) this.useSize(type);
  }

  /** Reads the declarations of parameters after the parentheses of a function. */
  #withOldParameters(cursor: Cursor, type: CType): CType {
    if (type.kind !== 'function' || cursor.at(';') || cursor.at(',')) return type;
    const declared = this.tables.inParameters(() => parseOldParameters(cursor, this, type.names ?? []));
    return declared.length > 0 && !this.tables.definedOwnTag ? { ...type, declared } : type;
  }

  /** Reads GNU C's `__auto_type name = value`. The type is that of the value. */
  #declareAuto(cursor: Cursor, { type, storage, attributes: before }: Specifiers, at: Token): void {
    if (cursor.peek().kind !== 'identifier') throw errorAt(at, onlyVariables);
    const name = cursor.next();
    if (asmWords.has(cursor.peek().text)) skipLabel(cursor);
    const attributes = joinAttributes([parseAttributes(cursor, this), before]);
    cursor.expect('=', 'after the name of an __auto_type');
    const initializer = takeInitializer(cursor, this);
    const value = initializer.read();
    if (value.kind !== 'expression' || storage.includes('typedef') || cursor.at(',')) throw errorAt(at, onlyVariables);
    this.tables.order.declare(name, cursor.place);
    // A comma operator gives the type of the value: without qualifiers, and a pointer for an array.
    const left: Expression = { kind: 'integer', text: '0', at };
    const of: Expression = { kind: 'binary', operator: ',', left, right: value.expression, at: value.at };
    const qualifiers = type.kind === 'qualified' ? ownQualifiers(type) : undefined;
    this.tables.addObject({
      name: name.text,
      type: qualified({ kind: 'typeof', of, at: value.at }, qualifiers),
      attributes: layoutAttributes(attributes),
      storage,
      initializer,
      at: name,
      body: null,
    });
    cursor.expect(';', 'after a declaration');
  }

  #initializer(cursor: Cursor): UnreadInitializer | null {
    return cursor.accept('=') ? takeInitializer(cursor, this) : null;
  }
}

const onlyVariables = '__auto_type is only for one variable with a value; name the type';

/** Checks the words that only some declarations at file scope can have. */
function checkStorageOf(name: Token, { kind }: CType, storage: readonly string[], hasLabel: boolean): void {
  const isFunction = kind === 'function';
  const wrong = storage.find((word) => {
    if (word === 'register') return isFunction || !hasLabel;
    if (word === 'auto') return true;
    return isFunction && (word === '_Thread_local' || word === '__thread');
  });
  if (wrong === undefined) return;
  throw errorAt(
    name,
    `${isFunction ? 'a function' : 'a variable outside of functions'} cannot be '${wrong}'; remove it`,
  );
}

/** Skips `asm("…");` at file scope. */
function skipAssembler(cursor: Cursor): void {
  const start = cursor.next();
  cursor.skipBalanced(cursor.expect('(', `after ${start.text}`));
  cursor.expect(';', `after ${start.text}(…)`);
}

/** Skips `asm("name")` after a declarator. */
function skipLabel(cursor: Cursor): void {
  cursor.next();
  cursor.skipBalanced(cursor.expect('(', 'after asm'));
}
