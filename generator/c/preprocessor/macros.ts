/** The macro table, and the parsing of `#define`. */

import type { SourceFile } from '../../headers/files.js';
import { Cursor } from '../cursor.js';
import { endAt, errorAt, type Token } from '../tokens.js';

export interface Macro {
  readonly name: string;
  /** The name in the `#define` directive. */
  readonly at: Token;
  /** Null for an object-like macro. */
  readonly parameters: readonly string[] | null;
  /** The parameter that takes all remaining arguments: `__VA_ARGS__` or a name in GNU C. */
  readonly variadic: string | null;
  /** Maps each parameter, including the variadic parameter, to its index in the arguments. */
  readonly positions: ReadonlyMap<string, number>;
  readonly body: readonly Token[];
  /** Whether the body contains one of `changingNames`. */
  readonly isChanging: boolean;
}

/** The names whose replacement depends on the place or the time of their use. */
export const changingNames: ReadonlySet<string> = new Set(
  '__LINE__ __COUNTER__ __INCLUDE_LEVEL__ __FILE__ __FILE_NAME__ __BASE_FILE__ __DATE__ __TIME__ __TIMESTAMP__'.split(
    ' ',
  ),
);

export type MacroTable = Map<string, Macro>;

const noPositions: ReadonlyMap<string, number> = new Map();

/** By file and by the offset of the name. */
const definitions = new WeakMap<SourceFile, Map<number, Macro>>();

/** Parses a macro definition, once for all targets. It begins at an index of the line, after the word `define`. */
export function parseDefinition(line: readonly Token[], start: number): Macro {
  const end = line.at(-1) as Token;
  const { file, offset } = line[start] ?? end;
  let inFile = definitions.get(file);
  if (!inFile) {
    inFile = new Map();
    definitions.set(file, inFile);
  }
  let macro = inFile.get(offset);
  if (!macro) {
    macro = readDefinition(new Cursor(line.slice(start), endAt(end)));
    inFile.set(offset, macro);
  }
  return macro;
}

function readDefinition(line: Cursor): Macro {
  const at = line.peek();
  if (at.kind !== 'identifier') line.fail('expected the name of a macro');
  if (at.text === 'defined') throw errorAt(at, "'defined' cannot be the name of a macro");
  line.next();
  const open = line.peek();
  const functionLike = open.text === '(' && open.kind === 'punctuator' && !open.space;
  const { parameters, variadic } = functionLike ? parseParameters(line) : { parameters: null, variadic: null };
  const body = line.rest();
  for (const edge of [body[0], body.at(-1)]) {
    if (isPaste(edge)) throw errorAt(edge, "'##' cannot be at the start or the end of a macro");
  }
  const positions = parameters === null ? noPositions : positionsOf(parameters, variadic);
  const isChanging = body.some(({ text }) => changingNames.has(text));
  return { name: at.text, at, parameters, variadic, positions, body, isChanging };
}

function positionsOf(parameters: readonly string[], variadic: string | null): Map<string, number> {
  const names = variadic === null ? parameters : [...parameters, variadic];
  return new Map(names.map((name, index) => [name, index]));
}

export function isPaste(token: Token | undefined): token is Token {
  return token?.text === '##' && token.kind === 'punctuator';
}

function parseParameters(line: Cursor): { parameters: string[]; variadic: string | null } {
  line.next();
  const parameters: string[] = [];
  if (line.accept(')')) return { parameters, variadic: null };
  for (;;) {
    if (line.accept('...')) {
      line.expect(')', "after '...'");
      return { parameters, variadic: '__VA_ARGS__' };
    }
    const parameter = line.peek();
    if (parameter.kind !== 'identifier') line.fail('expected the name of a parameter');
    if (parameters.includes(parameter.text)) throw errorAt(parameter, `two parameters called '${parameter.text}'`);
    line.next();
    if (line.accept('...')) {
      line.expect(')', "after '...'");
      return { parameters, variadic: parameter.text };
    }
    parameters.push(parameter.text);
    if (line.accept(')')) return { parameters, variadic: null };
    line.expect(',', 'between the parameters of a macro');
  }
}
