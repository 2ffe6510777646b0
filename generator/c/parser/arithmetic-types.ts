/** Converts the keywords of C's arithmetic types, in any order, to a type. */

import type { ScalarName } from '../../targets/target.js';
import type { CType } from '../syntax.js';
import { errorAt, type Token } from '../tokens.js';

/** Alternative spellings of keywords. */
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
    '_Float16',
    '_Float32',
    '_Float64',
    '_Float128',
    '_Float32x',
    '_Float64x',
    '_Decimal32',
    '_Decimal64',
    '_Decimal128',
  ].map((word) => [word, word] as const),
  ['__signed__', 'signed'],
  ['__signed', 'signed'],
  ['__complex__', '_Complex'],
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
for (const name of ['_Float16', '_Float32', '_Float64', '_Float128', '_Float32x', '_Float64x'] as const)
  spell(name, name);
for (const name of ['_Decimal32', '_Decimal64', '_Decimal128'] as const) spell(name, name);

/** The types that all targets have. */
const common: ReadonlySet<string> = new Set(
  [...names.values()].filter((name) => name === '_Bool' || (!name.startsWith('_') && !name.includes('int128'))),
);

/** Returns the name of an arithmetic type that only some targets have. Undefined for another type. */
export function rareName(type: CType): ScalarName | undefined {
  const part = type.kind === 'complex' ? type.of : type;
  return part.kind === 'scalar' && !common.has(part.name) ? part.name : undefined;
}

/** The types that cannot be the parts of a complex number. */
const neverComplex: ReadonlySet<ScalarName> = new Set(['_Bool', '_Decimal32', '_Decimal64', '_Decimal128']);

/**
 * The typedefs that GCC predefines. Using one is an error if the target does not have the type. The target determines
 * the types of `__float80` and the names after it.
 */
export const predefinedTypedefs: ReadonlyMap<string, CType> = new Map([
  ['__int128_t', { kind: 'scalar', name: '__int128' }],
  ['__uint128_t', { kind: 'scalar', name: 'unsigned __int128' }],
  ['__builtin_va_list', { kind: 'scalar', name: '__builtin_va_list' }],
  ['__fp16', { kind: 'scalar', name: '__fp16' }],
  ['__bf16', { kind: 'scalar', name: '__bf16' }],
  ['__float80', { kind: 'scalar', name: 'long double' }],
  ['__float128', { kind: 'scalar', name: '_Float128' }],
  ['__ibm128', { kind: 'scalar', name: 'long double' }],
  ['__ieee128', { kind: 'scalar', name: '_Float128' }],
]);

export function isTypeWord(text: string): boolean {
  return words.has(text);
}

export function scalarType(tokens: readonly Token[]): CType {
  const spelled = tokens.map((token) => words.get(token.text) as string);
  if (spelled.length === 1 && spelled[0] === 'void') return { kind: 'void' };
  const real = spelled.filter((word) => word !== '_Complex');
  const complex = real.length < spelled.length;
  const key = (real.length > 0 ? real : ['double']).sort();
  const name = names.get(key.join(' '));
  const [first] = tokens as [Token];
  if (!name) throw errorAt(first, `'${tokens.map((token) => token.text).join(' ')}' is not a type`);
  if (complex && neverComplex.has(name)) throw errorAt(first, `'_Complex ${name}' is not a type`);
  return complex ? { kind: 'complex', of: { kind: 'scalar', name } } : { kind: 'scalar', name };
}
