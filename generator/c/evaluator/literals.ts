/** Character constants and string literals: from their spelling to the values C gives them. */

import { ArithmeticError } from './arithmetic.js';

const simpleEscapes = new Map([
  ['n', 10],
  ['t', 9],
  ['r', 13],
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['v', 11],
  ['e', 27],
  ['E', 27],
  ['\\', 92],
  ["'", 39],
  ['"', 34],
  ['?', 63],
]);
const escapeOrText = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\]+)/gsu;
const encoder = new TextEncoder();

/** The bytes of a narrow string literal, without its terminator. */
export function stringBytes(spelling: string): number[] {
  if (!spelling.startsWith('"')) throw new ArithmeticError(`${spelling} is not a string of char`);
  return escapedBytes(spelling.slice(1, -1));
}

/** The value of a narrow character constant as an `int`: GCC's rule where there are several characters. */
export function characterValue(spelling: string, charSigned: boolean): bigint {
  if (!spelling.startsWith("'")) throw new ArithmeticError(`${spelling} is not a constant of type int`);
  const bytes = escapedBytes(spelling.slice(1, -1));
  if (bytes.length === 0) throw new ArithmeticError('empty character constant');
  if (bytes.length === 1) return charSigned ? BigInt.asIntN(8, BigInt(bytes[0] as number)) : BigInt(bytes[0] as number);
  return BigInt.asIntN(
    32,
    bytes.slice(-4).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
  );
}

/** The bytes of what `\u` and four or `\U` and eight digits name. */
function universalBytes(digits: string): Uint8Array {
  const point = Number.parseInt(digits, 16);
  if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
    throw new ArithmeticError(`0x${digits} is not the number of a character`);
  }
  return encoder.encode(String.fromCodePoint(point));
}

function escapedBytes(text: string): number[] {
  const bytes: number[] = [];
  for (const [, octal, hex, short, long, simple, plain] of text.matchAll(escapeOrText)) {
    const universal = short ?? long;
    if (plain !== undefined) for (const byte of encoder.encode(plain)) bytes.push(byte);
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16) & 0xff);
    else if (universal !== undefined) bytes.push(...universalBytes(universal));
    else {
      const value = simpleEscapes.get(simple as string);
      if (value === undefined) throw new ArithmeticError(`unknown escape \\${simple}`);
      bytes.push(value);
    }
  }
  return bytes;
}
