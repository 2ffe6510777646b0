/** C's binary operators, which the preprocessor and the parser read alike. */

/** By precedence. The loosest ones come first. */
export const binaryOperators: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Maps each operator to the index of its level. */
export function precedenceOf(levels: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  return new Map(levels.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)));
}
