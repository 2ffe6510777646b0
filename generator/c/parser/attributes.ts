/** Attributes: GNU C's `__attribute__((…))` and C11's `_Alignas`. Only those that the model says something of are kept. */

import type { Cursor } from '../cursor.js';
import type { Expression, LayoutAttributes } from '../syntax.js';
import { endAt, errorAt, type Token } from '../tokens.js';
import { parseExpression, type TypeNames } from './expressions.js';

export const noAttributes: LayoutAttributes = {
  packed: false,
  aligned: [],
  mode: null,
  vectorSize: null,
  countedBy: null,
};

/** What attributes begin with. */
export const attributeWords: ReadonlySet<string> = new Set(['__attribute__', '__attribute', '_Alignas']);

/** GCC attributes that would change a layout in ways no kernel header uses. */
const unsupported = new Set(['ms_struct', 'scalar_storage_order', 'warn_if_not_aligned']);

export function joinAttributes(list: readonly LayoutAttributes[]): LayoutAttributes {
  let relevant = 0;
  let last = noAttributes;
  for (const attributes of list) {
    if (attributes === noAttributes) continue;
    relevant++;
    last = attributes;
  }
  if (relevant <= 1) return last;
  return {
    packed: list.some((attributes) => attributes.packed),
    aligned: list.flatMap((attributes) => attributes.aligned),
    mode: list.findLast((attributes) => attributes.mode)?.mode ?? null,
    vectorSize: list.findLast((attributes) => attributes.vectorSize)?.vectorSize ?? null,
    countedBy: list.findLast((attributes) => attributes.countedBy)?.countedBy ?? null,
  };
}

/** Reads all attributes at the cursor. */
export function parseAttributes(cursor: Cursor, types: TypeNames): LayoutAttributes {
  if (!attributeWords.has(cursor.peek().text)) return noAttributes;
  const list: LayoutAttributes[] = [];
  for (;;) {
    const { kind, text } = cursor.peek();
    if (kind !== 'identifier' || !attributeWords.has(text)) return joinAttributes(list);
    list.push(text === '_Alignas' ? alignas(cursor, types) : gnu(cursor, types));
  }
}

function alignas(cursor: Cursor, types: TypeNames): LayoutAttributes {
  const at = cursor.next();
  const open = cursor.expect('(', 'after _Alignas');
  const operand = cursor.inner(cursor.skipBalanced(open), { ...open, kind: 'end', text: '' });
  if (!types.startsHere(operand)) return { ...noAttributes, aligned: [parseExpression(operand, types)] };
  const type = types.read(operand);
  return { ...noAttributes, aligned: [{ kind: 'measure', what: 'alignof', of: { type }, at }] };
}

function gnu(cursor: Cursor, types: TypeNames): LayoutAttributes {
  cursor.next();
  const open = cursor.expect('(', 'after __attribute__');
  cursor.expect('(', 'after __attribute__(');
  const list: LayoutAttributes[] = [];
  while (!cursor.at(')')) {
    if (cursor.accept(',')) continue;
    list.push(attribute(cursor, types));
  }
  cursor.next();
  if (!cursor.accept(')')) throw errorAt(open, "__attribute__((…)) needs two ')' at its end");
  return joinAttributes(list);
}

function attribute(cursor: Cursor, types: TypeNames): LayoutAttributes {
  const at = cursor.next();
  if (at.kind !== 'identifier') throw errorAt(at, `expected the name of an attribute, found '${at.text}'`);
  const open = cursor.accept('(');
  const tokens = open ? cursor.skipBalanced(open) : [];
  const operand = (): Expression => parseExpression(cursor.inner(tokens, endAt(at)), types);
  const name = at.text.replace(/^__(.+)__$/, '$1');
  switch (name) {
    case 'packed':
      return { ...noAttributes, packed: true };
    case 'aligned':
      return { ...noAttributes, aligned: [tokens.length > 0 ? operand() : null] };
    case 'mode':
      return { ...noAttributes, mode: (tokens[0] as Token | undefined) ?? at };
    case 'counted_by':
      return { ...noAttributes, countedBy: tokens[0] ?? null };
    case 'vector_size':
      return { ...noAttributes, vectorSize: operand() };
    default:
      if (unsupported.has(name))
        throw errorAt(at, `attribute ${name} changes the layout in a way this generator does not follow`);
      return noAttributes;
  }
}
