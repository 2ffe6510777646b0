/** The words of C's arithmetic types, in any order, to the type they name. */

import type { ScalarName } from '../../targets/target.js';
import type { CType } from '../syntax.js';
import { errorAt, type Token } from '../tokens.js';

/** The spellings of one word. */
const words = new Map<string, string>([
  ...[
    'void',
    'char',
    'short',
    'int',
    'long',
    'float',
    'double',
    'signed',
    'unsigned',
    '_Bool',
    '_Complex',
    '__int128',
    '_Float128',
  ].map((word) => [word, word] as const),
  ['__signed__', 'signed'],
  ['__signed', 'signed'],
  ['__complex__', '_Complex'],
  ['__float128', '_Float128'],
  ['_Float32', 'float'],
  ['_Float64', 'double'],
  ['_Float32x', 'double'],
  ['_Float64x', 'long double'],
]);

const names = new Map<string, ScalarName>();
function spell(name: ScalarName, ...spellings: string[]): void {
  for (const spelling of spellings) names.set(spelling.split(' ').sort().join(' '), name);
}
spell('_Bool', '_Bool');
spell('char', 'char');
spell('signed char', 'signed char');
spell('unsigned char', 'unsigned char');
spell('short', 'short', 'short int', 'signed short', 'signed short int');
spell('unsigned short', 'unsigned short', 'unsigned short int');
spell('int', 'int', 'signed', 'signed int');
spell('unsigned int', 'unsigned', 'unsigned int');
spell('long', 'long', 'long int', 'signed long', 'signed long int');
spell('unsigned long', 'unsigned long', 'unsigned long int');
spell('long long', 'long long', 'long long int', 'signed long long', 'signed long long int');
spell('unsigned long long', 'unsigned long long', 'unsigned long long int');
spell('__int128', '__int128', 'signed __int128');
spell('unsigned __int128', 'unsigned __int128');
spell('float', 'float');
spell('double', 'double');
spell('long double', 'long double');
spell('_Float128', '_Float128');

/** The typedefs that GCC has by itself; where the target has no such integers, using one is an error. */
export const predefinedTypedefs: ReadonlyMap<string, CType> = new Map([
  ['__int128_t', { kind: 'scalar', name: '__int128' }],
  ['__uint128_t', { kind: 'scalar', name: 'unsigned __int128' }],
]);

export function isTypeWord(text: string): boolean {
  return words.has(text);
}

export function scalarType(tokens: readonly Token[]): CType {
  const spelled = tokens.map((token) => words.get(token.text) as string);
  if (spelled.length === 1 && spelled[0] === 'void') return { kind: 'void' };
  const real = spelled.filter((word) => word !== '_Complex');
  const complex = real.length < spelled.length;
  const key = (real.length > 0 ? real : ['double']).flatMap((word) => word.split(' ')).sort();
  const name = names.get(key.join(' '));
  const [first] = tokens as [Token];
  if (!name) throw errorAt(first, `'${tokens.map((token) => token.text).join(' ')}' is not a type`);
  const type: CType = { kind: 'scalar', name };
  // C lays a complex number out as an array of its two parts.
  return complex ? { kind: 'array', of: type, length: { kind: 'integer', text: '2', at: first } } : type;
}
