/** The predefined macros that describe floating-point types: `__DBL_MAX__` and the like. */

import type { LongDoubleFormat, Target } from '../target.js';

/** A format of floating-point numbers. The values have 36 digits, as GCC prints them on most targets. */
interface FloatFormat {
  /** `…_MANT_DIG__`, in bits. */
  readonly mantissa: number;
  readonly digits: number;
  /** `…_DECIMAL_DIG__`. */
  readonly decimalDigits: number;
  readonly leastExponent: number;
  readonly least10Exponent: number;
  readonly mostExponent: number;
  readonly most10Exponent: number;
  readonly most: string;
  /** `…_NORM_MAX__`, if it differs from `most`. */
  readonly mostNormal?: string;
  readonly least: string;
  readonly epsilon: string;
  readonly leastDenormal: string;
  /** False if the format is not one of IEC 60559. */
  readonly standard?: false;
}

const binary16: FloatFormat = {
  ...{ mantissa: 11, digits: 3, decimalDigits: 5 },
  ...{ leastExponent: -13, least10Exponent: -4, mostExponent: 16, most10Exponent: 4 },
  most: '6.55040000000000000000000000000000000e+4',
  least: '6.10351562500000000000000000000000000e-5',
  epsilon: '9.76562500000000000000000000000000000e-4',
  leastDenormal: '5.96046447753906250000000000000000000e-8',
};

const binary32: FloatFormat = {
  ...{ mantissa: 24, digits: 6, decimalDigits: 9 },
  ...{ leastExponent: -125, least10Exponent: -37, mostExponent: 128, most10Exponent: 38 },
  most: '3.40282346638528859811704183484516925e+38',
  least: '1.17549435082228750796873653722224568e-38',
  epsilon: '1.19209289550781250000000000000000000e-7',
  leastDenormal: '1.40129846432481707092372958328991613e-45',
};

const binary64: FloatFormat = {
  ...{ mantissa: 53, digits: 15, decimalDigits: 17 },
  ...{ leastExponent: -1021, least10Exponent: -307, mostExponent: 1024, most10Exponent: 308 },
  most: '1.79769313486231570814527423731704357e+308',
  least: '2.22507385850720138309023271733240406e-308',
  epsilon: '2.22044604925031308084726333618164062e-16',
  leastDenormal: '4.94065645841246544176568792868221372e-324',
};

/** The 80-bit format of x86. */
const x87: FloatFormat = {
  ...{ mantissa: 64, digits: 18, decimalDigits: 21 },
  ...{ leastExponent: -16381, least10Exponent: -4931, mostExponent: 16384, most10Exponent: 4932 },
  most: '1.18973149535723176502126385303097021e+4932',
  least: '3.36210314311209350626267781732175260e-4932',
  epsilon: '1.08420217248550443400745280086994171e-19',
  leastDenormal: '3.64519953188247460252840593361941982e-4951',
};

const binary128: FloatFormat = {
  ...{ mantissa: 113, digits: 33, decimalDigits: 36 },
  ...{ leastExponent: -16381, least10Exponent: -4931, mostExponent: 16384, most10Exponent: 4932 },
  most: '1.18973149535723176508575932662800702e+4932',
  least: '3.36210314311209350626267781732175260e-4932',
  epsilon: '1.92592994438723585305597794258492732e-34',
  leastDenormal: '6.47517511943802511092443895822764655e-4966',
};

/** The pair of doubles of PowerPC. */
const ibm128: FloatFormat = {
  ...{ mantissa: 106, digits: 31, decimalDigits: 33, standard: false },
  ...{ leastExponent: -968, least10Exponent: -291, mostExponent: 1024, most10Exponent: 308 },
  most: '1.79769313486231580793728971405301199e+308',
  mostNormal: '8.98846567431157953864652595394501288e+307',
  least: '2.00416836000897277799610805135016205e-292',
  epsilon: '4.94065645841246544176568792868221372e-324',
  leastDenormal: '4.94065645841246544176568792868221372e-324',
};

const longDoubles: Readonly<Record<LongDoubleFormat, FloatFormat>> = { binary64, binary128, ibm128, x87 };

type FloatData = Pick<Target, 'scalars' | 'longDouble'>;

/** Returns the lines of the macros. */
export function floatMacros({ scalars, longDouble }: FloatData): string[] {
  const long = longDoubles[longDouble];
  const widest = scalars._Float128 ? binary128 : long;
  const digits = widest.decimalDigits;
  const with36 = (name: string, format: FloatFormat, suffix: string): string[] =>
    linesOf(name, format, (value) => `${rounded(value, digits)}${suffix}`);
  return [
    `__DECIMAL_DIG__ ${long.decimalDigits}`,
    ...with36('FLT', binary32, 'F'),
    ...linesOf('DBL', binary64, (value) => `((double)${rounded(value, digits)}L)`),
    ...with36('LDBL', long, 'L'),
    ...with36('FLT32', binary32, 'F32'),
    ...with36('FLT64', binary64, 'F64'),
    ...with36('FLT32X', binary64, 'F32x'),
    ...(scalars._Float128 ? with36('FLT64X', longDouble === 'x87' ? x87 : binary128, 'F64x') : []),
    ...(scalars._Float128 ? with36('FLT128', binary128, 'F128') : []),
  ];
}

function linesOf(name: string, format: FloatFormat, spell: (value: string) => string): string[] {
  const { most, standard = true } = format;
  const values: Readonly<Record<string, string | number>> = {
    MANT_DIG: format.mantissa,
    DIG: format.digits,
    DECIMAL_DIG: format.decimalDigits,
    MIN_EXP: `(${format.leastExponent})`,
    MIN_10_EXP: `(${format.least10Exponent})`,
    MAX_EXP: format.mostExponent,
    MAX_10_EXP: format.most10Exponent,
    MAX: spell(most),
    NORM_MAX: spell(format.mostNormal ?? most),
    MIN: spell(format.least),
    EPSILON: spell(format.epsilon),
    DENORM_MIN: spell(format.leastDenormal),
    HAS_DENORM: 1,
    HAS_INFINITY: 1,
    HAS_QUIET_NAN: 1,
    IS_IEC_60559: standard ? 2 : 0,
  };
  return Object.entries(values).map(([characteristic, value]) => `__${name}_${characteristic}__ ${value}`);
}

/** Rounds the text of a number to fewer digits. GCC prints as many digits as the widest type of the target needs. */
function rounded(value: string, digits: number): string {
  const [number = '', exponent = ''] = value.split('e');
  const all = number.replace('.', '');
  if (all.length <= digits) return value;
  const up = (all[digits] ?? '0') >= '5' ? 1n : 0n;
  const kept = String(BigInt(all.slice(0, digits)) + up);
  return `${kept[0]}.${kept.slice(1)}e${exponent}`;
}

/** For targets with `_Float16`. */
export const float16Macros: string = `\n${linesOf('FLT16', binary16, (value) => `${value}F16`).join('\n')}`;

const decimalLines = (
  [
    ['32', 'DF', 7, 96],
    ['64', 'DD', 16, 384],
    ['128', 'DL', 34, 6144],
  ] as const
).flatMap(([bits, suffix, digits, most]) => [
  `__DEC${bits}_EPSILON__ 1E-${digits - 1}${suffix}`,
  `__DEC${bits}_MANT_DIG__ ${digits}`,
  `__DEC${bits}_MAX_EXP__ ${most + 1}`,
  `__DEC${bits}_MAX__ 9.${'9'.repeat(digits - 1)}E${most}${suffix}`,
  `__DEC${bits}_MIN_EXP__ (${2 - most})`,
  `__DEC${bits}_MIN__ 1E-${most - 1}${suffix}`,
  `__DEC${bits}_SUBNORMAL_MIN__ 0.${'0'.repeat(digits - 2)}1E-${most - 1}${suffix}`,
]);

/** For targets with `_Decimal32`, `_Decimal64` and `_Decimal128`. */
export const decimalMacros: string = `\n${decimalLines.join('\n')}`;
