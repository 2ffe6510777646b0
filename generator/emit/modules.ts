/** Emits a model as TypeScript modules: one for each covered header. The text is already formatted. */

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
import { type ClassSource, emitClass, emitUnnamed } from './classes.js';
import { casesOf, discriminatorData, discriminatorType } from './discriminators.js';
import { docstring, withComment } from './docs.js';
import { type Names, namesOf } from './export-names.js';
import { emitFunction } from './function-macros.js';
import { argumentOf, emitIoctl } from './ioctls.js';
import { integersName } from './macro-code.js';
import type { References, WideStyle } from './module-context.js';
import { copiesFolder, integersModule, type SupportModule, viewsModules } from './support.js';

export interface EmittedFile {
  /** Relative to the output folder. */
  readonly path: string;
  readonly text: string;
}

/** The names in the support library that are types only. */
const viewTypes = new Set(['View', 'IoctlAlone', 'IoctlByValue', 'IoctlByPointer', 'IoctlToBytes']);

/** What a name of the views of another byte order than the target's is called where it is imported. */
const otherSuffix = { little: 'LittleEndian', big: 'BigEndian' } as const;

/**
 * Path of a header's module in the output folder, without its ending: `x86_64/linux/kvm`. A header with capital letters
 * gets `$` at its end, as `xt_MARK.h` and `xt_mark.h` would else be one file to TypeScript and to some file systems.
 */
export function modulePath(model: Pick<Model, 'target'>, header: string): string {
  return `${model.target}/${header.replace(/\.h$/, '')}${/[A-Z]/.test(header) ? '$' : ''}`;
}

export interface ModuleOptions {
  /** Which form of a 64-bit member has the C name; by default `bigint`. */
  readonly u64?: WideStyle;
  /**
   * The folder of the support library: relative to the output folder where it begins with `.`, otherwise that of a package.
   * By default that of the copies in the output folder.
   */
  readonly support?: string;
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
  for (const constant of model.constants)
    if (constant.aliasOf) moduleOf(constant)?.addAlias(constant, constant.aliasOf);
  return Array.from(modules, ([header, module]) => ({ path: `${modulePath(model, header)}.ts`, text: module.text() }));
}

/** What all modules of a model are made from. */
interface Facts {
  readonly model: Model;
  readonly u64: WideStyle;
  readonly support: string;
  readonly names: Names;
  readonly constants: ReadonlyMap<string, Constant>;
  readonly enumerators: ReadonlyMap<string, Enumerator>;
  readonly ioctls: ReadonlyMap<string, Ioctl>;
  readonly records: ReadonlyMap<string, RecordType>;
  /** Whether a record has pointers in it, as far as that was asked. */
  readonly pointers: Map<RecordType, boolean>;
}

function factsOf(model: Model, { u64 = 'bigint', support = copiesFolder }: ModuleOptions): Facts {
  return {
    model,
    u64,
    support,
    names: namesOf(model),
    constants: byName(model.constants),
    enumerators: byName(model.enums.flatMap(({ enumerators }) => enumerators)),
    ioctls: byName(model.ioctls),
    records: new Map(model.types.map((type) => [type.cName, type])),
    pointers: new Map(),
  };
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  const named = new Map<string, T>();
  for (const item of items) named.set(item.name, item);
  return named;
}

/** The module of one header: the text of what it declares, and what that uses of other modules. */
class Module implements References {
  readonly target: References['target'];
  readonly u64: WideStyle;
  readonly #header: string;
  readonly #facts: Facts;
  readonly #views: Readonly<Record<ByteOrder, Set<string>>> = { little: new Set(), big: new Set() };
  readonly #classes = new Map<string, Set<string>>();
  #usesIntegers = false;
  /** Each declaration begins with an empty line. */
  #declarations: string;

  constructor(header: string, facts: Facts) {
    const { target, byteOrder, pointerSize } = facts.model;
    const nodeArch = facts.model.nodeArch === null ? 'null' : `'${facts.model.nodeArch}'`;
    this.target = facts.model;
    this.u64 = facts.u64;
    this.#header = header;
    this.#facts = facts;
    // What the layouts are right for: who has memory of another machine can tell.
    this.#declarations = `
/** What these bindings are for. */
export const $target = { name: '${target}', byteOrder: '${byteOrder}', pointerSize: ${pointerSize}, nodeArch: ${nodeArch} } as const;
`;
  }

  text(): string {
    return this.#banner() + this.#imports() + this.#declarations;
  }

  addEnum(type: EnumType): void {
    const { names } = this.#facts;
    const title = type.cName === null ? 'Enumerator' : `\`${type.cName}\``;
    let entries = '';
    for (const enumerator of type.enumerators) {
      const { name, comment } = enumerator;
      const value = literal(enumerator.value, this.u64);
      entries += `  ${propertyKey(name)}: ${value},\n`;
      if (!this.#isHidden(enumerator)) this.#addConstant(names.constant(name), value, `${title}.`, comment);
    }
    if (type.cName === null) return;
    const name = names.enumeration(type.cName);
    this.#declarations += `
${docstring(withComment(`The enumerators of ${title} by name.`, type.comment))}
export const ${name} = {
${entries}} as const;
export type ${name} = (typeof ${name})[keyof typeof ${name}];
`;
  }

  /** Whether C code that says the enumerator's name gets something else: a macro of that name has another value. */
  #isHidden({ name, value }: Enumerator): boolean {
    const macro = this.#facts.constants.get(name);
    return macro !== undefined && macro.value !== value;
  }

  /** A constant, unless it is there as an ioctl, as another name of one or as an enumerator. */
  addConstant(constant: Constant): void {
    const { names, ioctls, enumerators } = this.#facts;
    const { name, value, aliasOf, comment } = constant;
    if (aliasOf !== undefined || ioctls.has(name) || enumerators.get(name)?.value === value) return;
    const text = isString(constant) ? JSON.stringify(value) : literal(value, this.u64);
    this.#addConstant(names.constant(name), text, describeConstant(constant), comment);
  }

  #addConstant(name: string, value: string, doc: string, comment: string | undefined): void {
    this.#declarations += `
${docstring(withComment(doc, comment))}
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
    const { cName: title, size, align, members, comment, discriminator } = type;
    const className = names.record(title);
    const own: ClassSource = { className, title, size, align, members, comment };
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

  /** Another name of an ioctl. */
  addAlias({ name, comment }: Constant, aliasOf: string): void {
    const { names, ioctls } = this.#facts;
    const ioctl = ioctls.get(aliasOf);
    if (!ioctl) return;
    const target = names.constant(ioctl.name);
    this.#declarations += `
${docstring(withComment(`Another name of {@link ${target}}.`, comment))}
export const ${names.constant(name)}: ${argumentOf(ioctl, this).type} = ${target};
`;
  }

  #banner(): string {
    const { sources, origins, kernel, target, header, requiredIncludes = [] } = this.#facts.model;
    const origin = origins[sources.find(({ name }) => name === this.#header)?.origin ?? -1];
    const from = origin ? originText(origin) : 'unknown headers';
    const banner = `// Generated by kvm-uapi ${version} for ${target} from <${this.#header}>. Do not edit.
// Headers: ${from}, ${kernel === null ? 'kernel version unknown' : `Linux ${kernel}`}.
`;
    // Only in the header's own module: the modules of other headers are the same whichever header brings them.
    if (this.#header !== header || requiredIncludes.length === 0) return banner;
    const before = requiredIncludes.map((name) => `<${name}>`).join(', ');
    return `${banner}// Read after ${before}, which this header needs and does not include.\n`;
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
    if (this.#usesIntegers) text += `import * as ${integersName} from '${this.#pathToSupport(integersModule)}';\n`;
    for (const other of model.coveredHeaders) {
      const names = [...(this.#classes.get(other) ?? [])].sort();
      text += importOf(names, this.#pathTo(modulePath(model, other)));
    }
    // As in C, including a header gives what it includes.
    const others = model.uses[this.#header] ?? [];
    const exports = others.map((other) => `export * from '${this.#pathTo(modulePath(model, other))}';\n`);
    return paragraph(text) + paragraph(exports.join(''));
  }

  #pathTo(module: string): string {
    return relative(modulePath(this.#facts.model, this.#header), module);
  }

  #pathToSupport(module: SupportModule): string {
    const { support } = this.#facts;
    return support.startsWith('.')
      ? this.#pathTo(`${support.replace(/^\.\//, '')}/${module}`)
      : `${support}/${module}.js`;
  }

  view(name: string, byteOrder: ByteOrder = this.target.byteOrder): string {
    this.#views[byteOrder].add(name);
    return byteOrder === this.target.byteOrder ? name : name + otherSuffix[byteOrder];
  }

  classOf(member: Member): string {
    const { names, records } = this.#facts;
    if (!('cName' in member.shape)) throw new Error(`${member.name} is not a record`);
    const { cName } = member.shape;
    if (cName === null) return names.unnamed(member);
    const name = names.record(cName);
    const { header } = (records.get(cName) as RecordType).location;
    if (header !== this.#header) this.#classes.set(header, (this.#classes.get(header) ?? new Set()).add(name));
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
    return members.some(({ members, shape }) => (members ? this.#anyPointers(members) : this.hasPointers(shape)));
  }
}

/** The import specifier of a module seen from another, both relative to the output folder. */
function relative(from: string, to: string): string {
  const [a, b] = [from.split('/'), to.split('/')];
  let same = 0;
  while (same < a.length - 1 && same < b.length - 1 && a[same] === b[same]) same++;
  const up = '../'.repeat(a.length - 1 - same) || './';
  return `${up}${b.slice(same).join('/')}.js`;
}

/** Lines with an empty one before them; nothing where there are none. */
function paragraph(lines: string): string {
  return lines === '' ? '' : `\n${lines}`;
}

/** The import of some names; nothing where there are none. */
function importOf(names: readonly string[], path: string): string {
  if (names.length === 0) return '';
  const line = `import { ${names.join(', ')} } from '${path}';`;
  return line.length <= 120
    ? `${line}\n`
    : `import {\n${names.map((name) => `  ${name},\n`).join('')}} from '${path}';\n`;
}

/** A key in an object literal, where `__proto__` alone would set the prototype. */
function propertyKey(name: string): string {
  return name === '__proto__' ? `['__proto__']` : name;
}

/** Whether it is a bigint goes by the C type; with numbers first, by whether a number holds it. */
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
