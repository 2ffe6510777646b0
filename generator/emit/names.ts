/**
 * The public names of a model. C's names stay as they are: constants are exactly the macro's name, members exactly the
 * member's. A class is the tag in PascalCase; the class of an unnamed record is named by the path to it, through named
 * members only, so that wrapping members in another anonymous group moves no name.
 *
 * C keeps tags, constants and members in name spaces of their own, JavaScript has one per module and one per class.
 * Where two names meet, the constant keeps it, then the function-like macro, then the tag that is declared first (those of
 * enums behind all others), then the path; the other gets `$` at its end, which no kernel header uses. The same goes for words that JavaScript
 * reserves.
 */

import type { Member, Model, RecordType } from '../model.js';

/** `kvm_s390_io_info` → `KvmS390IoInfo` */
export function pascalCase(name: string): string {
  return name
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

const reservedWords = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield undefined NaN Infinity'
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

/** The property that holds the same 64-bit value as a number. */
export function numberProperty(name: string): string {
  return `$${name}`;
}

export interface Names {
  /** The exported name of a constant, enumerator or ioctl. */
  constant(name: string): string;
  /** The exported name of a function-like macro. */
  functionMacro(name: string): string;
  /** The class of a record that has a tag, or a name by typedef. */
  record(tag: string): string;
  /** The class of an unnamed record. */
  unnamed(member: Member): string;
  /** The object and type of an enum that has a name. */
  enumeration(tag: string): string;
}

export function namesOf(model: Model): Names {
  const taken = new Set<string>(imported);
  const take = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name) || reservedWords.has(name)) name += '$';
    taken.add(name);
    return name;
  };
  const constants = new Map<string, string>();
  const values = [...model.enums.flatMap(({ enumerators }) => enumerators), ...model.constants];
  for (const { name } of values) if (!constants.has(name)) constants.set(name, take(name));
  const functions = new Map(model.functions.map(({ name }) => [name, take(name)]));
  const tags = new Map(model.types.map(({ tag }) => [tag, take(pascalCase(tag))]));
  const enums = new Map(
    model.enums.flatMap(({ tag }) => (tag === null ? [] : [[tag, take(pascalCase(tag))] as const])),
  );
  const unnamed = new Map<Member, string>();
  for (const type of model.types) nameUnnamed(type, pascalCase(type.tag), unnamed, take);
  const get = <K>(map: ReadonlyMap<K, string>, key: K): string => {
    const name = map.get(key);
    if (name === undefined) throw new Error(`no name for ${JSON.stringify(key)}`);
    return name;
  };
  return {
    constant: (name) => get(constants, name),
    functionMacro: (name) => get(functions, name),
    record: (tag) => get(tags, tag),
    unnamed: (member) => get(unnamed, member),
    enumeration: (tag) => get(enums, tag),
  };
}

function nameUnnamed(
  type: Pick<RecordType, 'members'>,
  path: string,
  names: Map<Member, string>,
  take: (wanted: string) => string,
): void {
  for (const member of type.members) {
    if (!member.members) continue;
    if (member.name === null) nameUnnamed({ members: member.members }, path, names, take);
    else {
      const wanted = path + pascalCase(member.name);
      names.set(member, take(wanted));
      nameUnnamed({ members: member.members }, wanted, names, take);
    }
  }
}

/** What the emitted modules import or use of JavaScript: no export may hide it. */
const imported: readonly string[] = [
  ...['View', 'ArrayView', 'U8Array', 'S8Array', 'BoolArray', 'U16Array', 'S16Array', 'U32Array', 'S32Array'],
  ...['F32Array', 'F64Array', 'U64Array', 'S64Array', 'ViewArray', 'NestedArray', 'S32Value', 'U32Value'],
  ...['S64Value', 'U64Value', 'IoctlAlone', 'IoctlByValue', 'IoctlByPointer', 'IoctlToBytes', 'DataView', 'Iterable'],
  ...[...used, 'copy', 'elementsWithin', 'getBits', 'setBits'],
  'setNumber64',
];
