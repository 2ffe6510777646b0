/** Parses the words before the declarators of a declaration: storage, qualifiers, attributes and the type. */

import type { Cursor } from '../cursor.js';
import type { CType, Qualifiers } from '../syntax.js';
import { errorAt, type Token, undefinedNameAt } from '../tokens.js';
import { closed, qualified } from '../types.js';
import { isTypeWord, rareName, scalarType } from './arithmetic-types.js';
import {
  type Attributes,
  attributeWords,
  joinAttributes,
  parseSpecifierAttributes,
  parseStandardAttributes,
  startsStandardAttribute,
  withAttributes,
} from './attributes.js';
import type { ParserContext, Specifiers } from './context.js';
import { parseEnum } from './enums.js';
import { parseExpression } from './expressions.js';
import { parseRecord } from './records.js';

export const storageWords: ReadonlySet<string> = new Set(
  'typedef extern static inline __inline __inline__ _Noreturn register auto _Thread_local __thread'.split(' '),
);
const tagWords: ReadonlySet<string> = new Set(['struct', 'union', 'enum']);
const typeofWords = new Set(['typeof', '__typeof__', '__typeof']);

type Qualifier = keyof Qualifiers;

const qualifierWords: ReadonlyMap<string, Qualifier | null> = new Map<string, Qualifier | null>([
  ...['const', '__const', '__const__'].map((word) => [word, 'const'] as const),
  ...['volatile', '__volatile', '__volatile__'].map((word) => [word, 'volatile'] as const),
  ...['restrict', '__restrict', '__restrict__'].map((word) => [word, 'restrict'] as const),
  ['_Atomic', 'atomic'],
  // It only prevents warnings.
  ['__extension__', null],
]);

export function isQualifier(word: string): boolean {
  return qualifierWords.has(word);
}

/** Adds the qualifier at the cursor to the qualifiers before it. */
export function parseQualifier(cursor: Cursor, before: Qualifiers | undefined): Qualifiers | undefined {
  const qualifier = qualifierWords.get(cursor.next().text);
  return qualifier ? { ...before, [qualifier]: true } : before;
}

/** Whether a word starts a type, and is not the name of one. */
export function startsTypeWord(word: string): boolean {
  return isTypeWord(word) || tagWords.has(word) || qualifierWords.has(word) || typeofWords.has(word);
}

/** The specifiers of one declaration that are read so far. */
interface Draft {
  storage: string[] | undefined;
  words: Token[] | undefined;
  type: CType | null;
  attributes: Attributes[] | undefined;
  qualifiers: Qualifiers | undefined;
  auto: Token | null;
}

export function parseSpecifiers(cursor: Cursor, context: ParserContext): Specifiers {
  const before = parseStandardAttributes(cursor, context);
  const draft: Draft = {
    storage: undefined,
    words: undefined,
    type: null,
    attributes: [before],
    qualifiers: undefined,
    auto: null,
  };
  while (cursor.peek().kind === 'identifier' && parseSpecifier(cursor, context, draft));
  const type = draft.words ? arithmeticType(draft.words, context) : draft.type;
  if (!type) {
    const name = cursor.peek();
    if (name.kind !== 'identifier') cursor.fail('expected a declaration');
    throw undefinedNameAt(name, `unknown type '${name.text}'; check for a missing #include`, name.text);
  }
  const complete = qualified(type, draft.qualifiers);
  return {
    // Attributes in `[[…]]` after the specifiers apply to the type, not to the declared name.
    type: startsStandardAttribute(cursor)
      ? withAttributes(complete, parseStandardAttributes(cursor, context))
      : complete,
    storage: draft.storage ?? [],
    auto: draft.auto,
    // GCC applies the attributes that are nearest to the declarator first.
    attributes: joinAttributes((draft.attributes ?? []).reverse()),
  };
}

/** The words of which a declaration can have only one. */
const storageClasses: ReadonlySet<string> = new Set(['typedef', 'extern', 'static', 'register', 'auto']);
const threadWords: ReadonlySet<string> = new Set(['_Thread_local', '__thread']);

/** Checks a word for storage after others of the same declaration. */
function checkStorage(word: Token, before: readonly string[]): void {
  const isThread = threadWords.has(word.text);
  if (!isThread && !storageClasses.has(word.text)) return;
  const other = before.find((each) => {
    if (threadWords.has(each)) return isThread || (word.text !== 'static' && word.text !== 'extern');
    return isThread ? each !== 'static' && each !== 'extern' && storageClasses.has(each) : storageClasses.has(each);
  });
  if (other !== undefined) throw errorAt(word, `a declaration cannot be '${other}' and '${word.text}'; remove one`);
}

/** Reads one specifier. Returns false if the next word is not a specifier. */
function parseSpecifier(cursor: Cursor, context: ParserContext, draft: Draft): boolean {
  const token = cursor.peek();
  const { text } = token;
  if (qualifierWords.has(text) && !isAtomicSpecifier(cursor))
    draft.qualifiers = parseQualifier(cursor, draft.qualifiers);
  else if (storageWords.has(text)) {
    checkStorage(token, draft.storage ?? []);
    draft.storage = withOneMore(draft.storage, cursor.next().text);
  } else if (attributeWords.has(text))
    draft.attributes = withOneMore(draft.attributes, parseSpecifierAttributes(cursor, context));
  else if (isTypeWord(text)) {
    if (draft.type) throw errorAt(token, `'${text}' after a type; check for a missing ';'`);
    draft.words = withOneMore(draft.words, cursor.next());
  } else if (draft.type || draft.words) return false;
  else if (text === '__auto_type') {
    draft.auto = cursor.next();
    draft.type = { kind: 'void' };
  } else {
    draft.type = typeAt(cursor, context);
    return draft.type !== null;
  }
  return true;
}

/** Reads the type that starts with a word that is not the word of an arithmetic type. Null if no type starts there. */
function typeAt(cursor: Cursor, context: ParserContext): CType | null {
  const token = cursor.peek();
  const { text } = token;
  if (text === 'enum') return parseEnum(cursor, context);
  if (text === 'struct' || text === 'union') return cursor.nested(() => parseRecord(cursor, context, text));
  if (typeofWords.has(text)) return cursor.nested(() => parseTypeof(cursor, context));
  if (isAtomicSpecifier(cursor)) return cursor.nested(() => parseAtomic(cursor, context));
  if (!context.tables.isTypedef(text)) return null;
  cursor.next();
  const type: CType = { kind: 'typedef', name: text, at: token };
  if (!context.tables.typedefs.has(text)) context.tables.useRare(text, type, token);
  return type;
}

function arithmeticType(words: readonly Token[], { tables }: ParserContext): CType {
  const type = scalarType(words);
  const rare = rareName(type);
  if (rare !== undefined) tables.useRare(rare, type, words[0] as Token);
  return type;
}

/** `_Atomic(T)` is a type. Without a parenthesis, `_Atomic` is a qualifier. */
function isAtomicSpecifier(cursor: Cursor): boolean {
  return cursor.at('_Atomic') && cursor.peek(1).text === '(';
}

function parseAtomic(cursor: Cursor, context: ParserContext): CType {
  cursor.next();
  cursor.expect('(', 'after _Atomic');
  if (!context.startsHere(cursor)) cursor.fail('expected a type after _Atomic(');
  const of = context.read(cursor);
  cursor.expect(')', 'after the type of _Atomic');
  return { kind: 'qualified', of, atomic: true, closed: true };
}

function parseTypeof(cursor: Cursor, context: ParserContext): CType {
  const at = cursor.next();
  const open = cursor.expect('(', `after ${at.text}`);
  const inner = cursor.inner(cursor.skipBalanced(open), { ...open, kind: 'end', text: '' });
  return context.startsHere(inner)
    ? closed(context.read(inner))
    : { kind: 'typeof', of: parseExpression(inner, context), at };
}

/**
 * Adds an item to a list. Most lists have one element or none, and a growing array reserves space for many elements.
 */
function withOneMore<T>(list: T[] | undefined, item: T): T[] {
  if (!list) return [item];
  list.push(item);
  return list;
}
