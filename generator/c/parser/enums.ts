/** Parses enums. */

import type { Cursor } from '../cursor.js';
import type { CType, EnumeratorNode, EnumNode } from '../syntax.js';
import { joinAttributes, layoutAttributes, parseAttributes, parseStandardAttributes } from './attributes.js';
import type { ParserContext } from './context.js';
import { parseExpression } from './expressions.js';

export function parseEnum(cursor: Cursor, context: ParserContext): CType {
  const at = cursor.next();
  const before = joinAttributes([parseStandardAttributes(cursor, context), parseAttributes(cursor, context)]);
  const name = cursor.peek().kind === 'identifier' ? cursor.next() : null;
  if (name) context.tables.mention('enum', name);
  const open = cursor.accept('{');
  if (!open) {
    if (!name) cursor.fail("expected a tag or '{' after 'enum'");
    return { kind: 'tag', keyword: 'enum', tag: name.text, at: name };
  }
  const enumerators: EnumeratorNode[] = [];
  do enumerators.push(parseEnumerator(cursor, context));
  while (!cursor.accept('}'));
  const attributes = joinAttributes([before, parseAttributes(cursor, context)]);
  const mode = attributes.types.findLast(({ kind }) => kind === 'mode');
  const enumeration: EnumNode = {
    tag: name?.text ?? null,
    enumerators,
    attributes: { ...layoutAttributes(attributes), packed: attributes.packsEnum },
    mode: mode?.kind === 'mode' ? mode.mode : null,
    at: name ?? at,
  };
  context.tables.addEnum(enumeration, name);
  if (!name) return { kind: 'unnamed enum', enumeration };
  return { kind: 'tag', keyword: 'enum', tag: name.text, at: name };
}

function parseEnumerator(cursor: Cursor, context: ParserContext): EnumeratorNode {
  if (cursor.peek().kind !== 'identifier') cursor.fail('expected an enumerator');
  const at = cursor.next();
  parseStandardAttributes(cursor, context);
  parseAttributes(cursor, context);
  const value = cursor.accept('=') ? parseExpression(cursor, context) : null;
  context.tables.addEnumerator(at, cursor.place);
  if (!cursor.accept(',') && !cursor.at('}')) cursor.fail("expected ',' or '}' after an enumerator");
  return { name: at.text, value, at };
}
