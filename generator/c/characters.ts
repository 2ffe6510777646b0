/** The characters outside of ASCII that an identifier may contain (C17 annex D). */

/** First and last numbers of ranges, in order. */
const allowed: readonly (readonly [first: number, last: number])[] = [
  ...([
    [0xa8, 0xa8],
    [0xaa, 0xaa],
    [0xad, 0xad],
    [0xaf, 0xaf],
    [0xb2, 0xb5],
    [0xb7, 0xba],
    [0xbc, 0xbe],
  ] as const),
  ...([
    [0xc0, 0xd6],
    [0xd8, 0xf6],
    [0xf8, 0xff],
    [0x100, 0x167f],
    [0x1681, 0x180d],
    [0x180f, 0x1fff],
  ] as const),
  ...([
    [0x200b, 0x200d],
    [0x202a, 0x202e],
    [0x203f, 0x2040],
    [0x2054, 0x2054],
    [0x2060, 0x218f],
  ] as const),
  ...([
    [0x2460, 0x24ff],
    [0x2776, 0x2793],
    [0x2c00, 0x2dff],
    [0x2e80, 0x2fff],
    [0x3004, 0x3007],
  ] as const),
  ...([
    [0x3021, 0x302f],
    [0x3031, 0xd7ff],
    [0xf900, 0xfd3d],
    [0xfd40, 0xfdcf],
    [0xfdf0, 0xfe44],
  ] as const),
  [0xfe47, 0xfffd],
];

/** Combining characters. An identifier does not begin with one. */
const combining: readonly (readonly [first: number, last: number])[] = [
  ...([
    [0x300, 0x36f],
    [0x1dc0, 0x1dff],
    [0x20d0, 0x20ff],
    [0xfe20, 0xfe2f],
  ] as const),
];

function isIn(code: number, ranges: readonly (readonly [first: number, last: number])[]): boolean {
  return ranges.some(([first, last]) => first <= code && code <= last);
}

/** Whether an identifier may contain a character that is not in ASCII. */
export function isIdentifierCharacter(code: number, isFirst: boolean): boolean {
  // The last two characters of each plane are not allowed.
  const isAllowed = code > 0xffff ? code < 0xf0000 && (code & 0xffff) < 0xfffe : isIn(code, allowed);
  return isAllowed && !(isFirst && isIn(code, combining));
}
