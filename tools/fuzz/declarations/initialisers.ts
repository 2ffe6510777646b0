/** Random arrays whose length their initialiser decides. */

import { sized } from './expressions.js';
import type { Random } from './random.js';
import type { Parts } from './types.js';

export function initialised(parts: Parts, id: string, attribute: (list: string) => string): readonly string[] {
  const { random } = parts;
  const name = `tab_${id}`;
  const aligned = random.oneIn(8) ? attribute('aligned(16)') : '';
  const storage = random.pick(['static const', 'static', 'const static', 'static const volatile']);
  return [
    `${storage} ${declared(parts, name, aligned)};`,
    `#define N_${id} (sizeof(${name}) / sizeof(${name}[0]))`,
    `#define S_${id} sizeof ${name}`,
    `#define L_${id} _Alignof(${name})`,
    `struct u_${id} { char list[sizeof(${name})]; __typeof__(${name}) copy; };`,
  ];
}

function declared(parts: Parts, name: string, aligned: string): string {
  const { random } = parts;
  const list = (item: () => string): string =>
    `{ ${random.some(1, 5, item).join(', ')}${random.pick(['', ',', ' '])} }`;
  return random.pick<() => string>([
    () => `char ${name}[] ${aligned} = ${text(random)}`,
    () => `${random.pick(['unsigned char', 'signed char', 'char'])} ${name}[] ${aligned} = { ${text(random)} }`,
    () => `${random.pick(['wchar_t ', 'int '])}${name}[] ${aligned} = L"wide\\x123"`,
    () => `${random.pick(['unsigned short', '__CHAR16_TYPE__'])} ${name}[] = u"ab\\u20ac\\U0001f600"`,
    () => `${random.pick(['unsigned', '__CHAR32_TYPE__'])} ${name}[] = U"ab\\u20ac\\U0001f600"`,
    () => `char ${name}[] = u8"\\u20ac\\x41"`,
    () =>
      `${random.pick(['int', 'short', 'long', 'unsigned char'])} ${name}[] ${aligned} = ${list(() => sized(random, 0, 100))}`,
    () => `int ${name}[] = ${list(() => designated(parts, sized(random, 0, 9)))}`,
    () =>
      `struct pair ${name}[] = ${list(() => random.pick(["{ 'a', 1 }", '{ .b = 3 }', "'c', 4", '{ 0 }', '{ .a = 1, 2 }', '[3] = { 1, 2 }', '[1].b = 5', '{ }']))}`,
    () =>
      `int ${name}[][2] = ${list(() => random.pick(['{ 1, 2 }', '{ 3 }', '4, 5', '[2] = { 6 }', '6', '[3][1] = 7', '{ }']))}`,
    () =>
      `char ${name}[][4] = ${list(() => random.pick(['"abc"', '"ab"', '{ "a" }', "{ 'a', 'b' }", '[3] = "x"', '"abcd"']))}`,
    () =>
      `const char *const ${name}[] = ${list(() => random.pick(['"abc"', '0', '[4] = "x"', '(char *)0', '"a" "b"']))}`,
    () =>
      `struct nested ${name}[] = ${list(() => random.pick(["{ { 'a', 1 } }", "'a', 1, 2, 3, 4, 5, 6, 7, 8, 'z'", '{ .inner[1].y[0] = 3 }', '{ .tail = 1 }', '[2] = { .inner[0] = { 1, { 2, 3 } } }']))}`,
    () => `union mixed ${name}[] = ${list(() => random.pick(['{ 1 }', '{ .b = 2.5 }', '3', '[2] = { 4 }', '{ }']))}`,
    () =>
      `struct { char kind; struct pair of[2]; } ${name}[] = ${list(() => random.pick(['{ 1 }', '{ 1, { { 2, 3 } } }', '1, 2, 3, 4, 5', '[1].of[1].b = 2', '{ .of = { [1] = { 1, 2 } } }']))}`,
    () => `triple ${name}[] = ${list(() => random.pick(['{ 1, 2, 3 }', '1, 2', '4', '[1] = { 1 }']))}`,
    () => `double ${name}[] = ${list(() => random.pick(['1.5', '2', '[3] = .5', '1e3f']))}`,
    () => `struct { int a; char tail[]; } ${name}[1] = { { 1 } }`,
    () => `_Bool ${name}[] = ${list(() => random.pick(['1', '0', '2 > 1', '[5] = 1']))}`,
  ])();
}

function designated(parts: Parts, value: string): string {
  const { random } = parts;
  const at = sized(random, 0, 12);
  const range = (): string => {
    const first = random.below(8);
    return `[${first} ... ${first + 1 + random.below(6)}] = ${value}`;
  };
  return random.pick<() => string>([
    () => value,
    () => value,
    () => `[${at}] = ${value}`,
    range,
    () => `[LARGE_A] = ${value}`,
    () => `[${at}] ${value}`,
  ])();
}

function text(random: Random): string {
  return random.pick([
    '"abc"',
    '"a" "b"',
    '""',
    '"a\\0b"',
    '"\\x41\\102\\n"',
    '("abc")',
    '"tab\\tend" u8"\\u00e9"',
    'u8"x"',
    '"\\x41" "1"',
  ]);
}
