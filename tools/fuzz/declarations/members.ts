/** Random members of records. */

import { expression } from './expressions.js';
import { attributes, brackets, declarator, enumTypes, integerTypes, type Parts, typeName } from './types.js';

/** Returns the lines of the members of a record. Each name begins with the record's number, and is used once. */
export function recordBody(parts: Parts, id: string, isStruct: boolean): string[] {
  let count = 0;
  const name = (): string => `m_${id}_${count++}`;
  const lines = membersOf(parts, name, 2, 1, 6);
  const { random } = parts;
  if (isStruct && random.oneIn(8)) {
    lines.push(`${random.pick(['char', 'short', 'struct pair', 'long', 'int_1'])} ${name()}[];`);
  }
  return lines;
}

function membersOf(parts: Parts, name: () => string, depth: number, least: number, most: number): string[] {
  return parts.random.some(least, most, () => memberOf(parts, name, depth)).flat();
}

function memberOf(parts: Parts, name: () => string, depth: number): string[] {
  const { random } = parts;
  const kind = random.below(20);
  if (kind < 6) return [bitField(parts, name)];
  if (kind === 6 && depth > 0) return nested(parts, name, depth - 1);
  if (kind === 7) return [`_Static_assert(sizeof(${typeName(parts)}) ${random.pick(['>= 1', '> 0', '+ 1'])}, "");`];
  if (kind === 8)
    return [
      `${typeName(parts)} ${name()} ${attributes(parts, 6)}, ${declarator(parts, name())} ${attributes(parts, 4)}, ${declarator(parts, name())} ${attributes(parts, 4)};`,
    ];
  if (kind === 9) {
    const value = `v${name()}`;
    return [
      `enum ${random.oneIn(3) ? '__attribute__((packed))' : ''} { ${value} = ${random.pick(['1', '-1', '300', '0x100000000'])} } ${random.oneIn(3) ? `${name()} : 2` : name()} ${attributes(parts, 6)};`,
    ];
  }
  if (kind === 10)
    return [
      `struct { ${typeName(parts)} a; } ${attributes(parts, 3)} ${name()}${random.maybe(4, () => '[2]')} ${attributes(parts, 4)};`,
    ];
  return [plain(parts, name())];
}

function plain(parts: Parts, name: string): string {
  const { random } = parts;
  const alignas = random.oneIn(12)
    ? `_Alignas(${random.pick(['8', '16', '4', 'double', 'long', 'max_align_t', '32', 'struct pair', 'sizeof(long)', '0'])})`
    : '';
  const qualifier = random.pick(['', '', '', '', 'const', 'volatile', '__const', '__volatile__ const']);
  const type = typeName(parts);
  const [first, second] = random.oneIn(10) && !type.includes('__attribute') ? [type, qualifier] : [qualifier, type];
  const marked = random.oneIn(30) ? '__extension__ ' : '';
  return `${marked}${marked === '' ? brackets(parts, 14) : ''} ${attributes(parts, 10)} ${alignas} ${first} ${second} ${attributes(parts, 8)} ${declarator(parts, name)} ${attributes(parts, 5)};`;
}

const widths: Readonly<Record<string, number>> = {
  char: 8,
  'signed char': 8,
  'unsigned char': 8,
  octet: 8,
  _Bool: 1,
  short: 16,
  'unsigned short int': 16,
  'short signed': 16,
  char_2: 8,
  short_4: 16,
  'enum tiny': 8,
  '__signed__ char': 8,
  __INT_LEAST8_TYPE__: 8,
};

function bitField(parts: Parts, name: () => string): string {
  const { random } = parts;
  const type = random.oneIn(4)
    ? random.pick([...enumTypes, 'int_1', 'int_2', 'int_8', 'short_4', 'char_2', 'u64_4', '_Atomic int'])
    : random.pick(integerTypes);
  const limit = widths[type] ?? 32;
  const width = random.oneIn(12)
    ? `((${expression(parts, 1)}) & ${limit === 1 ? 0 : Math.min(limit, 8) - 1}) + 1`
    : String(1 + random.below(limit));
  if (random.oneIn(10)) return `${type} : ${random.oneIn(2) ? '0' : width} ${attributes(parts, 8)};`;
  return `${brackets(parts, 16)} ${attributes(parts, 14)} ${random.oneIn(8) ? 'const ' : ''}${type} ${attributes(parts, 14)} ${name()} : ${width} ${attributes(parts, 5)};`;
}

function nested(parts: Parts, name: () => string, depth: number): string[] {
  const { random } = parts;
  const keyword = random.pick(['struct', 'struct', 'union']);
  return [
    `${attributes(parts, 14)} ${keyword} ${brackets(parts, 14)} ${attributes(parts, 8)} {`,
    ...membersOf(parts, name, depth, 1, 3),
    `} ${attributes(parts, 4)} ${random.oneIn(2) ? declarator(parts, name()) : ''} ${attributes(parts, 5)};`,
  ];
}
