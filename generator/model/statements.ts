/**
 * Statements: what a project states about its headers because no header can state it. A configuration contains them. The
 * functions here add the statements about members to a model. The statements about ioctls need the header itself, so
 * `analyze/` adds them.
 */

import { GeneratorError } from '../errors.js';
import type { AddressedMemory, Direction, EnumType, Member, Model, Passing, RecordType } from './model.js';
import { closestTo } from './suggestions.js';

/** Statements about members, by path: `mydev_filter.rules`. */
type ByMember<T> = Readonly<Record<string, T>>;

/**
 * The memory at an address: a number of bytes, the member that holds the number of bytes, or the member that holds the
 * number of elements. `elementSize` is in bytes, or a type of the header. It can be absent for a pointer to a struct.
 */
export type AddressStatement =
  | number
  | string
  | { readonly countedBy: string; readonly elementSize?: number | string | undefined };

/** What an ioctl takes, if its macro does not say it. */
export interface IoctlStatement {
  /** The C type that is pointed to, or passed by value: `struct mydev_info`. Null if there is no argument. */
  readonly argument?: string | null | undefined;
  /** How the argument is passed. The default is `pointer`. */
  readonly passes?: Passing | undefined;
  /** The direction of the argument's bytes, seen from user space. The default is the direction in the request number. */
  readonly direction?: Direction | undefined;
  /** The member of the argument that holds the number of bytes that the kernel can access, such as `argsz`. */
  readonly sizedBy?: string | undefined;
  /** The kinds of file descriptor that accept the ioctl. The project chooses the names. */
  readonly fd?: string | readonly string[] | undefined;
}

export interface Statements {
  /** Maps a flexible array to the member of the same struct that holds its number of elements. */
  readonly countedBy?: ByMember<string>;
  /** Maps a member to the prefix of its flags, or to the enum that has them. */
  readonly flags?: ByMember<string>;
  /** Maps a member to the prefix of the constants for its values, or to the enum that has them. */
  readonly names?: ByMember<string>;
  /** Maps a member whose value is an address to the memory there. */
  readonly addresses?: ByMember<AddressStatement>;
  /** Maps the name of an ioctl to what it takes. A macro with a plain number becomes an ioctl. */
  readonly ioctls?: Readonly<Record<string, IoctlStatement>>;
}

/** A statement is about something that no header has, or it cannot be true. */
export class StatementError extends GeneratorError {
  override readonly name = 'StatementError';
  /** The key of the statement: `countedBy['mydev_filter.rules']`. */
  readonly key: string;
  /** The message without the key. */
  readonly problem: string;

  constructor(key: string, problem: string) {
    super(`${key}: ${problem}`);
    this.key = key;
    this.problem = problem;
  }
}

/** The lists of statements about members. */
const memberStatements = ['countedBy', 'flags', 'names', 'addresses'] as const;

type MemberStatements = (typeof memberStatements)[number];

/**
 * Returns the model with the statements about its members, and with a record of all statements about its items.
 * Statements about other headers have no effect.
 *
 * @throws StatementError for a statement that cannot be true.
 */
export function withStatements(model: Model, statements: Statements): Model {
  let result = model;
  const stated: Record<string, Record<string, unknown>> = {};
  for (const list of memberStatements) {
    for (const [path, value] of Object.entries<AddressStatement>(statements[list] ?? {})) {
      const next = withMember(result, { list, path, value });
      if (!next) continue;
      result = next;
      stated[list] = { ...stated[list], [path]: value };
    }
  }
  const ioctls = Object.entries(statements.ioctls ?? {}).filter(([name]) =>
    model.ioctls.some((each) => each.name === name),
  );
  for (const [name, { sizedBy }] of ioctls) requireSize(model, name, sizedBy);
  if (ioctls.length === 0 && Object.keys(stated).length === 0) return model;
  return { ...result, stated: { ...stated, ...(ioctls.length > 0 ? { ioctls: Object.fromEntries(ioctls) } : {}) } };
}

/**
 * Checks that each statement is about an item of one of the models. @throws StatementError that suggests similar names.
 */
export function requireStatements(models: readonly Model[], statements: Statements): void {
  const headers = [...new Set(models.map(({ header }) => `<${header}>`))].join(', ');
  for (const list of memberStatements) {
    for (const path of Object.keys(statements[list] ?? {})) {
      const [wanted] = partsOf(keyOf(list, path), path);
      if (models.some((model) => typeCalled(model, wanted))) continue;
      const types = models.flatMap((model) => model.types.map(({ tag }) => tag));
      const problem = `${headers} ${models.length > 1 ? 'have' : 'has'} no struct or union called '${wanted}'`;
      throw new StatementError(keyOf(list, path), problem + didYouMean(bareName(wanted), types));
    }
  }
  for (const name of Object.keys(statements.ioctls ?? {})) {
    if (models.some(({ ioctls }) => ioctls.some((each) => each.name === name))) continue;
    const omission = models.flatMap(({ omissions }) => omissions).find((each) => each.name === name);
    const hint = omission ? `; it is an omission: ${omission.reason}` : didYouMean(name, models.flatMap(ioctlNames));
    throw new StatementError(keyOf('ioctls', name), `${headers} has no ioctl or integer macro called '${name}'${hint}`);
  }
}

function ioctlNames({ ioctls, constants }: Model): string[] {
  return [...ioctls, ...constants].map(({ name }) => name);
}

/** Checks that the argument of an ioctl has the member that holds its size. */
function requireSize(model: Model, name: string, sizedBy: string | undefined): void {
  const shape = model.ioctls.find((each) => each.name === name)?.shape;
  if (sizedBy === undefined) return;
  const key = `${keyOf('ioctls', name)}.sizedBy`;
  const record = shape && 'cName' in shape ? model.types.find(({ cName }) => cName === shape.cName) : undefined;
  if (!record) throw new StatementError(key, 'the argument is not a struct of the header; remove the key');
  requireCounter(sizedBy, promoted(record.members), key);
}

// --- members ---------------------------------------------------------------------------------------------------------

interface Statement {
  readonly list: MemberStatements;
  readonly path: string;
  readonly value: AddressStatement;
}

/** What a statement is checked with. */
interface Context {
  readonly key: string;
  readonly model: Model;
  readonly type: RecordType;
  /** The members of the innermost record that has a name or is a member. */
  readonly siblings: readonly Member[];
}

/** Returns the model with a statement about a member. Returns undefined if the model does not have the struct. */
function withMember(model: Model, { list, path, value }: Statement): Model | undefined {
  const key = keyOf(list, path);
  const [wanted, ...names] = partsOf(key, path);
  const type = typeCalled(model, wanted);
  if (!type) return undefined;
  const context: Context = { key, model, type, siblings: promoted(type.members) };
  const members = edited(type.members, names, context, (member, inside) => stateMember(list, value, member, inside));
  return { ...model, types: model.types.map((each) => (each === type ? { ...type, members } : each)) };
}

type Edit = (member: Member, context: Context) => Member;

/** Returns the members with the edited member at a path. */
function edited(members: readonly Member[], names: readonly string[], context: Context, edit: Edit): Member[] {
  const [name, ...rest] = names;
  const { key, type, siblings } = context;
  if (!siblings.some((member) => member.name === name)) {
    const hint = didYouMean(
      String(name),
      siblings.map((member) => member.name),
    );
    throw new StatementError(key, `${type.cName} has no member '${name}' at this place${hint}`);
  }
  return members.map((member): Member => {
    const inside = member.members ?? [];
    if (member.name === null && promoted(inside).some((each) => each.name === name)) {
      return { ...member, members: edited(inside, names, context, edit) };
    }
    if (member.name !== name) return member;
    if (rest.length === 0) return edit(member, context);
    if (inside.length > 0) {
      return { ...member, members: edited(inside, rest, { ...context, siblings: promoted(inside) }, edit) };
    }
    const remedy =
      'cName' in member.shape && member.shape.cName !== null ? `; write '${member.shape.cName}.${rest.join('.')}'` : '';
    throw new StatementError(key, `member '${name}' is of type ${member.type}, which is described on its own${remedy}`);
  });
}

/** Returns the members of a record, including those of its anonymous members. */
function promoted(members: readonly Member[]): Member[] {
  return members.flatMap((member) => (member.name === null ? promoted(member.members ?? []) : [member]));
}

function stateMember(list: MemberStatements, value: AddressStatement, member: Member, context: Context): Member {
  if (list === 'countedBy') return counted(String(value), member, context);
  if (list === 'addresses') return { ...member, address: addressed(value, member, context) };
  return named(list, String(value), member, context);
}

function counted(counter: string, member: Member, { key, siblings }: Context): Member {
  const [first] = member.dims ?? [];
  if (first !== null && first !== 0) {
    const what = member.dims ? `has ${first} elements` : 'is not an array';
    throw new StatementError(
      key,
      `'${member.name}' ${what}; a member counts the elements of a flexible array, [] or [0]`,
    );
  }
  requireCounter(counter, siblings, key);
  return { ...member, countedBy: counter };
}

/** Checks that a member is an integer that can be a number of elements or bytes. */
function requireCounter(counter: string, siblings: readonly Member[], key: string): void {
  const found = siblings.find(({ name }) => name === counter);
  if (!found) {
    const hint = didYouMean(
      counter,
      siblings.map(({ name }) => name),
    );
    throw new StatementError(key, `the same struct has no member '${counter}'${hint}`);
  }
  if (isInteger(found) && !found.dims && !found.bit) return;
  const problem = `'${counter}' is of type ${found.type}${found.dims ? ', an array' : found.bit ? ', a bit-field' : ''}`;
  throw new StatementError(key, `${problem}; the number must be in a member that is an integer`);
}

function isInteger({ shape }: Member): boolean {
  return /^[us](?:8|16|32|64)$/.test(shape.is);
}

function addressed(value: AddressStatement, member: Member, { key, model, siblings }: Context): AddressedMemory {
  const isWide = member.shape.is === 'u64' || member.shape.is === 's64';
  const isAddress = member.shape.is === 'pointer' || isWide || (isInteger(member) && member.size === model.pointerSize);
  if (!isAddress || member.dims || member.bit) {
    const rule = `an address is a pointer, or an integer of 64 bits or of ${model.pointerSize * 8} bits`;
    throw new StatementError(
      key,
      `'${member.name}' is of type ${member.type}${member.dims ? ', an array' : ''}; ${rule}`,
    );
  }
  // The kernel also follows the addresses in the struct that a pointer points to.
  const pointee = pointeeOf(member, model);
  const type = pointee ? { type: pointee.cName } : {};
  if (typeof value === 'number') return { elementSize: value, ...type };
  const { countedBy, elementSize } = typeof value === 'string' ? { countedBy: value, elementSize: 1 } : value;
  requireCounter(countedBy, siblings, key);
  if (typeof elementSize === 'number') return { countedBy, elementSize, ...type };
  const { size, cName } = elementOf(elementSize, member, key, model);
  return { countedBy, elementSize: size, type: cName };
}

function pointeeOf({ type }: Member, model: Model): RecordType | undefined {
  const name = /^(?:const )?((?:struct |union )?\w+) ?\*$/.exec(type)?.[1];
  return name === undefined ? undefined : typeCalled(model, name);
}

/** Returns a struct of the model by its name. Without a name, returns the struct that a member points to. */
function elementOf(wanted: string | undefined, member: Member, key: string, model: Model): RecordType {
  const type = wanted === undefined ? pointeeOf(member, model) : typeCalled(model, wanted);
  if (type) return type;
  if (wanted === undefined) {
    const rule = "write the size of one element, as in { countedBy: 'n', elementSize: 16 }";
    throw new StatementError(key, `'${member.name}' does not point to a struct of the header; ${rule}`);
  }
  const hint = didYouMean(
    bareName(wanted),
    model.types.map(({ tag }) => tag),
  );
  throw new StatementError(key, `the header has no struct or union called '${wanted}'${hint}`);
}

function named(list: 'flags' | 'names', value: string, member: Member, { key, model }: Context): Member {
  if (!isInteger(member)) {
    throw new StatementError(
      key,
      `'${member.name}' is of type ${member.type}; only an integer has names for its values`,
    );
  }
  const enumeration = model.enums.find(({ tag, cName }) => tag !== null && (tag === value || cName === value));
  const isWide = member.shape.is === 'u64' || member.shape.is === 's64';
  if (enumeration && list === 'names' && !isWide && !member.bit)
    return { ...member, enum: enumeration.cName as string };
  const prefix = enumeration ? commonPrefix(enumeration) : value;
  const names = [...model.constants, ...model.enums.flatMap(({ enumerators }) => enumerators)].map((each) => each.name);
  if (prefix === '' || !names.some((name) => name.startsWith(prefix))) {
    const enums = model.enums.flatMap(({ tag }) => tag ?? []);
    const hint = didYouMean(value, [...enums, ...new Set(names.map((name) => name.replace(/[^_]+$/, '')))]);
    throw new StatementError(
      key,
      `the header has no constant that begins with '${value}', and no enum of this name${hint}`,
    );
  }
  return { ...member, named: { prefix, ...(list === 'flags' ? { flags: true } : {}) } };
}

/** Returns the longest prefix of all enumerators that ends in `_`. */
function commonPrefix({ enumerators }: EnumType): string {
  const [first = '', ...others] = enumerators.map(({ name }) => name);
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, first.slice(0, length).lastIndexOf('_') + 1);
}

// --- names -----------------------------------------------------------------------------------------------------------

function keyOf(list: keyof Statements, name: string): string {
  return `${list}['${name}']`;
}

/** Returns the parts of a path: the struct, then the members. */
function partsOf(key: string, path: string): [string, ...string[]] {
  const [type = '', ...names] = path.split('.');
  if (type !== '' && names.length > 0 && names.every((name) => name !== '')) return [type, ...names];
  throw new StatementError(key, "a member is spelled as the struct and the member, such as 'mydev_filter.rules'");
}

function typeCalled({ types }: Model, name: string): RecordType | undefined {
  return types.find(({ cName }) => cName === name) ?? types.find(({ tag }) => tag === name);
}

function bareName(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}

function didYouMean(wanted: string, names: readonly (string | null)[]): string {
  const close = closestTo(wanted, [...new Set(names.flatMap((name) => name ?? []))]);
  return close.length > 0 ? `; did you mean ${close.map((name) => `'${name}'`).join(', ')}?` : '';
}
