/** Generates random records and their C text. */

import fc from 'fast-check';
import type { Target } from '../../generator/targets/target.js';

/** A record without names. The writing adds the names. */
interface Shape {
  readonly keyword: 'struct' | 'union';
  readonly members: readonly Field[];
  /** The last member of a struct: an array without a length. */
  readonly tail: string | null;
  readonly attributes: readonly string[];
}

type Field =
  | { readonly is: 'plain'; readonly type: string; readonly dims: string; readonly attributes: readonly string[] }
  | {
      readonly is: 'bits';
      readonly type: string;
      readonly width: number;
      readonly named: boolean;
      readonly attributes: readonly string[];
    }
  | { readonly is: 'record'; readonly shape: Shape; readonly named: boolean; readonly dims: string };

/** An outermost record, with the types that are declared only for it. */
export interface Declared {
  readonly shape: Shape;
  /** The `#pragma pack` in force. */
  readonly pack: number | null;
  /** The types of members with the type names `ownTypedef` and `ownEnum`. */
  readonly typedef: { readonly of: string; readonly attributes: readonly string[] };
  readonly enum: { readonly values: readonly number[]; readonly packed: boolean };
}

const ownTypedef = 'typedef';
const ownEnum = 'enum';

/** The declarations that all records share. */
export const preamble = `
typedef int int_1 __attribute__((aligned(1)));
typedef int int_2 __attribute__((aligned(2)));
typedef int int_8 __attribute__((aligned(8)));
typedef short short_4 __attribute__((aligned(4)));
typedef char char_2 __attribute__((aligned(2)));
typedef unsigned long long u64_4 __attribute__((aligned(4)));
typedef unsigned long long u64_16 __attribute__((aligned(16)));
typedef char vector_8 __attribute__((vector_size(8)));
enum small { SMALL_0, SMALL_1 };
enum negative { NEGATIVE = -1 };
enum wide { WIDE = 0x100000000 };
enum __attribute__((packed)) tiny { TINY_0, TINY_1 };
struct pair { char a; int b; };
struct packed_pair { char a; int b; } __attribute__((packed));
struct aligned_one { char a; } __attribute__((aligned(4)));
struct empty { };
union mixed { char a; double b; };
`;

/** The integer types and their widths. */
const integers = {
  char: 8,
  'unsigned char': 8,
  short: 16,
  'unsigned short': 16,
  int: 32,
  unsigned: 32,
  long: 64,
  'unsigned long long': 64,
  'unsigned __int128': 128,
  _Bool: 1,
  int_1: 32,
  int_2: 32,
  int_8: 32,
  short_4: 16,
  char_2: 8,
  u64_4: 64,
  u64_16: 64,
  'enum small': 32,
  'enum negative': 32,
  'enum wide': 64,
  'enum tiny': 8,
};

/**
 * Returns the integer types of a target. GCC handles bit-fields wrongly if the alignment of their type exceeds the
 * biggest alignment.
 */
function integersOf({ scalars, pointer, biggestAlignment }: Target): Readonly<Record<string, number>> {
  const all = Object.entries({ ...integers, long: pointer.size * 8 });
  return Object.fromEntries(
    all.filter(([name]) =>
      name.endsWith('__int128') ? scalars.__int128 : Number(/_(\d+)$/.exec(name)?.[1] ?? 0) <= biggestAlignment,
    ),
  );
}

/** The alignment of an array's element must not exceed its size. */
const element = fc.constantFrom(
  ...['char', 'short', 'int', 'unsigned long long', 'double', 'struct pair', 'struct packed_pair', 'int_1', 'u64_4'],
);
const dims = fc.constantFrom('[1]', '[2]', '[3]', '[2][3]', '[2][1][2]', '[0]');

const aligned = fc.constantFrom(1, 2, 4, 8, 16, 32).map((bytes) => `aligned(${bytes})`);
const attribute = fc.oneof(fc.constant('packed'), aligned);
const attributes = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.tuple(attribute) },
  { weight: 1, arbitrary: fc.tuple(attribute, attribute) },
);

/** Bit-fields of an integer type, whose widths are up to `widest`. */
function bitsOf(type: string, widest: number) {
  return fc.oneof(
    fc.record({
      is: fc.constant('bits' as const),
      type: fc.constant(type),
      width: fc.oneof(fc.integer({ min: 1, max: widest }), fc.constant(widest)),
      named: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      attributes,
    }),
    fc.constantFrom(8, 16, 32, 64).map((width) => ({
      is: 'bits' as const,
      type,
      width: Math.min(width, widest),
      named: true,
      attributes: [],
    })),
    fc.constant({ is: 'bits' as const, type, width: 0, named: false, attributes: [] }),
  );
}

/** Records whose members have the types `plain` or are `bits`. */
function shapesOf(plain: fc.Arbitrary<string>, bits: ReturnType<typeof bitsOf>): fc.Arbitrary<Shape> {
  const { shape } = fc.letrec<{ shape: Shape; field: Field }>((tie) => ({
    field: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      {
        weight: 3,
        arbitrary: fc.record({
          is: fc.constant('plain' as const),
          type: plain,
          dims: fc.constant(''),
          attributes,
        }),
      },
      { weight: 1, arbitrary: fc.record({ is: fc.constant('plain' as const), type: element, dims, attributes }) },
      { weight: 5, arbitrary: bits },
      {
        weight: 1,
        arbitrary: fc
          .record({
            is: fc.constant('record' as const),
            shape: tie('shape'),
            named: fc.boolean(),
            dims: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: dims }),
          })
          // Only the outermost struct can end with an array without a length.
          .map((field) => ({ ...field, shape: { ...field.shape, tail: null } })),
      },
    ),
    shape: fc.record({
      keyword: fc.oneof(
        { weight: 4, arbitrary: fc.constant('struct' as const) },
        { weight: 1, arbitrary: fc.constant('union' as const) },
      ),
      members: fc.array(tie('field'), { minLength: 1, maxLength: 7, size: 'max' }),
      tail: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: element }),
      attributes,
    }),
  }));
  return shape;
}

export function declaredFor(target: Target): fc.Arbitrary<Declared> {
  const integers = integersOf(target);
  const plainInteger = fc.constantFrom(...Object.keys(integers));
  const integer = fc.oneof({ weight: 5, arbitrary: plainInteger }, fc.constantFrom(ownTypedef, ownEnum));
  const other = fc.constantFrom(
    ...['float', 'double', 'long double', 'void *', 'struct pair', 'struct packed_pair'],
    ...['struct aligned_one', 'struct empty', 'union mixed', 'const char *'],
    ...(target.scalars.__int128 ? ['__int128'] : []),
    // GCC for i386 aligns a record by its machine mode, and vectors change the machine mode.
    ...(target.name === 'i386' ? [] : ['vector_8']),
  );
  /** The smallest width of a record's own types. */
  const widthOf = (type: string): number => integers[type] ?? 8;

  const bits = integer.chain((type) => bitsOf(type, widthOf(type)));
  return fc.record({
    shape: shapesOf(fc.oneof(integer, other), bits),
    pack: fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(1, 2, 4, 8, 16) },
    ),
    typedef: fc.record({
      // The type has at least eight bits, so that a bit-field of eight bits is valid.
      of: fc.constantFrom(...Object.keys(integers).filter((name) => widthOf(name) >= 8)),
      attributes: fc.oneof(
        fc.constant([]),
        fc.constantFrom(1, 2, 4, 8, 16).map((bytes) => [`aligned(${Math.min(bytes, target.biggestAlignment)})`]),
      ),
    }),
    enum: fc.record({
      values: fc.array(fc.oneof(fc.integer({ min: -3, max: 300 }), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 2 ** 31)), {
        minLength: 1,
        maxLength: 3,
      }),
      packed: fc.boolean(),
    }),
  });
}

export interface Written {
  readonly text: string;
  /** The names of all members. */
  readonly names: readonly string[];
}

function attributed(list: readonly string[]): string {
  return list.length === 0 ? '' : ` __attribute__((${list.join(', ')}))`;
}

/** Returns the text of the record `t` with the index, and the text of its own types. */
export function write({ shape: { keyword, ...rest }, pack, ...own }: Declared, index: number): Written {
  const names: string[] = [];
  const name = (): string => {
    const next = `m${names.length}`;
    names.push(next);
    return next;
  };
  const typeName = (type: string): string =>
    type === ownTypedef ? `typedef_${index}` : type === ownEnum ? `enum enum_${index}` : type;
  const body = ({ members, tail, attributes: list }: Omit<Shape, 'keyword'>): string => {
    const fields = members.map((field) => {
      if (field.is === 'plain') return `${typeName(field.type)} ${name()}${field.dims}${attributed(field.attributes)};`;
      if (field.is === 'bits') {
        const declarator = field.named ? name() : '';
        return `${typeName(field.type)} ${declarator}:${field.width}${attributed(field.attributes)};`;
      }
      return `${field.shape.keyword} ${body(field.shape)}${field.named ? ` ${name()}${field.dims}` : ''};`;
    });
    if (tail !== null && keyword === 'struct' && names.length > 0) fields.push(`${tail} ${name()}[];`);
    return `{ ${fields.join(' ')} }${attributed(list)}`;
  };
  const record = `${keyword} t${index} ${body(rest)};`;
  const packed = pack === null ? record : `#pragma pack(${pack})\n${record}\n#pragma pack()`;
  const values = own.enum.values.map((value, at) => `e${index}_${at} = ${value < 0 ? `(${value})` : value}`);
  const declared = [
    ...(record.includes(`typedef_${index} `)
      ? [`typedef ${own.typedef.of} typedef_${index}${attributed(own.typedef.attributes)};`]
      : []),
    ...(record.includes(`enum_${index} `)
      ? [`enum ${own.enum.packed ? '__attribute__((packed)) ' : ''}enum_${index} { ${values.join(', ')} };`]
      : []),
  ];
  return { text: [...declared, packed].join('\n'), names };
}
