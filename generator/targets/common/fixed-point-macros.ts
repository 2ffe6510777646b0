/** The predefined macros of targets with the fixed-point types of ISO/IEC TR 18037: `_Fract` and `_Accum`. */

/** Fraction bits of a `_Fract`, of an `_Accum`, and integer bits of an `_Accum`, by the length of the type. */
const lengths = [
  { name: 'S', suffix: 'H', bits: 7, integer: 8 },
  { name: '', suffix: '', bits: 15, integer: 16 },
  { name: 'L', suffix: 'L', bits: 31, integer: 32 },
  { name: 'LL', suffix: 'LL', bits: 63, integer: 32 },
] as const;

/** The machine modes of the types, with their bits. */
const fractionModes = { QQ: 7, HQ: 15, SQ: 31, DQ: 63, TQ: 127 } as const;
const accumulatorModes = { HA: [7, 8], SA: [15, 16], DA: [31, 32], TA: [63, 64] } as const;

const fractions = lengths.flatMap(({ name, suffix, bits }) => {
  const unsigned = bits + 1;
  return [
    `__${name}FRACT_FBIT__ ${bits}`,
    `__${name}FRACT_IBIT__ 0`,
    `__${name}FRACT_MIN__ (-0.5${suffix}R-0.5${suffix}R)`,
    `__${name}FRACT_MAX__ 0X7${'F'.repeat(unsigned / 4 - 1)}P-${bits}${suffix}R`,
    `__${name}FRACT_EPSILON__ 0x1P-${bits}${suffix}R`,
    `__U${name}FRACT_FBIT__ ${unsigned}`,
    `__U${name}FRACT_IBIT__ 0`,
    `__U${name}FRACT_MIN__ 0.0U${suffix}R`,
    `__U${name}FRACT_MAX__ 0X${'F'.repeat(unsigned / 4)}P-${unsigned}U${suffix}R`,
    `__U${name}FRACT_EPSILON__ 0x1P-${unsigned}U${suffix}R`,
  ];
});

function accumulators(longest: 32 | 64): string[] {
  return lengths.flatMap(({ name, suffix, integer: usual }) => {
    const integer = name === 'LL' ? longest : usual;
    const [bits, digits] = [integer - 1, integer / 2];
    return [
      `__${name}ACCUM_FBIT__ ${bits}`,
      `__${name}ACCUM_IBIT__ ${integer}`,
      `__${name}ACCUM_MIN__ (-0X1P${bits}${suffix}K-0X1P${bits}${suffix}K)`,
      `__${name}ACCUM_MAX__ 0X7${'F'.repeat(digits - 1)}P-${bits}${suffix}K`,
      `__${name}ACCUM_EPSILON__ 0x1P-${bits}${suffix}K`,
      `__U${name}ACCUM_FBIT__ ${integer}`,
      `__U${name}ACCUM_IBIT__ ${integer}`,
      `__U${name}ACCUM_MIN__ 0.0U${suffix}K`,
      `__U${name}ACCUM_MAX__ 0X${'F'.repeat(digits)}P-${integer}U${suffix}K`,
      `__U${name}ACCUM_EPSILON__ 0x1P-${integer}U${suffix}K`,
    ];
  });
}

const modes = [
  ...Object.entries(fractionModes).map(([mode, bits]) => [mode, bits, 0] as const),
  ...Object.entries(accumulatorModes).map(([mode, [bits, integer]]) => [mode, bits, integer] as const),
].flatMap(([mode, bits, integer]) => [
  `__${mode}_FBIT__ ${bits}`,
  `__${mode}_IBIT__ ${integer}`,
  `__U${mode}_FBIT__ ${bits + 1}`,
  `__U${mode}_IBIT__ ${integer}`,
]);

/** Returns the lines. `longest` is the number of integer bits of `long long _Accum`. */
export function fixedPointMacros(longest: 32 | 64): string {
  return `\n${[...fractions, ...accumulators(longest), ...modes].join('\n')}`;
}
