/** Parses the declarations of a translation unit in C's syntax with GNU C's extensions. The parser skips function bodies. */

import { Cursor } from '../cursor.js';
import type { CType, Declarations, ObjectNode, UnreadInitializer } from '../syntax.js';
import { endAt, errorAt, type Token } from '../tokens.js';
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
import { extractPragmas, type Pragmas } from './pragmas.js';
import { isQualifier, parseSpecifiers, startsTypeWord, storageWords } from './specifiers.js';
import { DeclarationTables } from './tables.js';

export interface Parsed {
  readonly declarations: Declarations;
  /** Reads type names in expressions outside of declarations. Such expressions are in macros. */
  readonly typeNames: TypeNames;
}

export function parseDeclarations(tokens: readonly Token[]): Parsed {
  const { tokens: rest, pragmasAt } = extractPragmas(tokens);
  const [last, end] = rest.slice(-2) as [Token, Token?];
  // An error at the end points at the last token of the header.
  const cursor = new Cursor(rest.slice(0, -1), end ? endAt(last) : last, { origin: 0 });
  const parser = new Parser(pragmasAt);
  while (cursor.peek().kind !== 'end') parser.external(cursor);
  parser.tables.complete();
  return { declarations: parser.tables, typeNames: parser };
}

class Parser implements ParserContext {
  readonly tables: DeclarationTables = new DeclarationTables();
  readonly pragmasAt: (place: number) => Pragmas;

  constructor(pragmasAt: (place: number) => Pragmas) {
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
    return parseSpecifiers(cursor, this);
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
    const specifiers = this.specifiers(cursor);
    if (cursor.accept(';')) return;
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
    if (asmWords.has(cursor.peek().text)) skipLabel(cursor);
    const after = parseAttributes(cursor, this);
    // If a typedef has several alignments, the last one counts. GCC processes the attributes before the names last.
    const attributes = joinAttributes([declarator.attributes, after, own, specifiers.attributes]);
    if (specifiers.storage.includes('typedef')) {
      this.tables.addTypedef({ name: name.text, type: typedefWithAttributes(declarator.type, attributes), at: name });
      return false;
    }
    if (attributes.errorOnObject) throw attributes.errorOnObject;
    const type = withTypeAttributes(declarator.type, attributes);
    if (type.kind === 'function' && !cursor.at(';') && !cursor.at(',')) this.#skipParameterDeclarations(cursor);
    if (type.kind === 'function') refuseAlignas(attributes, 'a function');
    const open = type.kind === 'function' ? cursor.accept('{') : undefined;
    const object: Omit<ObjectNode, 'initializer' | 'body'> = {
      name: name.text,
      type,
      attributes: layoutAttributes(attributes),
      ...(attributes.calls && { calls: attributes.calls }),
      storage: specifiers.storage,
      at: name,
    };
    if (open) this.tables.addObject({ ...object, initializer: null, body: cursor.skipBalanced(open) });
    else this.tables.addObject({ ...object, initializer: this.#initializer(cursor), body: [] });
    return open !== undefined;
  }

  /** Skips the declarations of parameters between `)` and `{` in the style of K&R. */
  #skipParameterDeclarations(cursor: Cursor): void {
    while (cursor.peek().kind === 'identifier' && this.startsSpecifiers(cursor.peek().text)) {
      this.tables.inParameters(() => {
        const { type } = this.specifiers(cursor);
        do this.declarator(cursor, type);
        while (cursor.accept(','));
      });
      cursor.expect(';', 'after the declaration of a parameter');
    }
  }

  #initializer(cursor: Cursor): UnreadInitializer | null {
    return cursor.accept('=') ? takeInitializer(cursor, this) : null;
  }
}

/** Skips `asm("…");` at file scope. */
function skipAssembler(cursor: Cursor): void {
  const start = cursor.next();
  while (isQualifier(cursor.peek().text)) cursor.next();
  cursor.skipBalanced(cursor.expect('(', `after ${start.text}`));
  cursor.expect(';', `after ${start.text}(…)`);
}

/** Skips `asm("name")` after a declarator. */
function skipLabel(cursor: Cursor): void {
  cursor.next();
  cursor.skipBalanced(cursor.expect('(', 'after asm'));
}
