/** Parses the parameters of functions. */

import type { Cursor } from '../cursor.js';
import type { CType, Declarations, FunctionType, ParameterNode } from '../syntax.js';
import { errorAt, placeOf, type Token } from '../tokens.js';
import { bare, typeInside } from '../types.js';
import { parseAttributes, refuseAlignas, withTypeAttributes } from './attributes.js';
import type { ParserContext } from './context.js';

type Parameters = Pick<FunctionType, 'parameters' | 'variadic' | 'declared' | 'names'>;

const unprototyped: Parameters = { parameters: null, variadic: false };

/** Reads the parameters of a function up to the closing parenthesis. */
export function parseParameters(cursor: Cursor, context: ParserContext): Parameters {
  if (cursor.accept(')')) return unprototyped;
  if (cursor.at('void') && cursor.peek(1).text === ')') {
    cursor.next();
    cursor.next();
    return { parameters: [], variadic: false };
  }
  if (isNameList(cursor, context)) {
    const names = new Map<string, Token>();
    do addName(cursor.next(), names);
    while (cursor.accept(','));
    cursor.expect(')', 'after the names of parameters');
    return { ...unprototyped, names: [...names.values()] };
  }
  const declared: ParameterNode[] = [];
  const names = new Map<string, Token>();
  const parameters: CType[] = [];
  let variadic = false;
  do {
    if (declared.length > 0 && cursor.accept('...')) {
      variadic = true;
      break;
    }
    const parameter = parseParameter(cursor, context);
    declared.push(parameter);
    parameters.push(decayed(parameter.type, names));
    if (parameter.name) addName(parameter.name, names);
  } while (cursor.accept(','));
  cursor.expect(')', variadic ? "after '...'" : 'after the parameters of a function');
  if (checkVoid(declared, variadic, context.tables)) return { parameters: [], variadic: false };
  const list = context.tables.foundOwnTag ? unprototyped : { parameters, variadic };
  const hasArrays = declared.some(({ type }) => containsArray(type));
  // A tag that the list defines is not in the tables.
  return hasArrays && !context.tables.definedOwnTag ? { ...list, declared } : list;
}

/** Whether the parameters are names alone, as in a definition in the style of K&R. */
function isNameList(cursor: Cursor, context: ParserContext): boolean {
  const { kind, text } = cursor.peek();
  const after = cursor.peek(1).text;
  return kind === 'identifier' && !context.startsSpecifiers(text) && (after === ',' || after === ')');
}

/** The words before a declaration that a parameter cannot have. GCC ignores the others. */
const refusedStorage: ReadonlySet<string> = new Set('typedef extern static auto _Thread_local __thread'.split(' '));

function parseParameter(cursor: Cursor, context: ParserContext): ParameterNode {
  const at = cursor.peek();
  const specifiers = context.specifiers(cursor);
  const storage = specifiers.storage.find((word) => refusedStorage.has(word));
  if (storage !== undefined) throw errorAt(at, `a parameter cannot be '${storage}'`);
  const declarator = context.declarator(cursor, specifiers.type);
  const after = parseAttributes(cursor, context);
  refuseAlignas(specifiers.attributes, 'a parameter');
  const type = withTypeAttributes(withTypeAttributes(declarator.type, after), specifiers.attributes);
  for (let inside = typeInside(bare(type)); inside; inside = typeInside(inside)) {
    if (inside.kind === 'array' && inside.ofParameter) throw errorAt(inside.ofParameter, onlyOutermost);
  }
  return { name: declarator.name, type, at: declarator.name ?? at };
}

/** The error about `static` and qualifiers in the brackets of another array. */
export const onlyOutermost = "only the outermost array of a parameter can have 'static' or qualifiers in its brackets";

/**
 * Reads the declarations of parameters between `)` and `{` in the style of K&R, and returns them in their order. A
 * parameter without a declaration is an int.
 */
export function parseOldParameters(
  cursor: Cursor,
  context: ParserContext,
  names: readonly Token[],
): readonly ParameterNode[] {
  const declared: ParameterNode[] = [];
  const seen = new Map<string, Token>();
  while (cursor.peek().kind === 'identifier' && context.startsSpecifiers(cursor.peek().text)) {
    const at = cursor.peek();
    const { type, storage } = context.specifiers(cursor);
    if (storage.some((word) => word !== 'register')) throw errorAt(at, `a parameter cannot be '${storage[0]}'`);
    if (!cursor.at(';')) {
      do {
        const declarator = context.declarator(cursor, type);
        const { name } = declarator;
        if (!name || !names.some(({ text }) => text === name.text))
          throw errorAt(
            name ?? cursor.peek(),
            `'${name?.text ?? cursor.peek().text}' is not a parameter of this function`,
          );
        addName(name, seen);
        const attributes = parseAttributes(cursor, context);
        declared.push({ name, type: withTypeAttributes(declarator.type, attributes), at: name });
      } while (cursor.accept(','));
    }
    cursor.expect(';', 'after the declaration of a parameter');
  }
  return declared;
}

function addName(name: Token, names: Map<string, Token>): void {
  const earlier = names.get(name.text);
  if (earlier) throw errorAt(name, `parameter '${name.text}' is already declared at ${placeOf(earlier)}; rename one`);
  names.set(name.text, name);
}

/** Whether the only parameter is `void`, also through typedefs. Then the function has none. */
function checkVoid(
  declared: readonly ParameterNode[],
  variadic: boolean,
  { typedefs }: Pick<Declarations, 'typedefs'>,
): boolean {
  const found = declared.find(({ name, type }) => name === null && voidIn(type, typedefs));
  if (!found) return false;
  if (declared.length > 1 || variadic) throw errorAt(found.at, "'void' must be the only parameter");
  if (voidIn(found.type, typedefs) === 'qualified')
    throw errorAt(found.at, "'void' without a name cannot have qualifiers");
  return true;
}

function voidIn(whole: CType, typedefs: Declarations['typedefs']): 'plain' | 'qualified' | undefined {
  let hasQualifiers = false;
  let type: CType | undefined = whole;
  while (type && type.kind !== 'void') {
    hasQualifiers ||= type.kind === 'qualified';
    if (type.kind === 'qualified' || type.kind === 'aligned') type = type.of;
    else type = type.kind === 'typedef' ? typedefs.get(type.name)?.type : undefined;
  }
  return type && (hasQualifiers ? 'qualified' : 'plain');
}

/**
 * Returns the type that C gives to a parameter: an array becomes a pointer to its first element, and a function becomes
 * a pointer. `names` are the parameters before it. Only a call knows their values.
 */
function decayed(type: CType, names: ReadonlyMap<string, Token>): CType {
  const plain = bare(type);
  if (plain.kind === 'array') return { kind: 'pointer', to: withVariableLengths(plain.of, names) };
  return plain.kind === 'function' ? { kind: 'pointer', to: plain } : withVariableLengths(type, names);
}

function withVariableLengths(type: CType, names: ReadonlyMap<string, Token>): CType {
  if (names.size === 0 || !containsArray(type)) return type;
  switch (type.kind) {
    case 'pointer':
      return { ...type, to: withVariableLengths(type.to, names) };
    case 'function':
      return { ...type, returns: withVariableLengths(type.returns, names) };
    case 'array': {
      const of = withVariableLengths(type.of, names);
      const { length } = type;
      return length && mentions(length, names) ? { ...type, of, length: null, variable: length.at } : { ...type, of };
    }
    case 'qualified':
    case 'aligned':
    case 'mode':
    case 'vector':
      return { ...type, of: withVariableLengths(type.of, names) };
    default:
      return type;
  }
}

/** Whether an array is in a type, or in the parameters of a function in the type. */
function containsArray(whole: CType): boolean {
  for (let type: CType | undefined = whole; type; type = typeInside(type)) {
    if (type.kind === 'array' || (type.kind === 'function' && type.declared)) return true;
  }
  return false;
}

/** Whether a part of a syntax tree uses one of the names. */
function mentions(part: unknown, names: ReadonlyMap<string, Token>): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if ('kind' in part && part.kind === 'name' && 'name' in part) return names.has(String(part.name));
  return Object.entries(part).some(([key, value]) => key !== 'at' && mentions(value, names));
}
