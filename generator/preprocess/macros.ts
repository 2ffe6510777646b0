/** The macro table and how a `#define` fills it. */

import type { Cursor } from './cursor.js';
import { errorAt, type Token } from './tokens.js';

export interface Macro {
  readonly name: string;
  /** The name in its `#define`. */
  readonly at: Token;
  /** Null for an object-like macro. */
  readonly parameters: readonly string[] | null;
  /** The parameter that takes all remaining arguments: `__VA_ARGS__` or GNU C's own name. */
  readonly variadic: string | null;
  /** Index of each parameter among the arguments, the variadic one included. */
  readonly positions: ReadonlyMap<string, number>;
  readonly body: readonly Token[];
}

export type MacroTable = Map<string, Macro>;

const definitions = new WeakMap<Token, Macro>();

/** Reads a macro definition, once for all targets; the cursor stands behind the word `define`. */
export function parseDefinition(line: Cursor): Macro {
  const at = line.peek();
  const known = definitions.get(at);
  if (known) return known;
  const macro = readDefinition(line);
  definitions.set(at, macro);
  return macro;
}

function readDefinition(line: Cursor): Macro {
  const at = line.peek();
  if (at.kind !== 'identifier') line.fail('expected the name of a macro');
  if (at.text === 'defined') throw errorAt(at, "'defined' cannot be a macro");
  line.next();
  const open = line.peek();
  const functionLike = open.text === '(' && open.kind === 'punctuator' && !open.space;
  const { parameters, variadic } = functionLike ? parseParameters(line) : { parameters: null, variadic: null };
  const body: Token[] = [];
  for (let token = line.next(); token.kind !== 'end'; token = line.next()) body.push(token);
  const edge = [body[0], body.at(-1)].find((token) => token?.kind === 'punctuator' && token.text === '##');
  if (edge) throw errorAt(edge, "'##' cannot be at either end of a macro");
  const names = variadic === null ? (parameters ?? []) : [...(parameters ?? []), variadic];
  const positions = new Map(names.map((name, index) => [name, index]));
  return { name: at.text, at, parameters, variadic, positions, body };
}

function parseParameters(line: Cursor): { parameters: string[]; variadic: string | null } {
  line.next();
  const parameters: string[] = [];
  if (line.accept(')')) return { parameters, variadic: null };
  for (;;) {
    if (line.accept('...')) {
      line.expect(')', "behind '...'");
      return { parameters, variadic: '__VA_ARGS__' };
    }
    const parameter = line.peek();
    if (parameter.kind !== 'identifier') line.fail('expected the name of a parameter');
    if (parameters.includes(parameter.text)) throw errorAt(parameter, `two parameters called '${parameter.text}'`);
    line.next();
    if (line.accept('...')) {
      line.expect(')', "behind '...'");
      return { parameters, variadic: parameter.text };
    }
    parameters.push(parameter.text);
    if (line.accept(')')) return { parameters, variadic: null };
    line.expect(',', 'between the parameters of a macro');
  }
}
