/**
 * The public names of a model. C's names stay as they are: constants are exactly the macro's name, members exactly the
 * member's. A class is the tag in PascalCase; the class of an unnamed record is named by the path to it, through named
 * members only, so that wrapping members in another anonymous group moves no name.
 *
 * C keeps tags, constants and members in name spaces of their own, JavaScript has one per module and one per class.
 * Where two names meet, the constant keeps it, then the function-like macro, then the tag (one in plain snake case before others, those of enums after
 * all records'), then the path, then what is a view of a record; the other gets `$` at its end, which no kernel header uses. The same goes for words that
 * JavaScript reserves. The order of declarations decides nothing.
 */

import type { EnumType, Member, Model } from '../model/model.js';

/** `kvm_s390_io_info` → `KvmS390IoInfo` */
export function pascalCase(name: string): string {
  let pascal = '';
  for (const part of name.split('_')) pascal += part.charAt(0).toUpperCase() + part.slice(1);
  return pascal;
}

const reservedWords = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield undefined NaN Infinity ' +
    // Not reserved, but a module that exports a function of this name is taken for a promise by `import()`.
    'then'
  ).split(' '),
);

/** What the functions for macros use of JavaScript: no parameter may hide it. */
const used: readonly string[] = ['BigInt', 'Number', 'Math'];

/** The name of a parameter of a macro, in a function. */
export function localName(name: string): string {
  return reservedWords.has(name) || used.includes(name) ? `${name}$` : name;
}

/** What every object has or a class gives a meaning of its own. */
const reservedMembers = new Set(
  (
    'constructor __proto__ toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable ' +
    '__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__'
  ).split(' '),
);

/** The property for a C member. */
export function memberProperty(name: string): string {
  return reservedMembers.has(name) ? `${name}$` : name;
}

/** The property that holds the same 64-bit value in the other form: as a number, or with numbers first as a bigint. */
export function secondProperty(name: string): string {
  return `$${name}`;
}

/** A record or enum that has a name. */
interface NamedType {
  readonly tag: string;
  readonly cName: string;
}

export interface Names {
  /** The exported name of a constant, enumerator or ioctl. */
  constant(name: string): string;
  /** The exported name of a function-like macro. */
  functionMacro(name: string): string;
  /** The class of a record, by the record's C name. */
  record(cName: string): string;
  /** The class of an unnamed record. */
  unnamed(member: Member): string;
  /** The type of the view of a record with a discriminator, by the record's C name. */
  view(cName: string): string;
  /** The object and type of an enum, by its C name. */
  enumeration(cName: string): string;
}

export function namesOf(model: Model): Names {
  const taken = new Set<string>(unavailable);
  const take = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name)) name += '$';
    taken.add(name);
    return name;
  };
  const constants = new Map<string, string>();
  const values = [...model.enums.flatMap(({ enumerators }) => enumerators), ...model.constants];
  for (const { name } of values) if (!constants.has(name)) constants.set(name, take(name));
  const functions = new Map(model.functions.map(({ name }) => [name, take(name)]));
  const takeAll = (names: readonly NamedType[]): Map<string, string> => {
    const sorted = names.toSorted(byTag);
    const byRight = [...sorted.filter(isPlain), ...sorted.filter((name) => !isPlain(name))];
    return new Map(byRight.map((name) => [name.cName, take(className(name.tag))]));
  };
  const records = takeAll(model.types);
  const enums = takeAll(model.enums.filter(hasName));
  const paths: Path[] = [];
  for (const { tag, members } of model.types) collectPaths(members, tag, className(tag), paths);
  paths.sort((a, b) => byCodeUnits(a.path, b.path));
  const unnamed = new Map(paths.map(({ member, wanted }) => [member, take(wanted)]));
  const views = new Map(
    model.types.flatMap((type) =>
      type.discriminator
        ? [[type.cName, take(className(type.tag) + pascalCase(type.discriminator.view))] as const]
        : [],
    ),
  );
  const get = <K>(map: ReadonlyMap<K, string>, key: K): string => {
    const name = map.get(key);
    if (name === undefined) throw new Error(`no name for ${JSON.stringify(key)}`);
    return name;
  };
  return {
    constant: (name) => get(constants, name),
    functionMacro: (name) => get(functions, name),
    record: (cName) => get(records, cName),
    unnamed: (member) => get(unnamed, member),
    view: (cName) => get(views, cName),
    enumeration: (cName) => get(enums, cName),
  };
}

function hasName(type: EnumType): type is EnumType & NamedType {
  return type.cName !== null;
}

/** Who keeps a class's name before others do, whatever the order of declaration. */
function isPlain({ tag }: NamedType): boolean {
  return /^[a-z0-9]+(_[a-z0-9]+)*$/.test(tag);
}

/** Typedefs after tags. */
function byTag(a: NamedType, b: NamedType): number {
  return byCodeUnits(a.tag, b.tag) || Number(isTypedef(a)) - Number(isTypedef(b));
}

function isTypedef({ tag, cName }: NamedType): boolean {
  return tag === cName;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** PascalCase; the underscores in front stay where a digit or nothing would be left in their place. */
function className(tag: string): string {
  const name = pascalCase(tag);
  return /^(?:\d|$)/.test(name) ? `${/^_*/.exec(tag)?.[0]}${name}` : name;
}

/** An unnamed record, where it is in C and what its class would be called. */
interface Path {
  readonly member: Member;
  readonly path: string;
  readonly wanted: string;
}

function collectPaths(members: readonly Member[], path: string, wanted: string, paths: Path[]): void {
  for (const member of members) {
    if (!member.members) continue;
    if (member.name === null) {
      collectPaths(member.members, path, wanted, paths);
    } else {
      const own = { member, path: `${path}.${member.name}`, wanted: wanted + pascalCase(member.name) };
      paths.push(own);
      collectPaths(member.members, own.path, own.wanted, paths);
    }
  }
}

/** What `little-endian.ts` and `big-endian.ts` both have, so that a module may import either. */
const orderedViews: readonly string[] = [
  ...['U16Array', 'S16Array', 'U32Array', 'S32Array', 'F32Array', 'F64Array', 'U64Array', 'S64Array'],
  ...['S32Value', 'U32Value', 'S64Value', 'U64Value', 'getBits', 'setBits', 'setNumber64'],
];

/** What the emitted modules declare, import or use of JavaScript, and what it reserves: no export of C may be called so. */
const unavailable: readonly string[] = [
  ...reservedWords,
  ...['$target', 'View', 'ArrayView', 'U8Array', 'S8Array', 'BoolArray', 'CharArray', 'UnsignedCharArray'],
  ...['ViewArray', 'NestedArray', 'IoctlAlone', 'IoctlByValue', 'IoctlByPointer', 'IoctlToBytes'],
  ...['DataView', 'Iterable', ...used, 'copy', 'elementsWithin'],
  ...orderedViews.flatMap((name) => [name, `${name}BigEndian`, `${name}LittleEndian`]),
];
