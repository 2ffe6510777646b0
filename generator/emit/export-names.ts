/**
 * The public names of a model. C names do not change: a constant has the macro's name, and a member has the member's
 * name. A class has the tag in PascalCase. The class of an unnamed record has the name of the path to it through named
 * members. A new anonymous group around members therefore changes no name.
 *
 * C has separate name spaces for tags, constants and members. JavaScript has one for each module and one for each
 * class. If two names are equal, one keeps the name, in this order: constants, function-like macros, tags, paths, views
 * of a record. Among tags, records come before enums, and tags in plain snake case come before others. The other name
 * gets `$` at its end, because no kernel header uses it. JavaScript's reserved words also get `$`. The order of
 * declarations has no effect.
 *
 * GCC accepts `$` in names. The property of a member never depends on the other members, so that a new member changes no
 * name: a name that begins or ends with `$` gets one more `$` at its end. Every other property of an instance begins with
 * `$` and does not end with it.
 */

import type { EnumType, Member, Model } from '../model/model.js';

/** Converts a name to PascalCase: `kvm_s390_io_info` → `KvmS390IoInfo`. */
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
    // Not a reserved word, but `import()` would treat a module that exports a function `then` as a promise.
    'then'
  ).split(' '),
);

/** The JavaScript names that the functions of macros use. A parameter must not hide them. */
const used: readonly string[] = ['BigInt', 'Number', 'Math'];

/** Whether a name could equal a name that begins with `$` or that got `$` at its end. */
function hasOuterDollar(name: string): boolean {
  return name.startsWith('$') || name.endsWith('$');
}

/** Returns the name of a macro's parameter in a function. */
export function localName(name: string): string {
  return reservedWords.has(name) || used.includes(name) || hasOuterDollar(name) ? `${name}$` : name;
}

/** Names that every object or every view has, or that have a special meaning in a class. */
const reservedMembers = new Set(
  (
    'constructor __proto__ toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable ' +
    '__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ toJSON'
  ).split(' '),
);

/** Returns the property for a C member. */
export function memberProperty(name: string): string {
  return reservedMembers.has(name) || hasOuterDollar(name) ? `${name}$` : name;
}

/**
 * Returns the property with the other form of a 64-bit value: the number form, or the bigint form if the number has the
 * C name. It never equals the result of `memberProperty` for another name.
 */
export function secondProperty(name: string): string {
  return hasOuterDollar(name) ? `$$${name}$form` : `$${name}`;
}

/** A record or enum with a name. */
interface NamedType {
  readonly tag: string;
  readonly cName: string;
}

export interface Names {
  /** Returns the exported name of a constant, enumerator or ioctl. */
  constant(name: string): string;
  /** Returns the exported name of a function-like macro. */
  functionMacro(name: string): string;
  /** Returns the class of a record, by the record's C name. */
  record(cName: string): string;
  /** Returns the class of an unnamed record. */
  unnamed(member: Member): string;
  /** Returns the type of the view of a record with a discriminator, by the record's C name. */
  view(cName: string): string;
  /** Returns the object and type of an enum, by its C name. */
  enumeration(cName: string): string;
  /** Returns a name for a class in its own module, by the name of the class. No module exports it. */
  local(className: string): string;
  /** Returns the names of the classes for arrays of a class, and for their iterators. No module exports them. */
  arrayOf(className: string): ArrayNames;
}

interface ArrayNames {
  readonly array: string;
  readonly iterator: string;
}

const known = new WeakMap<Model, Names>();

/** Returns the names of a model. They are computed once for each model. */
export function namesOf(model: Model): Names {
  const names = known.get(model) ?? computeNames(model);
  known.set(model, names);
  return names;
}

function computeNames(model: Model): Names {
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
  // The local names come last, so that no exported name depends on them. Only emission uses them.
  let locals: ReadonlyMap<string, { readonly own: string; readonly arrays: ArrayNames }> | undefined;
  const localsOf = (name: string): { readonly own: string; readonly arrays: ArrayNames } => {
    if (!locals) {
      const classes = [...records.values(), ...unnamed.values()];
      const owns = classes.map((each) => take(`$$${each}`));
      locals = new Map(
        classes.map((each, index) => {
          const arrays = { array: take(`$$${each}Array`), iterator: take(`$$${each}Iterator`) };
          return [each, { own: owns[index] as string, arrays }];
        }),
      );
    }
    return get(locals, name);
  };
  const get = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
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
    local: (className) => localsOf(className).own,
    arrayOf: (className) => localsOf(className).arrays,
  };
}

function hasName(type: EnumType): type is EnumType & NamedType {
  return type.cName !== null;
}

/** Whether a tag keeps its class name before other tags, independent of the order of declaration. */
function isPlain({ tag }: NamedType): boolean {
  return /^[a-z0-9]+(_[a-z0-9]+)*$/.test(tag);
}

/** Sorts typedefs after tags. */
function byTag(a: NamedType, b: NamedType): number {
  return byCodeUnits(a.tag, b.tag) || Number(isTypedef(a)) - Number(isTypedef(b));
}

function isTypedef({ tag, cName }: NamedType): boolean {
  return tag === cName;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Converts a tag to PascalCase. Leading underscores stay if the name would otherwise be empty or start with a digit.
 */
function className(tag: string): string {
  const name = pascalCase(tag);
  return /^(?:\d|$)/.test(name) ? `${/^_*/.exec(tag)?.[0]}${name}` : name;
}

/** An unnamed record, its path in C and the preferred name of its class. */
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

/** The names that both `little-endian.ts` and `big-endian.ts` export. A module can import either file. */
const orderedViews: readonly string[] = [
  ...['U16Array', 'S16Array', 'U32Array', 'S32Array', 'F32Array', 'F64Array', 'U64Array', 'S64Array'],
  ...['S32Value', 'U32Value', 'S64Value', 'U64Value', 'getBits', 'setBits', 'setNumber64'],
];

/**
 * The names that emitted modules declare, import or use from JavaScript, and reserved words. No exported C name may
 * equal them.
 */
const unavailable: readonly string[] = [
  ...reservedWords,
  ...['$target', 'View', 'ArrayView', 'U8Array', 'S8Array', 'BoolArray', 'CharArray', 'UnsignedCharArray'],
  ...[
    'ViewArray',
    'ViewIterator',
    'NestedArray',
    'IoctlAlone',
    'IoctlByValue',
    'IoctlByPointer',
    'IoctlToBytes',
    'IoctlCommand',
    'IoctlOfCommands',
  ],
  ...['DataView', 'Iterable', ...used, 'copy', 'elementsWithin', '$$c'],
  ...['outOfBounds', 'toJson', 'uncloneable', '$$uncloneable'],
  // The names that TypeScript reserves in a module that it compiles to CommonJS.
  ...['exports', 'require', '__esModule'],
  ...orderedViews.flatMap((name) => [name, `${name}BigEndian`, `${name}LittleEndian`]),
];
