/** The types of GCC's machine modes: `__attribute__((mode(DI)))`. */

import type { ScalarName, Target } from '../../targets/target.js';
import type { CType } from '../syntax.js';
import type { TargetIntegers } from './integers.js';

export const signedBySize: readonly ScalarName[] = ['signed char', 'short', 'int', 'long', 'long long', '__int128'];
export const unsignedBySize: readonly ScalarName[] = [
  'unsigned char',
  'unsigned short',
  'unsigned int',
  'unsigned long',
  'unsigned long long',
  'unsigned __int128',
];

const integerSizes: Readonly<Record<string, number>> = { QI: 1, HI: 2, SI: 4, DI: 8, TI: 16 };

/** The complex modes by their names, with the modes of the two parts. The others are `C` before an integer mode. */
const complexModes: Readonly<Record<string, string>> = { HC: 'HF', SC: 'SF', DC: 'DF', XC: 'XF', TC: 'TF' };

/** What the types of modes depend on. */
interface ModeFacts {
  readonly target: Target;
  readonly integers: TargetIntegers;
}

/** Returns the size of an integer mode in bytes. Undefined for another mode. */
function integerSize(mode: string, target: Target): number | undefined {
  switch (mode) {
    case 'byte':
      return 1;
    case 'word':
    case 'pointer':
    case 'unwind_word':
    case 'libgcc_shift_count':
      return target.pointer.size;
    case 'libgcc_cmp_return':
      return target.name === 'arm64' ? 4 : target.pointer.size;
    default:
      return integerSizes[mode];
  }
}

/** Returns the integer type of a mode. Undefined if the target has no such type. */
export function integerOfMode(mode: string, signed: boolean, target: Target): ScalarName | undefined {
  const size = integerSize(plainMode(mode), target);
  if (size === undefined) return undefined;
  const names = signed ? signedBySize : unsignedBySize;
  return names.find((candidate) => target.scalars[candidate]?.size === size);
}

/** Returns the floating-point type of a mode. Undefined if the target has no such type. */
function floatOfMode(mode: string, { scalars, longDouble, otherNames }: Target): ScalarName | undefined {
  switch (mode) {
    case 'HF':
      return scalars._Float16 && '_Float16';
    case 'SF':
      return 'float';
    case 'DF':
      return 'double';
    case 'XF':
      return longDouble === 'x87' ? 'long double' : undefined;
    case 'TF':
      return scalars['long double'].size === 16 && longDouble !== 'x87'
        ? 'long double'
        : scalars._Float128 && '_Float128';
    case 'KF':
      return otherNames?.get('__ieee128');
    case 'IF':
      return otherNames?.get('__ibm128');
    case 'SD':
      return scalars._Decimal32 && '_Decimal32';
    case 'DD':
      return scalars._Decimal64 && '_Decimal64';
    case 'TD':
      return scalars._Decimal128 && '_Decimal128';
    default:
      return undefined;
  }
}

/** `__DI__` is another spelling of `DI`. */
function plainMode(mode: string): string {
  return mode.replace(/^__(.+)__$/, '$1');
}

function scalarOfMode(
  type: Extract<CType, { kind: 'scalar' }>,
  mode: string,
  { target, integers }: ModeFacts,
): Extract<CType, { kind: 'scalar' }> | undefined {
  if (type.name === '_Bool') return undefined;
  const integer = integers.of(type.name);
  const name = integer ? integerOfMode(mode, integer.signed, target) : floatOfMode(mode, target);
  return name && { kind: 'scalar', name };
}

function pointerOfMode(
  { kind, to }: Extract<CType, { kind: 'pointer' }>,
  size: number | undefined,
  { pointer, smallPointer }: Target,
): CType | undefined {
  if (size === pointer.size) return { kind, to };
  return size !== undefined && size === smallPointer ? { kind, to, size } : undefined;
}

/** Returns a type with a mode. Undefined if the mode does not apply to the type, or if the target has no such type. */
export function typeOfMode(type: CType, text: string, facts: ModeFacts, bytes: BytesOfVector): CType | undefined {
  const mode = plainMode(text);
  const vector = /^V(\d+)([A-Z]+)$/.exec(mode);
  if (type.kind === 'pointer') return pointerOfMode(type, integerSize(mode, facts.target), facts.target);
  if (type.kind === 'complex') {
    const part = complexModes[mode] ?? /^C([QHSDT]I)$/.exec(mode)?.[1];
    const signed = facts.integers.of(type.of.name)?.signed !== false;
    const name = part && (integerOfMode(part, signed, facts.target) ?? floatOfMode(part, facts.target));
    return name ? { kind: 'complex', of: { kind: 'scalar', name } } : undefined;
  }
  if (type.kind !== 'scalar') return undefined;
  if (!vector) return scalarOfMode(type, mode, facts);
  const of = scalarOfMode(type, vector[2] ?? '', facts);
  const size = of && facts.target.scalars[of.name]?.size;
  if (!of || size === undefined) return undefined;
  return { kind: 'vector', of, bytes: bytes(size * Number(vector[1])) };
}

/** Makes the size of a vector. */
type BytesOfVector = (bytes: number) => Extract<CType, { kind: 'vector' }>['bytes'];
