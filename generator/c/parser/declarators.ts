/** Parses declarators: pointers, arrays, functions and the declared name. */

import { deepestNesting, tooDeep } from '../../limits.js';
import type { Cursor } from '../cursor.js';
import type { CType, Expression, Qualifiers } from '../syntax.js';
import { errorAt } from '../tokens.js';
import { qualified, underQualifiers } from '../types.js';
import {
  attributeWords,
  parseAttributes,
  parseStandardAttributes,
  startsStandardAttribute,
  withAttributes,
} from './attributes.js';
import type { Declarator, ParserContext } from './context.js';
import { parseExpression } from './expressions.js';
import { onlyOutermost, parseParameters } from './parameters.js';
import { isQualifier, parseQualifier } from './specifiers.js';

export const asmWords: ReadonlySet<string> = new Set(['asm', '__asm__', '__asm']);

/** Reads a declarator. An abstract declarator has no name. */
export function parseDeclarator(cursor: Cursor, context: ParserContext, base: CType): Declarator {
  const type = pointers(cursor, context, base);
  if (!isNested(cursor, context)) {
    const name = cursor.peek().kind === 'identifier' && !isReserved(cursor.peek().text) ? cursor.next() : null;
    const attributes = parseStandardAttributes(cursor, context);
    return { name, type: suffixes(cursor, context, type), attributes };
  }
  // The inner declarator applies to the type that the outer declarator produces. The tokens are therefore read twice:
  // first the outer declarator, then the inner one.
  const open = cursor.next();
  const inside = cursor.position;
  cursor.skipBalanced(open);
  const outer = suffixes(cursor, context, type);
  const after = cursor.position;
  cursor.rewind(inside);
  const inner = cursor.nested(() => {
    const attributes = parseAttributes(cursor, context);
    return parseDeclarator(
      cursor,
      context,
      underQualifiers(outer, (type) => withAttributes(type, attributes)),
    );
  });
  cursor.expect(')', "for the '(' before it");
  cursor.rewind(after);
  return inner;
}

function isReserved(word: string): boolean {
  return asmWords.has(word) || attributeWords.has(word);
}

function pointers(cursor: Cursor, context: ParserContext, base: CType): CType {
  let type = base;
  for (let star = cursor.accept('*'), levels = 1; star; star = cursor.accept('*'), levels++) {
    if (levels > deepestNesting) throw errorAt(star, tooDeep);
    type = { kind: 'pointer', to: type };
    type = withAttributes(type, parseStandardAttributes(cursor, context));
    let qualifiers: Qualifiers | undefined;
    for (;;) {
      const { text } = cursor.peek();
      if (isQualifier(text)) qualifiers = parseQualifier(cursor, qualifiers);
      else if (attributeWords.has(text)) type = withAttributes(type, parseAttributes(cursor, context));
      else break;
    }
    type = qualified(type, qualifiers);
  }
  return type;
}

/** Whether a parenthesis starts a declarator, not a list of parameters. */
function isNested(cursor: Cursor, context: ParserContext): boolean {
  if (!cursor.at('(')) return false;
  const before = cursor.position;
  cursor.next();
  if (attributeWords.has(cursor.peek().text)) parseAttributes(cursor, context);
  const { kind, text } = cursor.peek();
  const standard = startsStandardAttribute(cursor);
  cursor.rewind(before);
  if (kind === 'punctuator') return !standard && (text === '*' || text === '(' || text === '[');
  return kind === 'identifier' && !context.startsSpecifiers(text);
}

/** Reads the arrays and the parameters after a name. */
function suffixes(cursor: Cursor, context: ParserContext, element: CType): CType {
  if (cursor.at('[') && !startsStandardAttribute(cursor)) return arraySuffix(cursor, context, element);
  const open = cursor.accept('(');
  if (!open) return element;
  const parameters = context.tables.inParameters(() => cursor.nested(() => parseParameters(cursor, context)));
  const attributes = parseStandardAttributes(cursor, context);
  const returns = cursor.nested(() => suffixes(cursor, context, element));
  return withAttributes({ kind: 'function', returns, ...parameters }, attributes);
}

function arraySuffix(cursor: Cursor, context: ParserContext, element: CType): CType {
  const open = cursor.next();
  let isStatic = false;
  const first = cursor.peek();
  const isWord = (): boolean => cursor.at('static') || (isQualifier(cursor.peek().text) && !cursor.at('__extension__'));
  while (isWord()) isStatic = cursor.next().text === 'static' || isStatic;
  const ofParameter = first === cursor.peek() ? undefined : first;
  const variable = cursor.at('*') && cursor.peek(1).text === ']';
  if (variable) cursor.next();
  const { isInParameters } = context.tables;
  if (ofParameter && !isInParameters) throw errorAt(ofParameter, onlyOutermost);
  if (variable && !isInParameters) throw errorAt(open, "only a parameter of a function can have '[*]'");
  const length: Expression | null = cursor.at(']') && !isStatic ? null : parseExpression(cursor, context);
  cursor.expect(']', 'after a dimension');
  const attributes = parseStandardAttributes(cursor, context);
  const of = cursor.nested(() => suffixes(cursor, context, element));
  context.useSize(of);
  const array: CType = {
    kind: 'array',
    of,
    length,
    ...(variable && { variable: open }),
    ...(ofParameter && { ofParameter }),
  };
  return withAttributes(array, attributes);
}
