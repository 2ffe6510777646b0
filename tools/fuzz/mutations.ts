/** Real headers with something wrong done to them: by what hands and disks do, and by what somebody does who means harm. */

import fc from 'fast-check';

/** One thing done to a text. */
interface Step {
  readonly how: string;
  /** Where, in millionths of the text. */
  readonly at: number;
  /** A second place. */
  readonly to: number;
  /** How often, or how much: ten to the power of a tenth of it. */
  readonly size: number;
}

/** A header and what is done to it, one after the other. */
export interface Mutant {
  /** As an `#include` spells it. */
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
    // Half of them so large that no stack would hold a level for each.
    size: fc.oneof(fc.noBias(fc.integer({ min: 0, max: 45 })), fc.integer({ min: 42, max: 45 })),
  });
  return fc.record({
    header: fc.constantFrom(...headers),
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  });
}

/** The bytes of a header after all steps. */
export function mutated(bytes: Uint8Array, { header, steps }: Mutant): Uint8Array {
  // One character per byte, so that a byte can be anything.
  let text = Buffer.from(bytes).toString('latin1');
  for (const { how, at, to, size } of steps) {
    const act = slips[how] ?? attacks[how];
    if (!act) throw new Error(`nothing is called '${how}'`);
    text = act(new Parts(text, at / 1e6, to / 1e6), Math.round(10 ** (size / 10)), header);
  }
  return Buffer.from(text, 'latin1');
}

const token = /\\\n|\n|[ \t]+|\w+|"[^"\n]*"|'[^'\n]*'|\/\*[\s\S]*?\*\/|##?|<<|>>|[^\w\s]/g;

/** A text and two places in it. */
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

  /** The first place as an offset. */
  get place(): number {
    return Math.floor(this.#at * this.text.length);
  }

  get first(): string {
    return this.tokens[this.#index(this.#at)] ?? '';
  }

  get second(): string {
    return this.tokens[this.#index(this.#to)] ?? '';
  }

  /** The text with something else in the place of the token at the first place. */
  replaced(by: string): string {
    return this.tokens.with(this.#index(this.#at), by).join('');
  }

  /** With something on a line of its own at the first place. */
  withLine(line: string): string {
    const lines = this.text.split('\n');
    lines.splice(Math.floor(this.#at * lines.length), 0, line);
    return lines.join('\n');
  }

  /** With other tokens at both places. */
  swapped(): string {
    const tokens = [...this.tokens];
    tokens[this.#index(this.#at)] = this.second;
    tokens[this.#index(this.#to)] = this.first;
    return tokens.join('');
  }

  /** The text before the first place, from there to the second, and after that. */
  split(): readonly [string, string, string] {
    const [from, to] = [this.#at, this.#to]
      .map((share) => Math.floor(share * this.text.length))
      .sort((a, b) => a - b) as [number, number];
    return [this.text.slice(0, from), this.text.slice(from, to), this.text.slice(to)];
  }

  /** The same of lines. */
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

/** Macros each of which says the one before it ten times. */
function laughs(say: (before: string) => string): string {
  const definitions = Array.from({ length: 12 }, (_, n) => `#define ${fresh}${n + 1} ${say(`${fresh}${n}`)}`);
  return [`#define ${fresh}0 1`, ...definitions].join('\n');
}

/** What happens to files. */
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
  'leave out a token': (parts) => parts.replaced(''),
  'say a token twice': (parts) => parts.replaced(`${parts.first} ${parts.first}`),
  'put a token for another': (parts) => parts.replaced(parts.second),
  'swap two tokens': (parts) => parts.swapped(),
  'cut something out': (parts) => parts.split()[0] + parts.split()[2],
  'cut the end off': (parts) => parts.split()[0],
  'cut lines out': (parts) => parts.splitLines()[0] + parts.splitLines()[2],
  'say lines twice': (parts) =>
    parts
      .splitLines()
      .map((part, index) => (index === 1 ? part + part : part))
      .join(''),
  'move lines': (parts) => {
    const [before, lines, after] = parts.splitLines();
    return after + lines + before;
  },
  'one long line': ({ text }) => text.replaceAll('\n', ' '),
  'continue every line': ({ text }) => text.replaceAll('\n', '\\\n'),
  'open a comment': (parts) => parts.replaced(`/* ${parts.first}`),
  'open a string': (parts, count) => parts.replaced(`${count % 2 === 0 ? '"' : "'"}${parts.first}`),
  'another end of a condition': (parts) => parts.withLine('#endif'),
  'another else': (parts) => parts.withLine('#else'),
  'a zero byte': (parts) => parts.replaced(`${parts.first}\0`),
  'no UTF-8': (parts) => parts.replaced(`${parts.first}\xff`),
};

const openings = ['(', '[', '{', '((', '[(', '{ struct {', '(*', '- ', '* ', '1 ? ', 'sizeof(', '/*', '#if 1\n'];

/** What somebody does who means harm. */
const attacks: Readonly<Record<string, Action>> = {
  'say a token often': (parts, count) => parts.replaced(`${parts.first} `.repeat(count)),
  'say a token often in one word': (parts, count) => parts.replaced(parts.first.trim().repeat(count)),
  'open brackets': (parts, count) =>
    parts.replaced((openings[count % openings.length] as string).repeat(count) + parts.first),
  'put into brackets': (parts, count) => parts.replaced(`${'('.repeat(count)}${parts.first}${')'.repeat(count)}`),
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
  conditions: (parts, count) => parts.withLine('#if 1\n'.repeat(count)),
  'conditions closed': (parts, count) => parts.withLine('#if 1\n'.repeat(count) + '#endif\n'.repeat(count)),
  'a condition that is a chain': (parts, count) => parts.withLine(`#if ${'0 || '.repeat(count)} 1\n#endif`),
  'includes itself': (parts, _, header) =>
    parts.withLine(`#undef ${header.replace(/\W/g, '_').toUpperCase()}\n#include <${header}>`),
  'includes something': (parts, count) => parts.withLine(`#include <${parts.second.trim().repeat(count)}>`),
  'a macro of itself': (parts) =>
    parts.withLine(`#define ${parts.first.trim()} ${parts.first.trim()}(${parts.first.trim()}) ${parts.second}`),
  'a name as a macro': (parts, count) =>
    parts.withLine(`#define ${parts.first.trim()}(a, b...) ${parts.second} ## a ${'b '.repeat(count % 50)}`),
  'a macro of no end': (parts, count) =>
    `${laughs((before) => `${before} `.repeat(2 + (count % 9)))}\n${parts.replaced(` ${fresh}12 `)}`,
  'a condition of no end': (parts, count) =>
    `${laughs((before) =>
      Array(2 + (count % 9))
        .fill(before)
        .join(' + '),
    )}\n${parts.withLine(`#if ${fresh}12\n#endif`)}`,
  'a name of no end': (parts) =>
    `#define ${fresh}p(a, b) a ## b\n#define ${fresh}q(a, b) ${fresh}p(a, b)\n${laughs((before) => `${fresh}q(${before}, ${before})`)}\n${parts.replaced(` ${fresh}12 `)}`,
  'arguments in arguments': (parts, count) =>
    `#define ${fresh}f(a) a a\n${parts.replaced(`${`${fresh}f(`.repeat(count)}${parts.first}${')'.repeat(count)}`)}`,
  'types of types': (parts) =>
    parts.withLine(
      `extern struct { int a; } ${fresh}0;\n${Array.from({ length: 30 }, (_, n) => `extern struct { __typeof__(${fresh}${n}) a, b; } ${fresh}${n + 1};`).join('\n')}\nstruct ${fresh} { __typeof__(${fresh}30) a; };`,
    ),
};
