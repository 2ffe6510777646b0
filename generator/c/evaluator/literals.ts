/** Character constants and string literals: converts their spelling to values as C does. */

import { encodeSource } from '../../headers/source-text.js';
import { ArithmeticError, convert, type Integer, type IntegerType } from './arithmetic.js';
import type { Scope } from './scope.js';

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
]);
const escapeOrText = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\]+)/gsu;

/** The prefix of a string or a character. It selects the type of the units. */
export type Prefix = '' | 'u8' | 'u' | 'U' | 'L';

/** The facts about the target's characters. */
export type Characters = Pick<Scope, 'charSigned' | 'integers' | 'wideCharacter' | 'integerType'>;

const spelling = /^(u8|u|U|L|)(["'])(.*)["']$/s;

function partsOf(text: string, quote: '"' | "'"): { readonly prefix: Prefix; readonly content: string } {
  const [, prefix, found, content = ''] = spelling.exec(text) ?? [];
  if (found !== quote) throw new ArithmeticError(`${text} is not a ${quote === '"' ? 'string' : 'character'}`);
  return { prefix: prefix as Prefix, content };
}

/** Returns the bytes of a string of `char` without the terminating NUL. */
export function stringBytes(text: string): number[] {
  const { prefix, content } = partsOf(text, '"');
  if (prefix !== '' && prefix !== 'u8') throw new ArithmeticError(`${text} is not a string of char`);
  return unitsOf(content, 8);
}

export interface StringUnits {
  readonly prefix: Prefix;
  /** Without the terminating NUL. */
  readonly units: readonly number[];
}

/** Returns the units of adjacent string literals. A prefix of one literal is the prefix of all. */
export function stringUnits(texts: readonly string[], scope: Characters): StringUnits {
  let prefix: Prefix = '';
  const parts = texts.map((text) => partsOf(text, '"'));
  for (const part of parts) {
    if (part.prefix === '') continue;
    if (prefix !== '' && prefix !== part.prefix) {
      throw new ArithmeticError(`adjacent strings with the prefixes ${prefix} and ${part.prefix}`);
    }
    prefix = part.prefix;
  }
  const { width } = unitType(prefix, scope);
  return { prefix, units: parts.flatMap(({ content }) => unitsOf(content, width)) };
}

/** Returns the type of a string's elements. */
export function unitType(prefix: Prefix, scope: Characters): IntegerType {
  const { integers, wideCharacter } = scope;
  if (prefix === 'L') return wideCharacter;
  if (prefix === 'U') return integers.unsignedInt;
  return scope.integerType(prefix === 'u' ? 'unsigned short' : 'char') ?? integers.int;
}

/** Returns the type of a character constant. */
export function characterType(text: string, scope: Characters): IntegerType {
  const { prefix } = partsOf(text, "'");
  return prefix === '' || prefix === 'u8' ? scope.integers.int : unitType(prefix, scope);
}

/** Returns the value of a character constant. Several characters follow GCC's rule. */
export function characterValue(text: string, scope: Characters): Integer {
  const { prefix, content } = partsOf(text, "'");
  const narrow = prefix === '' || prefix === 'u8';
  const type = narrow ? scope.integers.int : unitType(prefix, scope);
  const units = unitsOf(content, narrow ? 8 : type.width);
  const last = units.at(-1);
  if (last === undefined) throw new ArithmeticError('empty character constant');
  if (!narrow) return convert(BigInt(last), type);
  if (units.length === 1) return { type, value: BigInt.asIntN(scope.charSigned ? 8 : 32, BigInt(last)) };
  const joined = units.slice(-4).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return { type, value: BigInt.asIntN(32, joined) };
}

/** Returns the number of a universal character name: `\u` with four digits or `\U` with eight digits. */
function universalPoint(digits: string): number {
  const point = Number.parseInt(digits, 16);
  const basic = point < 0xa0 && point !== 0x24 && point !== 0x40 && point !== 0x60;
  if (basic || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
    throw new ArithmeticError(`0x${digits} is not the number of a character`);
  }
  return point;
}

/** Encodes text in units of 8, 16 or 32 bits: UTF-8, UTF-16 or UTF-32. */
function encoded(text: string, width: number): Iterable<number> {
  if (width === 8) return encodeSource(text);
  // A lone surrogate stands for a byte that is not UTF-8.
  if (/[\ud800-\udfff]/u.test(text)) throw new ArithmeticError('a wide string with bytes that are not UTF-8');
  if (width === 16) return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return Array.from(text, (character) => character.codePointAt(0) as number);
}

function unitsOf(text: string, width: number): number[] {
  const units: number[] = [];
  const mask = (1n << BigInt(width)) - 1n;
  for (const [, octal, hex, short, long, simple, plain] of text.matchAll(escapeOrText)) {
    const universal = short ?? long;
    if (plain !== undefined) for (const unit of encoded(plain, width)) units.push(unit);
    else if (octal !== undefined) units.push(Number(BigInt(`0o${octal}`) & mask));
    else if (hex !== undefined) units.push(Number(BigInt(`0x${hex.slice(-8)}`) & mask));
    else if (universal !== undefined) {
      for (const unit of encoded(String.fromCodePoint(universalPoint(universal)), width)) units.push(unit);
    } else units.push(...escapedUnits(simple as string, width));
  }
  return units;
}

/** GCC takes an unknown escape as the character itself. */
function escapedUnits(character: string, width: number): Iterable<number> {
  if (character === 'x' || character === 'u' || character === 'U') {
    throw new ArithmeticError(`\\${character} without enough hexadecimal digits`);
  }
  const value = simpleEscapes.get(character);
  return value === undefined ? encoded(character, width) : [value];
}
