/** Random groups of declarations. The names of a group end with its number, so that many groups fit into one header. */

import { conditions, values } from './conditions.js';
import { expression, sized } from './expressions.js';
import { initialised } from './initialisers.js';
import { recordBody } from './members.js';
import { Random } from './random.js';
import { attributes, brackets, declarator, gnu, integerTypes, layoutAttribute, type Parts, typeName } from './types.js';

/** A group of declarations. */
export interface Unit {
  readonly index: number;
  /** A declaration, a member or a directive in each line. */
  readonly lines: readonly string[];
}

type Maker = (parts: Parts, id: string) => readonly string[];

/** Returns the group with a number. The same seed and number always give the same group. */
export function unitOf(seed: number, index: number): Unit {
  const random = new Random(Math.imul(seed, 0x9e3779b1) + index);
  const parts: Parts = { random, sized: (least, most) => sized(random, least, most) };
  return { index, lines: random.pick(makers)(parts, String(index)).map(tidy) };
}

function tidy(line: string): string {
  return line
    .replace(/ {2,}/g, ' ')
    .replace(/ ([;,])/g, '$1')
    .trim();
}

/** Returns the records that a group defines, such as `struct r_12`, and its object-like macros. */
export function namesOf({ lines }: Unit): { readonly records: string[]; readonly macros: string[] } {
  const text = lines.join('\n');
  const records = [...text.matchAll(/^(struct|union)\b.*?\b([ru]_\d+) \{/gm)];
  return {
    records: records.map(([, keyword, tag]) => `${keyword} ${tag}`),
    macros: [...new Set([...text.matchAll(/^#define (\w+)\b/gm)].map(([, name = '']) => name))],
  };
}

function record(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const keyword = random.pick(['struct', 'struct', 'struct', 'union']);
  const name = `r_${id}`;
  const head = `${keyword} ${brackets(parts, 10)} ${attributes(parts, 8)} ${name} {`;
  const declared = [head, ...recordBody(parts, id, keyword === 'struct'), `} ${attributes(parts, 3)};`];
  return [...packed(random, declared), `#define L_${id} _Alignof(${keyword} ${name})`];
}

/** Sets a `#pragma pack` for some declarations. */
function packed(random: Random, lines: readonly string[]): string[] {
  if (!random.oneIn(5)) return [...lines];
  const bytes = random.pick(['1', '2', '4', '8', '16']);
  const [start, end] = random.pick([
    [`#pragma pack(${bytes})`, '#pragma pack()'],
    [`#pragma pack(push, ${bytes})`, '#pragma pack(pop)'],
    [`#pragma pack(push)\n#pragma pack(${bytes})`, '#pragma pack(pop)'],
    [`_Pragma("pack(push, ${bytes})")`, '_Pragma("pack(pop)")'],
    [`#pragma pack(push, own, ${bytes})\n#pragma pack(push, 1)`, '#pragma pack(pop, own)'],
  ]);
  return [...start.split('\n'), ...lines, end];
}

function enumeration(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const names: string[] = [];
  const list = random.some(1, 4, (index): string => {
    names.push(`E_${id}_${index}`);
    const own = random.oneIn(5) ? random.pick(['[[deprecated]]', '__attribute__((unused))', '[[gnu::unused]]']) : '';
    return `${names.at(-1)} ${own} ${random.oneIn(3) ? '' : `= ${enumValue(parts, names)}`},`;
  });
  const mark = (times: number): string => (random.oneIn(times) ? gnu(random, enumAttribute(random)) : '');
  return [
    `enum ${random.oneIn(12) ? '[[gnu::packed]]' : ''} ${mark(6)} e_${id} {`,
    ...list,
    `} ${mark(5)};`,
    `struct u_${id} { char first; enum e_${id} ${random.oneIn(4) ? `bits : ${1 + random.below(3)}` : 'member'}; };`,
    `#define L_${id} sizeof(enum e_${id})`,
    `#define T_${id} ((__typeof__(${random.pick(names)}))-1 < 0)`,
  ];
}

function enumAttribute(random: Random): string {
  return random.pick([
    ...[
      'packed',
      '__packed__',
      'mode(QI)',
      'mode(HI)',
      '__mode__(__DI__)',
      'mode(SI)',
      'aligned(8)',
      'aligned(2)',
      'unused',
    ],
    ...['mode(byte)', 'mode(word)', 'packed, aligned(4)', 'mode(pointer)', 'deprecated'],
  ]);
}

function enumValue(parts: Parts, names: readonly string[]): string {
  const { random } = parts;
  if (random.oneIn(6))
    return random.pick([
      '-1',
      '0x7fffffff',
      '0x80000000',
      '-0x80000000ll',
      '0xffffffffffffffffull',
      '1ll << 40',
      '(char)255',
      "'\\xff'",
    ]);
  if (names.length > 1 && random.oneIn(3)) return `${names[0]} ${random.pick(['+ 1', '<< 1', '| 2', '* 2'])}`;
  return random.oneIn(3) ? expression(parts) : random.pick(['1', '100', '250', '3', '40000', "'a'", '-3', '1 << 4']);
}

function typedef(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const name = `t_${id}`;
  const isRecord = random.oneIn(4);
  const before = `${brackets(parts, 14)} ${random.oneIn(12) ? attributes(parts, 1) : ''}`;
  const type = random.pick(['', '', 'const', 'volatile']);
  const lines = isRecord
    ? [
        `${before} typedef ${type} struct ${attributes(parts, 6)} {`,
        ...recordBody(parts, id, true),
        `} ${attributes(parts, 4)} ${random.oneIn(8) ? '*' : ''}${name} ${attributes(parts, 3)};`,
      ]
    : [
        `${before} ${random.oneIn(8) ? `${integerTypes[random.below(8)]} typedef` : `typedef ${type} ${typeName(parts)}`} ${attributes(parts, 5)} ${declarator(parts, name)} ${attributes(parts, 3)};`,
      ];
  return [
    ...packed(random, lines),
    `struct u_${id} { char first; ${name} ${random.oneIn(6) ? `list[2]` : 'member'}${attributes(parts, 12)}; };`,
    `#define S_${id} sizeof(${name})`,
    `#define L_${id} __alignof__(${name})`,
    `#define M_${id} _Alignof(${name} ${random.pick(['*', '[2]', '', '*[3]'])})`,
  ];
}

/** Several declarators in one typedef, each with its own attributes. */
function typedefs(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const first = random.oneIn(3)
    ? `struct ${attributes(parts, 4)} { char a; ${typeName(parts)} b; } ${attributes(parts, 4)}`
    : typeName(parts);
  const names = ['s', 't', 'w'].map((letter) => `${letter}_${id}`);
  const list = names.map(
    (name, index) => `${index > 0 ? attributes(parts, 4) : ''} ${declarator(parts, name)} ${attributes(parts, 4)}`,
  );
  return [
    `typedef ${first} ${list.join(', ')};`,
    `struct u_${id} {`,
    'char first;',
    ...names.map((name, index) => `${name} ${random.oneIn(4) ? '*' : ''}m_${id}_${index};`),
    '};',
    ...names.map(
      (name, index) => `#define ${'KLM'[index]}_${id} ${random.pick(['sizeof', '_Alignof', '__alignof__'])}(${name})`,
    ),
  ];
}

/** Functions and objects that the header only declares, and expressions that use their types. */
function declared(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const result = random.pick([
    ...integerTypes.slice(0, 14),
    'struct pair',
    'void *',
    'double',
    'enum tiny',
    'const char *',
  ]);
  const mark = (): string =>
    random.pick([
      '',
      '',
      '__attribute__((nonnull))',
      '__attribute__((pure, cold))',
      '__asm__("other_name")',
      '__attribute__((format(printf, 1, 2)))',
    ]);
  const storage = random.pick([
    '',
    'extern',
    'extern',
    '__extension__ extern',
    'extern __inline__ __attribute__((gnu_inline))',
  ]);
  const object = random.pick([
    `extern ${typeName(parts)} o_${id}`,
    `extern ${typeName(parts)} ${declarator(parts, `o_${id}`)}`,
    `extern int o_${id}[]; extern int o_${id}[${parts.sized(1, 9)}]`,
    `static struct pair o_${id} = { 1, ${expression(parts, 1)} }`,
    `extern _Thread_local int o_${id}`,
  ]);
  return [
    storage.includes('inline')
      ? `${storage} ${result} f_${id}(int a) { if (a > 2) { return *(${result} *)0; } for (;;) a <<= 1; }`
      : `${storage} ${result} f_${id}(const char *text, ...) ${mark()};`,
    `static __inline ${result} g_${id}(${random.pick(['void', 'int a[static 3]', 'int n, int a[n]', 'struct pair p, int (*f)(int)', 'register int r'])}) ${random.pick(['', '__attribute__((unused))'])};`.replace(
      ') ;',
      ');',
    ),
    `${object};`,
    `#define K_${id} sizeof(f_${id}(${storage.includes('inline') ? '1' : '"x"'}))`,
    `#define L_${id} ${random.pick(['sizeof', '__alignof__', '_Alignof'])}(o_${id})`,
    `#define M_${id} sizeof(${random.pick([`&o_${id}`, `&f_${id}`, `o_${id}`, `*&o_${id}`, `(o_${id})`])})`,
    `struct u_${id} { char first; __typeof__(f_${id}) *call; __typeof__(o_${id}) *object; __typeof__(&o_${id}) pointer; };`,
  ];
}

/** Spellings that the lexer and the preprocessor resolve. */
function spelling(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const number = sized(random, 1, 99);
  return [
    ...random.pick<readonly string[]>([
      [`#define K_${id} (1 + \\`, `${number})`],
      [`#define K_${id} (1 + \\  \t`, `${number})`],
      [`#define K_${id} /* ' " \u0080 \u00e9 */ ${number} // ' "`],
      [`%: define K_${id} (${number})`],
      [`#define /**/ K_${id}\t(${number})`],
      [`#define PASTE_${id}(a, b) a ## b`, `#define K_${id} PASTE_${id}(1, 2u)`],
      [
        `#define TEXT_${id}(...) #__VA_ARGS__`,
        `#define K_${id} TEXT_${id}(a  "b\\n" , c)`,
        `#define S_${id} sizeof(K_${id})`,
      ],
      [`#define COUNT_${id}(a, rest...) sizeof(#rest)`, `#define K_${id} COUNT_${id}(1, 2, 3)`],
      [
        `#define OPT_${id}(a, ...) (a __VA_OPT__(+ 5) + sizeof((int[]){ 0, ## __VA_ARGS__ }))`,
        `#define K_${id} OPT_${id}(1, 2)`,
      ],
      [`enum { \\u00e9t\\u00e9_${id} = ${number} };`, `#define K_${id} \\u00e9t\\u00e9_${id}`],
      [`enum { $dollar_${id} = ${number} };`, `#define K_${id} $dollar_${id}`],
      [`??=define K_${id} 1`].slice(1),
    ]),
    `struct u_${id} <% char list<:${number}:>; %>;`,
  ];
}

function constants(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const made = expression(parts, 3);
  return [
    `#define K_${id} (${made})`,
    `#define Z_${id} sizeof(${made})`,
    `#define U_${id} ((__typeof__(${made}))-1 < (__typeof__(${made}))1)`,
    ...(random.oneIn(3) ? [`enum { E_${id} = ${expression(parts)} };`] : []),
    ...(random.oneIn(3)
      ? [`struct u_${id} { char list[((${made}) & 15) + 1]; unsigned bits : ((${expression(parts)}) & 7) + 1; };`]
      : []),
  ];
}

function assertion(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const made = expression(parts, 2);
  const condition = random.pick([`(${made}) == (${made})`, `sizeof(${made}) >= 1`, `(${made}) || 1`, made]);
  return [`_Static_assert(${condition}${random.oneIn(5) ? '' : `, "the ""message"`});`, `#define K_${id} 1`];
}

function condition(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const test = (): string => random.pick(conditions);
  return [
    `#if ${test()}`,
    `#define K_${id} 1`,
    `#elif ${test()} ${random.pick(['&&', '||'])} ${test()}`,
    `#define K_${id} 2`,
    '#else',
    `#define K_${id} 3`,
    '#endif',
    `#define P_${id} ${random.pick(values)}`,
    `struct u_${id} { char list[K_${id}]; };`,
  ];
}

function variable(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const type = random.pick(integerTypes.filter((each) => !each.startsWith('__')));
  const order = random.pick([
    `static const ${type}`,
    `const static ${type}`,
    `${type} static const`,
    `static ${type} const`,
  ]);
  return [
    `${order} ${attributes(parts, 8)} C_${id} ${attributes(parts, 10)} = ${random.oneIn(2) ? expression(parts) : sized(random, 0, 100)};`,
    `#define S_${id} sizeof(C_${id})`,
    `#define L_${id} _Alignof(C_${id})`,
  ];
}

function request(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const made = (number: number): string => {
    const argument = random.pick([
      'struct pair',
      'int',
      'unsigned long',
      'unnamed_pair',
      'struct bits',
      'char[5]',
      '__UINT64_TYPE__',
      'struct nested',
      'enum tiny',
      'size_t',
    ]);
    const letter = random.pick(["'k'", '0xae', "'\\x12'", 'SEVEN']);
    return random.oneIn(5)
      ? `_IO(${letter}, ${number})`
      : `${random.pick(['_IOR', '_IOW', '_IOWR'])}(${letter}, ${number}, ${argument})`;
  };
  return [
    `enum { IO_${id} = ${made(1)}, IP_${id} = ${random.oneIn(4) ? `IO_${id} + 1` : made(2)} };`,
    `#define IQ_${id} ${made(3)}`,
    `#define IR_${id} IO_${id}`,
  ];
}

function vectors(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const of = random.pick(['int', 'char', 'short', 'float', 'double', 'long long', 'unsigned char', 'int_8']);
  const size = random.pick(['8', '16', '32', '4', '64', '2']);
  const name = `v_${id}`;
  const attribute = gnu(random, `vector_size(${size})`);
  const line = random.pick([
    `typedef ${of} ${name} ${attribute};`,
    `typedef ${of} ${attribute} ${name};`,
    `typedef ${attribute} ${of} ${name};`,
  ]);
  return [
    line,
    ...packed(random, [
      `struct ${attributes(parts, 5)} u_${id} {`,
      'char first;',
      `${name} member ${attributes(parts, 5)};`,
      ...(random.oneIn(3) ? [`${of} list[2] ${attribute};`] : []),
      '};',
    ]),
    `#define S_${id} sizeof(${name})`,
    `#define L_${id} _Alignof(${name})`,
  ];
}

function mode(parts: Parts, id: string): readonly string[] {
  const { random } = parts;
  const size = random.pick([
    'QI',
    'HI',
    'SI',
    'DI',
    '__DI__',
    'word',
    'byte',
    'pointer',
    'SF',
    'DF',
    '__pointer__',
    'TI',
  ]);
  const of = size.endsWith('F')
    ? random.pick(['float', 'double'])
    : random.pick(['int', 'unsigned', 'unsigned int', 'long', 'char']);
  const attribute = gnu(random, `mode(${size})${random.oneIn(5) ? `, ${layoutAttribute(parts)}` : ''}`);
  const name = `m_${id}`;
  const line = random.pick([
    `typedef ${of} ${name} ${attribute};`,
    `typedef ${attribute} ${of} ${name};`,
    `typedef ${of} ${attribute} ${name};`,
  ]);
  return [
    line,
    `struct u_${id} {`,
    'char first;',
    `${name} member;`,
    `${of} ${attribute} other;`,
    '};',
    `#define S_${id} sizeof(${name})`,
  ];
}

function array(parts: Parts, id: string): readonly string[] {
  return initialised(parts, id, (condition) => gnu(parts.random, condition));
}

const makers: readonly Maker[] = [
  ...[record, record, record, record, enumeration, typedef, typedef, constants, constants, constants],
  ...[typedefs, declared, declared, spelling, assertion, condition, variable, request, vectors, mode, array, array],
];
