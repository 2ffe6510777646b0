/** Parses structs, unions and their members. */

import type { Cursor } from '../cursor.js';
import type { CType, MemberNode, RecordNode } from '../syntax.js';
import { errorAt, type Token } from '../tokens.js';
import { bare } from '../types.js';
import { parseAssertion, startsAssertion } from './assertions.js';
import {
  type Attributes,
  joinAttributes,
  layoutAttributes,
  noAttributes,
  packedTypes,
  parseAttributes,
  parseStandardAttributes,
  refuseAlignas,
  withTypeAttributes,
} from './attributes.js';
import type { ParserContext, Specifiers } from './context.js';
import { parseExpression } from './expressions.js';

export function parseRecord(cursor: Cursor, context: ParserContext, keyword: 'struct' | 'union'): CType {
  const at = cursor.next();
  const before = joinAttributes([parseStandardAttributes(cursor, context), parseAttributes(cursor, context)]);
  const name = cursor.peek().kind === 'identifier' ? cursor.next() : null;
  if (name) context.tables.mention(keyword, name);
  const open = cursor.accept('{');
  if (!open) {
    if (!name) cursor.fail(`expected a tag or '{' after '${keyword}'`);
    return { kind: 'tag', keyword, tag: name.text, at: name };
  }
  const members: MemberNode[] = [];
  while (!cursor.at('}')) {
    if (cursor.peek().kind === 'end') throw errorAt(open, `'{' of ${nameOf(keyword, name)} is never closed`);
    if (cursor.accept(';')) continue;
    if (cursor.at('__extension__') && cursor.peek(1).text === '_Static_assert') cursor.next();
    if (startsAssertion(cursor)) context.tables.assertions.push(parseAssertion(cursor, context));
    else parseMembers(cursor, context, members);
  }
  const { pack } = context.pragmasAt(cursor.place);
  const close = cursor.next();
  const attributes = joinAttributes([before, parseAttributes(cursor, context)]);
  const record: RecordNode = {
    keyword,
    tag: name?.text ?? null,
    members,
    attributes: layoutAttributes(attributes),
    pack,
    storageOrder: attributes.storageOrder,
    at: name ?? at,
    open,
    close,
  };
  checkTypeAttributes(attributes, record);
  context.tables.addRecord(record, name);
  if (!name) return { kind: 'unnamed record', record };
  return { kind: 'tag', keyword, tag: name.text, at: name };
}

function checkTypeAttributes({ types }: Attributes, record: RecordNode): void {
  const [first] = types;
  if (!first) return;
  const at = first.kind === 'mode' ? first.mode : first.bytes.at;
  throw errorAt(at, `${first.kind === 'mode' ? 'mode' : 'vector_size'} cannot be on a ${record.keyword}`);
}

function nameOf(keyword: string, name: Token | null): string {
  return name ? `${keyword} ${name.text}` : `a ${keyword}`;
}

function parseMembers(cursor: Cursor, context: ParserContext, members: MemberNode[]): void {
  const at = cursor.peek();
  const specifiers = context.specifiers(cursor);
  const [storage] = specifiers.storage;
  if (storage !== undefined) throw errorAt(at, `a member cannot be '${storage}'`);
  const declaration = { start: at, end: at };
  if (cursor.at(';')) {
    const { type, attributes } = specifiers;
    // Only a record without a tag is an anonymous member. `struct tag { … };` inside a record only declares a tag.
    if (bare(type).kind === 'unnamed record') {
      // GCC ignores other attributes before an anonymous record. Those after the brace belong to the record.
      const aligned = attributes.aligned.filter(({ strict }) => strict);
      const own = { ...layoutAttributes(noAttributes), aligned };
      members.push({ name: null, type, attributes: own, width: null, at, declaration });
    }
  } else {
    do members.push(parseMember(cursor, context, specifiers, declaration));
    while (cursor.accept(','));
  }
  declaration.end = cursor.expect(';', 'after a member');
}

function parseMember(
  cursor: Cursor,
  context: ParserContext,
  specifiers: Specifiers,
  declaration: MemberNode['declaration'],
): MemberNode {
  const at = cursor.peek();
  const unnamed = cursor.at(':');
  const declarator = unnamed ? null : context.declarator(cursor, specifiers.type);
  if (declarator && !declarator.name) cursor.fail('expected the name of a member');
  const width = cursor.accept(':') ? parseExpression(cursor, context) : null;
  if (width) refuseAlignas(specifiers.attributes, 'a bit-field');
  const after = parseAttributes(cursor, context);
  const attributes = joinAttributes([declarator?.attributes ?? noAttributes, after, specifiers.attributes]);
  const type = declarator?.type ?? specifiers.type;
  const packedAs = packedTypes(type, attributes);
  context.useSize(type);
  return {
    name: declarator?.name?.text ?? null,
    type: withTypeAttributes(type, attributes),
    ...(packedAs && { packedAs }),
    attributes: layoutAttributes(attributes),
    width,
    at: declarator?.name ?? at,
    declaration,
  };
}
