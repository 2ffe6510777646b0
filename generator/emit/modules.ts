/** Emits a model as TypeScript modules, one for each covered header. The text is already formatted. */

import { originText } from '../model/locations.js';
import type {
  ByteOrder,
  Constant,
  Enumerator,
  EnumType,
  FunctionMacro,
  Ioctl,
  Location,
  Member,
  Model,
  RecordType,
  Shape,
} from '../model/model.js';
import { version } from '../version.js';
import { emitArrayClass } from './array-classes.js';
import { type ClassSource, emitClass, emitUnnamed } from './classes.js';
import { casesOf, discriminatorData, discriminatorType } from './discriminators.js';
import { type DocumentedItem, docstring, documented, quoted } from './docs.js';
import { type Names, namesOf } from './export-names.js';
import { emitFunction } from './function-macros.js';
import { argumentOf, emitIoctl } from './ioctls.js';
import { integersName } from './macro-code.js';
import type { References, WideStyle } from './module-context.js';
import { elementSizeOf } from './placed-members.js';
import { copiesFolder, type ImportExtension, integersModule, type SupportModule, viewsModules } from './support.js';

export interface EmittedFile {
  /** The path relative to the output folder. */
  readonly path: string;
  readonly text: string;
}

/** The names in the support library that are only types. */
const viewTypes = new Set([
  'View',
  'IoctlAlone',
  'IoctlByValue',
  'IoctlByPointer',
  'IoctlToBytes',
  'IoctlCommand',
  'IoctlOfCommands',
]);

/** The name of a module for the value that makes a view uncloneable. */
const uncloneableName = '$$uncloneable';

/** The suffix of an imported name, if its views have a different byte order than the target. */
const otherSuffix = { little: 'LittleEndian', big: 'BigEndian' } as const;

/**
 * Returns the path of a header's module in the output folder, without the file extension: `x86_64/linux/kvm`. A header
 * with capital letters gets `$` at its end. Otherwise TypeScript and some file systems would treat `xt_MARK.h` and
 * `xt_mark.h` as one file.
 */
export function modulePath(model: Pick<Model, 'target'>, header: string): string {
  return `${model.target}/${header.replace(/\.h$/, '')}${/[A-Z]/.test(header) ? '$' : ''}`;
}

export interface ModuleOptions {
  /** The form of a 64-bit member that has the C name. The default is `bigint`. */
  readonly u64?: WideStyle;
  /**
   * The folder or package of the support library. A value that begins with `.` is a folder relative to the output
   * folder. Any other value is a package. The default is the folder of the copies in the output folder.
   */
  readonly support?: string;
  /** The file extension in relative imports. The default is `.js`. */
  readonly importExtension?: ImportExtension;
}

export function emitModules(model: Model, options: ModuleOptions = {}): EmittedFile[] {
  const facts = factsOf(model, options);
  const modules = new Map(model.coveredHeaders.map((header) => [header, new Module(header, facts)]));
  const moduleOf = ({ location }: { readonly location: Location }): Module | undefined => modules.get(location.header);
  for (const type of model.enums) moduleOf(type)?.addEnum(type);
  for (const constant of model.constants) moduleOf(constant)?.addConstant(constant);
  for (const macro of model.functions) moduleOf(macro)?.addFunction(macro);
  for (const type of model.types) moduleOf(type)?.addRecord(type);
  for (const ioctl of model.ioctls) moduleOf(ioctl)?.addIoctl(ioctl);
  const enumerators = model.enums.flatMap(({ enumerators }) => enumerators);
  const values = [...model.constants, ...enumerators.filter((each) => !isHiddenIn(facts, each))];
  for (const value of values) if (value.aliasOf !== undefined) moduleOf(value)?.addAlias(value, value.aliasOf);
  return Array.from(modules, ([header, module]) => ({ path: `${modulePath(model, header)}.ts`, text: module.text() }));
}

/** The facts that all modules of a model share. */
interface Facts {
  readonly model: Model;
  readonly u64: WideStyle;
  readonly support: string;
  readonly importExtension: ImportExtension;
  readonly names: Names;
  readonly constants: ReadonlyMap<string, Constant>;
  readonly enumerators: ReadonlyMap<string, Enumerator>;
  readonly ioctls: ReadonlyMap<string, Ioctl>;
  readonly records: ReadonlyMap<string, RecordType>;
  readonly enums: ReadonlyMap<string, EnumType>;
  /** The position of each covered header in the model. */
  readonly positions: ReadonlyMap<string, number>;
  /** The number of the origin of each header, in the model's `origins`. */
  readonly originNumbers: ReadonlyMap<string, number>;
  /** Caches whether a record contains pointers. */
  readonly pointers: Map<RecordType, boolean>;
}

function factsOf(
  model: Model,
  { u64 = 'bigint', support = copiesFolder, importExtension = '.js' }: ModuleOptions,
): Facts {
  return {
    model,
    u64,
    support,
    importExtension,
    names: namesOf(model),
    constants: byName(model.constants),
    enumerators: byName(model.enums.flatMap(({ enumerators }) => enumerators)),
    ioctls: byName(model.ioctls),
    records: new Map(model.types.map((type) => [type.cName, type])),
    enums: new Map(model.enums.flatMap((type) => (type.cName === null ? [] : [[type.cName, type] as const]))),
    positions: new Map(model.coveredHeaders.map((header, position) => [header, position])),
    originNumbers: new Map(model.sources.map(({ name, origin }) => [name, origin])),
    pointers: new Map(),
  };
}

/**
 * Whether C code that uses the enumerator's name gets a different value or another name of an ioctl, because a macro has
 * the same name.
 */
function isHiddenIn({ constants }: Facts, { name, value }: Enumerator): boolean {
  const macro = constants.get(name);
  return macro !== undefined && (macro.value !== value || macro.aliasOf !== undefined);
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  const named = new Map<string, T>();
  for (const item of items) named.set(item.name, item);
  return named;
}

/** The module of one header: the text of its declarations, and the names that it uses from other modules. */
class Module implements References {
  readonly target: References['target'];
  readonly u64: WideStyle;
  readonly #header: string;
  readonly #facts: Facts;
  readonly #views: Readonly<Record<ByteOrder, Set<string>>> = { little: new Set(), big: new Set() };
  /** The names that are imported from other modules, by header. A name that is only a type begins with `type `. */
  readonly #imported = new Map<string, Set<string>>();
  #usesIntegers = false;
  #hasClasses = false;
  /** The constants of the module for its own classes, by their names. */
  readonly #constructors = new Map<string, string>();
  /** The classes of the module for arrays of structs, by their names. */
  readonly #arrays = new Map<string, string>();
  /** The text of the declarations. Each declaration begins with an empty line. */
  #declarations: string;

  constructor(header: string, facts: Facts) {
    const { target, byteOrder, pointerSize } = facts.model;
    const nodeArch = facts.model.nodeArch === null ? 'null' : `'${facts.model.nodeArch}'`;
    this.target = facts.model;
    this.u64 = facts.u64;
    this.#header = header;
    this.#facts = facts;
    // The target for which the layouts are correct. Code with memory of another machine can compare it.
    this.#declarations = `
/** The target of these bindings. */
export const $target = { name: '${target}', byteOrder: '${byteOrder}', pointerSize: ${pointerSize}, nodeArch: ${nodeArch} } as const;
`;
  }

  text(): string {
    const constructors = Array.from(this.#constructors, ([local, name]) => `const ${local} = ${name};\n`);
    const declarations = this.#declarations + paragraph(constructors.join('')) + [...this.#arrays.values()].join('');
    return this.#banner() + this.#imports() + this.#constants() + declarations;
  }

  /** V8 treats a constant of the module itself as a constant, but not an import. Each view has this value. */
  #constants(): string {
    return this.#hasClasses ? `\nconst ${uncloneableName} = uncloneable;\n` : '';
  }

  addEnum(type: EnumType): void {
    const { names } = this.#facts;
    const title = type.cName === null ? 'Enumerator' : `\`${type.cName}\``;
    let entries = '';
    for (const enumerator of type.enumerators) {
      const { name } = enumerator;
      const value = literal(enumerator.value, this.u64);
      entries += `  ${propertyKey(name)}: ${value},\n`;
      if (isHiddenIn(this.#facts, enumerator) || this.#isIoctl(enumerator)) continue;
      this.#addConstant(names.constant(name), value, `${title}.`, enumerator);
    }
    if (type.cName === null) return;
    const name = names.enumeration(type.cName);
    this.#declarations += `
${docstring(documented(`The enumerators of ${title} by name.`, type))}
export const ${name} = {
${entries}} as const;
export type ${name} = (typeof ${name})[keyof typeof ${name}];
`;
  }

  /** Adds a constant, unless the module has it as an ioctl, as another name of an ioctl or as an enumerator. */
  addConstant(constant: Constant): void {
    const { names, enumerators } = this.#facts;
    const { name, value } = constant;
    if (this.#isIoctl(constant) || enumerators.get(name)?.value === value) return;
    const text = isString(constant) ? JSON.stringify(value) : literal(value, this.u64);
    this.#addConstant(names.constant(name), text, describeConstant(constant), constant);
  }

  /** Whether the module exports an ioctl under the name of a constant or enumerator. */
  #isIoctl({ name, aliasOf }: Pick<Constant, 'name' | 'aliasOf'>): boolean {
    return this.#facts.ioctls.has(aliasOf ?? name);
  }

  #addConstant(name: string, value: string, doc: string, item: DocumentedItem): void {
    this.#declarations += `
${docstring(documented(doc, item))}
export const ${name} = ${value};
`;
  }

  addFunction(macro: FunctionMacro): void {
    const text = emitFunction(macro, this.#facts.names.functionMacro(macro.name));
    this.#usesIntegers ||= text.includes(`${integersName}.`);
    this.#declarations += text;
  }

  addRecord(type: RecordType): void {
    const { names, constants } = this.#facts;
    const { cName: title, size, align, members, since, comment, discriminator } = type;
    const className = names.record(title);
    const own: ClassSource = { className, title, size, align, members, since, comment };
    this.#declarations += emitUnnamed(members, title, this);
    if (discriminator) {
      const cases = casesOf(type, discriminator, constants);
      this.#declarations += emitClass({ ...own, data: discriminatorData(discriminator, cases) }, this);
      this.#declarations += discriminatorType(names.view(title), className, discriminator, cases, names.constant);
    } else {
      this.#declarations += emitClass(own, this);
    }
  }

  addIoctl(ioctl: Ioctl): void {
    this.#declarations += emitIoctl(ioctl, this.#facts.names.constant(ioctl.name), this);
  }

  /** Adds another name of an ioctl. */
  addAlias(alias: Constant | Enumerator, aliasOf: string): void {
    const { names, ioctls } = this.#facts;
    const ioctl = ioctls.get(aliasOf);
    if (!ioctl) return;
    const target = names.constant(ioctl.name);
    this.#declarations += `
${docstring(documented(`Another name of {@link ${target}}.`, alias))}
export const ${names.constant(alias.name)}: ${argumentOf(ioctl, this).type} = ${target};
`;
  }

  #banner(): string {
    const { origins, kernel, target, header, define = {}, requiredIncludes = [] } = this.#facts.model;
    const origin = origins[this.#facts.originNumbers.get(this.#header) ?? -1];
    const from = origin ? originText(origin) : 'unknown headers';
    const banner = `// Generated by kvm-uapi ${version} for ${target} from <${this.#header}>. Do not edit.
// Headers: ${from}, ${kernel === null ? 'kernel version unknown' : `Linux ${kernel}`}.
`;
    // Only the requested header's own module has these lines. The modules of other headers must not depend on the header
    // that includes them.
    if (this.#header !== header) return banner;
    const macros = Object.entries(define).map(([name, value]) => ` ${name}=${value}`);
    const defined = macros.length > 0 ? `// Read with these macros:${macros.join('')}\n` : '';
    if (requiredIncludes.length === 0) return banner + defined;
    const before = requiredIncludes.map((name) => `<${name}>`).join(', ');
    return `${banner}${defined}// Read after ${before}, which this header needs but does not include.\n`;
  }

  #imports(): string {
    const { model } = this.#facts;
    const own = model.byteOrder;
    let text = '';
    for (const byteOrder of [own, own === 'little' ? 'big' : 'little'] as const) {
      const views = [...this.#views[byteOrder]].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
      const names = views.map((name) => {
        if (byteOrder !== own) return `${name} as ${name}${otherSuffix[byteOrder]}`;
        return viewTypes.has(name) ? `type ${name}` : name;
      });
      text += importOf(names, this.#pathToSupport(viewsModules[byteOrder]));
    }
    if (this.#usesIntegers)
      text += `import * as ${integersName} from ${quoted(this.#pathToSupport(integersModule))};\n`;
    // Only the imported headers are visited: a model can have thousands of headers.
    const { positions } = this.#facts;
    const imported = [...this.#imported].sort(([a], [b]) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0));
    for (const [other, names] of imported)
      text += importOf([...names].sort(byImportedName), this.#pathTo(modulePath(model, other)));
    // In C, including a header also includes its includes.
    const others = model.uses[this.#header] ?? [];
    const exports = others.map((other) => `export * from ${quoted(this.#pathTo(modulePath(model, other)))};\n`);
    return paragraph(text) + paragraph(exports.join(''));
  }

  #pathTo(module: string): string {
    const { model, importExtension } = this.#facts;
    return relative(modulePath(model, this.#header), module) + importExtension;
  }

  #pathToSupport(module: SupportModule): string {
    const { support } = this.#facts;
    return support.startsWith('.')
      ? this.#pathTo(`${support.replace(/^\.\//, '')}/${module}`)
      : `${support}/${module}.js`; // Node does not strip types in packages.
  }

  view(name: string, byteOrder: ByteOrder = this.target.byteOrder): string {
    this.#views[byteOrder].add(name);
    return byteOrder === this.target.byteOrder ? name : name + otherSuffix[byteOrder];
  }

  uncloneable(): string {
    this.#hasClasses = true;
    this.view('uncloneable');
    return uncloneableName;
  }

  classOf(member: Member): string {
    const { names, records } = this.#facts;
    if (!('cName' in member.shape)) throw new Error(`${member.name} is not a record`);
    const { cName } = member.shape;
    if (cName === null) return names.unnamed(member);
    const name = names.record(cName);
    const { header } = (records.get(cName) as RecordType).location;
    this.#import(header, name);
    return name;
  }

  constructorOf(member: Member): string {
    const { names, records } = this.#facts;
    const name = this.classOf(member);
    const cName = 'cName' in member.shape ? member.shape.cName : null;
    if (cName !== null && records.get(cName)?.location.header !== this.#header) return name;
    const local = names.local(name);
    this.#constructors.set(local, name);
    return local;
  }

  arrayOf(member: Member): string {
    const className = this.classOf(member);
    const { array, iterator } = this.#facts.names.arrayOf(className);
    if (!this.#arrays.has(array)) {
      const local = this.constructorOf(member);
      this.#arrays.set(array, emitArrayClass({ array, iterator, className, local, size: elementSizeOf(member) }, this));
    }
    return array;
  }

  /** Records the use of a name that the module of a header exports. */
  #import(header: string, name: string): void {
    if (header === this.#header) return;
    this.#imported.set(header, (this.#imported.get(header) ?? new Set()).add(name));
  }

  enumNameOf({ enum: cName }: Member): string | undefined {
    const { names, enums } = this.#facts;
    return cName !== undefined && enums.has(cName) ? names.enumeration(cName) : undefined;
  }

  enumTypeOf(member: Member): string | undefined {
    const name = this.enumNameOf(member);
    const type = name === undefined ? undefined : this.#facts.enums.get(member.enum ?? '');
    if (name !== undefined && type) this.#import(type.location.header, `type ${name}`);
    return name;
  }

  hasPointers(shape: Shape): boolean {
    if (!('cName' in shape)) return shape.is === 'pointer';
    const { records, pointers } = this.#facts;
    const record = shape.cName === null ? undefined : records.get(shape.cName);
    if (!record) return false;
    const known = pointers.get(record) ?? this.#anyPointers(record.members);
    pointers.set(record, known);
    return known;
  }

  #anyPointers(members: readonly Member[]): boolean {
    return members.some(
      ({ members, shape, address }) =>
        address !== undefined || (members ? this.#anyPointers(members) : this.hasPointers(shape)),
    );
  }
}

/**
 * Returns the import specifier of a module from another module, without the file extension. Both paths are relative to
 * the output folder.
 */
function relative(from: string, to: string): string {
  const [a, b] = [from.split('/'), to.split('/')];
  let same = 0;
  while (same < a.length - 1 && same < b.length - 1 && a[same] === b[same]) same++;
  const up = '../'.repeat(a.length - 1 - same) || './';
  return `${up}${b.slice(same).join('/')}`;
}

/** Sorts imported names as if no name had the keyword `type`. */
function byImportedName(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.replace(/^type /, '')) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Returns lines with an empty line before them, or an empty text if there are no lines. */
function paragraph(lines: string): string {
  return lines === '' ? '' : `\n${lines}`;
}

/** Returns the import of some names, or an empty text if there are no names. */
function importOf(names: readonly string[], path: string): string {
  if (names.length === 0) return '';
  const line = `import { ${names.join(', ')} } from ${quoted(path)};`;
  return line.length <= 120
    ? `${line}\n`
    : `import {\n${names.map((name) => `  ${name},\n`).join('')}} from ${quoted(path)};\n`;
}

/** Returns a key for an object literal. A plain `__proto__` would set the prototype. */
function propertyKey(name: string): string {
  return name === '__proto__' ? `['__proto__']` : name;
}

/**
 * Returns a literal. The C type determines whether it is a bigint. In the number style, it is a bigint only if a number
 * cannot hold it.
 */
function literal(value: number | string, u64: WideStyle): string {
  const isNumber = typeof value === 'number' || (u64 === 'number' && Number.isSafeInteger(Number(value)));
  return isNumber ? String(value) : `${value}n`;
}

function isString({ type }: Constant): boolean {
  return type.startsWith('char[');
}

function describeConstant(constant: Constant): string {
  if (isString(constant)) return 'A string.';
  const value = typeof constant.value === 'number' ? constant.value : BigInt(constant.value);
  return `\`${constant.type}\`, ${value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`}.`;
}
