/** Changes real headers: random mistakes, as by people and disks, and attacks by somebody who wants to cause damage. */

import fc from 'fast-check';

/** One change of a text. */
interface Step {
  readonly how: string;
  /** The position, in millionths of the text. */
  readonly at: number;
  /** A second position. */
  readonly to: number;
  /** The number of repetitions or the amount: ten to the power of a tenth of this number. */
  readonly size: number;
}

/** A header and the changes, in the order in which they are applied. */
export interface Mutant {
  /** The header, spelled as in an `#include`. */
  readonly header: string;
  readonly steps: readonly Step[];
}

export function mutantsOf(headers: readonly string[]): fc.Arbitrary<Mutant> {
  const share = fc.noBias(fc.integer({ min: 0, max: 999_999 }));
  const step = fc.record({
    how: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...Object.keys(slips)) },
      { weight: 1, arbitrary: fc.constantFrom(...Object.keys(attacks)) },
    ),
    at: share,
    to: share,
    // Half of the sizes are so large that a stack cannot hold a level for each repetition.
    size: fc.oneof(fc.noBias(fc.integer({ min: 0, max: 45 })), fc.integer({ min: 42, max: 45 })),
  });
  return fc.record({
    header: fc.constantFrom(...headers),
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  });
}

/** Returns the bytes of a header after all changes. */
export function mutated(bytes: Uint8Array, { header, steps }: Mutant): Uint8Array {
  // One character per byte, so that every byte value is possible.
  let text = Buffer.from(bytes).toString('latin1');
  for (const { how, at, to, size } of steps) {
    const act = slips[how] ?? attacks[how];
    if (!act) throw new Error(`unknown change '${how}'`);
    text = act(new Parts(text, at / 1e6, to / 1e6), Math.round(10 ** (size / 10)), header);
  }
  return Buffer.from(text, 'latin1');
}

const token = /\\\n|\n|[ \t]+|\w+|"[^"\n]*"|'[^'\n]*'|\/\*[\s\S]*?\*\/|##?|<<|>>|[^\w\s]/g;

/** A text and two positions in it. */
class Parts {
  readonly text: string;
  readonly tokens: readonly string[];
  readonly #at: number;
  readonly #to: number;

  constructor(text: string, at: number, to: number) {
    this.text = text;
    this.tokens = text.match(token) ?? [''];
    this.#at = at;
    this.#to = to;
  }

  /** The first position as an offset. */
  get place(): number {
    return Math.floor(this.#at * this.text.length);
  }

  get first(): string {
    return this.tokens[this.#index(this.#at)] ?? '';
  }

  get second(): string {
    return this.tokens[this.#index(this.#to)] ?? '';
  }

  /** Returns the text with the token at the first position replaced. */
  replaced(by: string): string {
    return this.tokens.with(this.#index(this.#at), by).join('');
  }

  /** Returns the text with an additional line at the first position. */
  withLine(line: string): string {
    const lines = this.text.split('\n');
    lines.splice(Math.floor(this.#at * lines.length), 0, line);
    return lines.join('\n');
  }

  /** Returns the text with the tokens at both positions exchanged. */
  swapped(): string {
    const tokens = [...this.tokens];
    tokens[this.#index(this.#at)] = this.second;
    tokens[this.#index(this.#to)] = this.first;
    return tokens.join('');
  }

  /**
   * Returns the text before the first position, the text between the positions, and the text after the second position.
   */
  split(): readonly [string, string, string] {
    const [from, to] = [this.#at, this.#to]
      .map((share) => Math.floor(share * this.text.length))
      .sort((a, b) => a - b) as [number, number];
    return [this.text.slice(0, from), this.text.slice(from, to), this.text.slice(to)];
  }

  /** Splits the text in the same way at lines. */
  splitLines(): readonly [string, string, string] {
    const lines = this.text.split(/(?<=\n)/);
    const [from, to] = [this.#at, this.#to].map((share) => Math.floor(share * lines.length)).sort((a, b) => a - b) as [
      number,
      number,
    ];
    return [lines.slice(0, from).join(''), lines.slice(from, to).join(''), lines.slice(to).join('')];
  }

  #index(share: number): number {
    return Math.floor(share * Math.max(this.tokens.length, 1));
  }
}

type Action = (parts: Parts, count: number, header: string) => string;

/** A name that no header has. */
const fresh = 'a_name_that_no_header_has';

/**
 * Returns macros of which each contains the previous macro several times, so that the expansion grows exponentially.
 */
function exponentialMacros(say: (before: string) => string): string {
  const definitions = Array.from({ length: 12 }, (_, n) => `#define ${fresh}${n + 1} ${say(`${fresh}${n}`)}`);
  return [`#define ${fresh}0 1`, ...definitions].join('\n');
}

/** Random mistakes. */
const slips: Readonly<Record<string, Action>> = {
  'flip a bit': (parts, count) => {
    const { text, place } = parts;
    const flipped = String.fromCharCode(text.charCodeAt(place) ^ (1 << (count % 8)));
    return text.slice(0, place) + flipped + text.slice(place + 1);
  },
  'flip bytes': (parts, count) => {
    const [before, inside, after] = parts.split();
    const every = Math.max(1, Math.floor(inside.length / Math.min(count, 100)));
    const flipped = [...inside].map((c, index) =>
      index % every === 0 ? String.fromCharCode(c.charCodeAt(0) ^ 0x11) : c,
    );
    return before + flipped.join('') + after;
  },
  'remove a token': (parts) => parts.replaced(''),
  'duplicate a token': (parts) => parts.replaced(`${parts.first} ${parts.first}`),
  'replace a token': (parts) => parts.replaced(parts.second),
  'swap two tokens': (parts) => parts.swapped(),
  'remove a range': (parts) => parts.split()[0] + parts.split()[2],
  'remove the end': (parts) => parts.split()[0],
  'remove lines': (parts) => parts.splitLines()[0] + parts.splitLines()[2],
  'duplicate lines': (parts) =>
    parts
      .splitLines()
      .map((part, index) => (index === 1 ? part + part : part))
      .join(''),
  'move lines': (parts) => {
    const [before, lines, after] = parts.splitLines();
    return after + lines + before;
  },
  'join all lines': ({ text }) => text.replaceAll('\n', ' '),
  'continue every line': ({ text }) => text.replaceAll('\n', '\\\n'),
  'open a comment': (parts) => parts.replaced(`/* ${parts.first}`),
  'open a string': (parts, count) => parts.replaced(`${count % 2 === 0 ? '"' : "'"}${parts.first}`),
  'add an #endif': (parts) => parts.withLine('#endif'),
  'add an #else': (parts) => parts.withLine('#else'),
  'add a zero byte': (parts) => parts.replaced(`${parts.first}\0`),
  'add invalid UTF-8': (parts) => parts.replaced(`${parts.first}\xff`),
};

const openings = ['(', '[', '{', '((', '[(', '{ struct {', '(*', '- ', '* ', '1 ? ', 'sizeof(', '/*', '#if 1\n'];

/** Attacks. */
const attacks: Readonly<Record<string, Action>> = {
  'repeat a token': (parts, count) => parts.replaced(`${parts.first} `.repeat(count)),
  'repeat a token in one word': (parts, count) => parts.replaced(parts.first.trim().repeat(count)),
  'open brackets': (parts, count) =>
    parts.replaced((openings[count % openings.length] as string).repeat(count) + parts.first),
  'nest parentheses': (parts, count) => parts.replaced(`${'('.repeat(count)}${parts.first}${')'.repeat(count)}`),
  'nest structs': (parts, count) => parts.withLine(`${'struct {'.repeat(count)} int a; ${'} a;'.repeat(count)}`),
  'a huge number': (parts, count) => parts.replaced(` ${'9'.repeat(count)} `),
  'a huge hexadecimal number': (parts, count) => parts.replaced(` 0x${'f'.repeat(count)} `),
  'an enormous array': (parts, count) => parts.replaced(`${parts.first}[${10n ** BigInt(count % 40)}]`),
  'many dimensions': (parts, count) => parts.replaced(`${parts.first}${'[9]'.repeat(count)}`),
  'an enormous shift': (parts, count) => parts.replaced(`${parts.first} << ${10n ** BigInt(count % 40)}`),
  'an enormous alignment': (parts, count) =>
    parts.replaced(`${parts.first} __attribute__((aligned(1${'0'.repeat(count % 40)})))`),
  'many enumerators': (parts, count) =>
    parts.withLine(
      `enum { ${Array.from({ length: count }, (_, n) => `${fresh}${n} = ${fresh}${n + 1}`).join(', ')} };`,
    ),
  'open conditions': (parts, count) => parts.withLine('#if 1\n'.repeat(count)),
  'nest conditions': (parts, count) => parts.withLine('#if 1\n'.repeat(count) + '#endif\n'.repeat(count)),
  'a long chain in a condition': (parts, count) => parts.withLine(`#if ${'0 || '.repeat(count)} 1\n#endif`),
  'include itself': (parts, _, header) =>
    parts.withLine(`#undef ${header.replace(/\W/g, '_').toUpperCase()}\n#include <${header}>`),
  'include a long name': (parts, count) => parts.withLine(`#include <${parts.second.trim().repeat(count)}>`),
  'a recursive macro': (parts) =>
    parts.withLine(`#define ${parts.first.trim()} ${parts.first.trim()}(${parts.first.trim()}) ${parts.second}`),
  'a name as a macro': (parts, count) =>
    parts.withLine(`#define ${parts.first.trim()}(a, b...) ${parts.second} ## a ${'b '.repeat(count % 50)}`),
  'an exponential macro': (parts, count) =>
    `${exponentialMacros((before) => `${before} `.repeat(2 + (count % 9)))}\n${parts.replaced(` ${fresh}12 `)}`,
  'an exponential condition': (parts, count) =>
    `${exponentialMacros((before) =>
      Array(2 + (count % 9))
        .fill(before)
        .join(' + '),
    )}\n${parts.withLine(`#if ${fresh}12\n#endif`)}`,
  'an exponential name': (parts) =>
    `#define ${fresh}p(a, b) a ## b\n#define ${fresh}q(a, b) ${fresh}p(a, b)\n${exponentialMacros((before) => `${fresh}q(${before}, ${before})`)}\n${parts.replaced(` ${fresh}12 `)}`,
  'arguments in arguments': (parts, count) =>
    `#define ${fresh}f(a) a a\n${parts.replaced(`${`${fresh}f(`.repeat(count)}${parts.first}${')'.repeat(count)}`)}`,
  'an exponential type': (parts) =>
    parts.withLine(
      `extern struct { int a; } ${fresh}0;\n${Array.from({ length: 30 }, (_, n) => `extern struct { __typeof__(${fresh}${n}) a, b; } ${fresh}${n + 1};`).join('\n')}\nstruct ${fresh} { __typeof__(${fresh}30) a; };`,
    ),
};
