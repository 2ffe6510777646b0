/** The parts of directives that need no state of the preprocessor: names, groups and the texts of errors. */

import { belongsToCompiler } from '../../headers/freestanding/headers.js';
import { encodeSource } from '../../headers/source-text.js';
import { absentHeaders } from '../../kernel/defining-headers.js';
import { debianPackageOf } from '../../kernel/header-packages.js';
import { requestMacros } from '../../kernel/request-macros.js';
import type { Target } from '../../targets/target.js';
import { Cursor } from '../cursor.js';
import { endAt, errorAt, type Token, tokenLike } from '../tokens.js';

/** A definition in a group that a conditional skips. */
export interface Skipped {
  readonly kind: 'macro' | 'ioctl' | 'struct' | 'union' | 'enum';
  readonly name: string;
  readonly at: Token;
  /** Returns the directive at the start of the group: `#ifdef __KVM_HAVE_PIT`. */
  group(): string;
}

/** Returns what is wrong with text that does not form a token. */
export function strayProblem({ text }: Token): string {
  const [first] = text;
  if (first === '"' || first === "'" || text.length > 2) return `${text} is never closed; add the missing quote`;
  const code = text.codePointAt(0) ?? 0;
  if (code < 0x80) return `'${text}' is not part of C; remove it`;
  const [byte = 0, ...more] = encodeSource(text);
  if (more.length > 0) return `'${text}' cannot be in a name; remove it`;
  return `not UTF-8: byte 0x${byte.toString(16)}; only a comment or a string may have it`;
}

/** Returns the names that a condition tests. `line` begins with the word of the directive. */
export function testedNames(line: readonly Token[]): string[] {
  return line.slice(1).flatMap(({ kind, text }) => (kind === 'identifier' && text !== 'defined' ? [text] : []));
}

export function isTagWord(text: string): text is 'struct' | 'union' | 'enum' {
  return text === 'struct' || text === 'union' || text === 'enum';
}

/** Returns the name of the macro in a line such as `ifdef NAME`. */
export function macroNameIn(line: readonly Token[]): Token {
  const name = line[1];
  if (name?.kind === 'identifier') return name;
  return new Cursor(line.slice(1), endAt(line.at(-1) as Token)).fail('expected the name of a macro');
}

/** Whether the body of an unexpanded macro looks like a use of `_IO` or a similar macro. */
export function isRequest([name, open]: readonly Token[]): boolean {
  return name !== undefined && requestMacros.includes(name.text) && open?.text === '(';
}

/** In tokens. Each omission under a condition has its own copy of the directive's text. */
const longestGroup = 100;

export function skippedAt(kind: Skipped['kind'], at: Token, group: readonly Token[]): Skipped {
  const rest = group.length > longestGroup ? ' …' : '';
  return { kind, name: at.text, at, group: () => `#${spell(group.slice(0, longestGroup))}${rest}` };
}

export function notFound(name: string, roots: readonly string[], { compiler }: Target): string {
  if (belongsToCompiler(name)) {
    return `<${name}> belongs to the compiler GCC and is not among the headers of the generator; install ${compiler.package} and name the folder that has it with --include`;
  }
  const absent = absentHeaders.get(name);
  const owner = absent === undefined ? debianPackageOf(name) : undefined;
  const remedy = [
    ...(absent === undefined ? [] : [`${absent}; `]),
    ...(owner === undefined ? [] : [`install the Debian package ${owner}, or `]),
    'name the folder that has it with --include',
  ].join('');
  return `<${name}> not found in ${roots.join(', ') || 'any include folder (there are none)'}; ${remedy}`;
}

export function headerName(tokens: readonly Token[]): { name: string; quoted: boolean } | undefined {
  const [head] = tokens;
  if (head?.kind === 'header name') return { name: head.text.slice(1, -1), quoted: false };
  if (head?.kind === 'string') return { name: head.text.slice(1, -1), quoted: true };
  if (head?.text !== '<') return undefined;
  const close = tokens.findIndex((token) => token.text === '>');
  return close === -1 ? undefined : { name: spell(tokens.slice(1, close)), quoted: false };
}

export function parenthesized(at: Token, read: () => Token): Token[] {
  if (read().text !== '(') throw errorAt(at, `expected '(' after ${at.text}`);
  const tokens: Token[] = [];
  for (let depth = 0; ; ) {
    const token = read();
    if (token.kind === 'end') throw errorAt(at, `the '(' after ${at.text} is never closed`);
    if (token.text === '(') depth++;
    if (token.text === ')' && depth-- === 0) return tokens;
    tokens.push(token);
  }
}

export function numberAt(at: Token, value: number): Token {
  return tokenLike(at, { kind: 'number', text: String(value) });
}

export function spell(tokens: readonly Token[]): string {
  return tokens.map((token, index) => (token.space && index > 0 ? ' ' : '') + token.text).join('');
}
