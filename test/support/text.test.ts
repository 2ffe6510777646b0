import { describe, expect, it } from 'vitest';
import { type ArrayView, CharArray, S8Array, U8Array, UnsignedCharArray } from '../../support/index.js';
import { hasCompiler, needsCompiler, printedByCompiled } from '../../tools/lib/gcc.js';

type Text = ArrayView<number> & { text: string };
const classes = [
  { make: CharArray, base: S8Array },
  { make: UnsignedCharArray, base: U8Array },
];

/** Returns an array in the middle of memory that contains other bytes. */
function arrayOf(make: (typeof classes)[number]['make'], length: number, content: readonly number[] = []): Text {
  const memory = new Uint8Array(length + 8).fill(0xa5);
  memory.set(content, 4);
  return new make(new DataView(memory.buffer), 4, length);
}

function around({ view, length }: Text): number[] {
  const all = [...new Uint8Array(view.buffer)];
  return [...all.slice(0, 4), ...all.slice(4 + length)];
}

const texts = ['', 'a', 'tun0', 'fifteen letters', 'exactly sixteen!', 'grüße', '€', '名前', '🎉🎉🎉', '% %41 %zz'];
const size = 16;

describe.skipIf(!hasCompiler)(`text in C ${needsCompiler}`, () => {
  const program = `#include <stdio.h>
#include <string.h>
static void show(const char *text) {
  char array[${size}];
  memset(array, 0xa5, sizeof array);
  strncpy(array, text, sizeof array);
  for (int at = 0; at < ${size}; at++) printf("%d ", (unsigned char)array[at]);
  puts("");
}
int main(void) {
${texts.map((text) => `  show(${JSON.stringify(text)});`).join('\n')}
  return 0;
}
`;

  it.each(classes)('$make.name writes and reads the same bytes as C', ({ make }) => {
    const images = printedByCompiled(program).trimEnd().split('\n');
    expect(images).toHaveLength(texts.length);
    for (const [index, image] of images.entries()) {
      const bytes = image.trim().split(' ').map(Number);
      const written = arrayOf(make, size);
      written.text = texts[index] as string;
      expect([...written.bytes()]).toEqual(bytes);
      expect(around(written)).toEqual(new Array(8).fill(0xa5));
      expect(arrayOf(make, size, bytes).text).toBe(texts[index]);
    }
  });
});

describe.each(classes)('$make.name', ({ make, base }) => {
  it('the array also has its bytes as elements', () => {
    const array = arrayOf(make, 2, [0x80, 0x41]);
    expect(array).toBeInstanceOf(base);
    expect([...array]).toEqual([...new base(array.view, 4, 2)]);
  });

  it.each([
    [[0x41, 0, 0x42, 0xff], 'A'],
    [[0, 0x41, 0x41, 0x41], ''],
    [[0x41, 0x42, 0x43, 0x44], 'ABCD'],
    [[0x41, 0xff, 0x42, 0], 'A\xffB'],
    // An incomplete character, an overlong form, half of a surrogate pair, and a character after the last one.
    [[0x41, 0xe2, 0x82, 0], 'A\xe2\x82'],
    [[0xc1, 0x81, 0, 0], '\xc1\x81'],
    [[0xed, 0xa0, 0x80, 0], '\xed\xa0\x80'],
    [[0xf4, 0x90, 0x80, 0x80], '\xf4\x90\x80\x80'],
  ])('the bytes %j are read as %j', (bytes, text) => {
    expect(arrayOf(make, 4, bytes).text).toBe(text);
  });

  it.each([
    ['five!', 'a text of 5 bytes does not fit into an array of 4 bytes'],
    ['äää', 'a text of 6 bytes does not fit into an array of 4 bytes'],
    ['a\0b', 'a text in C memory must not contain a NUL or a lone surrogate'],
    ['\ud83c', 'a text in C memory must not contain a NUL or a lone surrogate'],
    ['\udf89a', 'a text in C memory must not contain a NUL or a lone surrogate'],
  ])('the text %j is refused, and nothing is written', (text, message) => {
    const array = arrayOf(make, 4, [1, 2, 3, 4]);
    expect(() => {
      array.text = text;
    }).toThrow(new RangeError(message));
    expect([...array.bytes()]).toEqual([1, 2, 3, 4]);
  });

  it('a shorter text leaves no byte of the longer text before it', () => {
    const array = arrayOf(make, 6);
    array.text = 'abcdef';
    array.text = 'xy';
    expect([...array.bytes()]).toEqual([0x78, 0x79, 0, 0, 0, 0]);
    array.text = 'abc\u00e9';
    array.text = 'z';
    expect([...array.bytes()]).toEqual([0x7a, 0, 0, 0, 0, 0]);
    expect(around(array)).toEqual(new Array(8).fill(0xa5));
  });

  it('text works over shared memory, and throws a TypeError if the buffer is detached', () => {
    const shared: Text = new make(new DataView(new SharedArrayBuffer(8)), 2, 5);
    shared.text = 'abc';
    expect([...new Uint8Array(shared.view.buffer)]).toEqual([0, 0, 97, 98, 99, 0, 0, 0]);
    expect(shared.text).toBe('abc');
    const gone = arrayOf(make, 4);
    structuredClone(gone.view.buffer, { transfer: [gone.view.buffer as ArrayBuffer] });
    expect(() => gone.text).toThrow(TypeError);
    expect(() => {
      gone.text = '';
    }).toThrow(TypeError);
  });
});
