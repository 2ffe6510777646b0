/**
 * A model said again in C, one check per line, so that any C compiler can be asked whether it agrees. Each line number
 * leads back to the item that the line checks.
 *
 * Static assertions hold everything but bit-fields, of which C tells neither offset nor size. For each of those an
 * object with only that bit-field set goes into an ELF section of its own; its bytes then show where the bits are.
 */

import { locationText } from '../model/locations.js';
import type {
  BitRange,
  ByteOrder,
  Constant,
  EnumType,
  IntegerValue,
  Ioctl,
  Member,
  Model,
  RecordType,
  ScalarKind,
  Shape,
} from '../model/model.js';

/** One checked fact of the model, and the line of the translation unit that checks it. */
export interface Check {
  /** Counted from 1. */
  readonly line: number;
  /** `struct kvm_run.immediate_exit: offset` */
  readonly item: string;
  /** What the model says. */
  readonly expected: string;
}

/** A run of bits, counted from the first byte of an object in the order C allocates bit-fields. */
export interface BitRun {
  readonly start: number;
  readonly width: number;
}

/** A check whose line defines an object that has only this bit-field set. */
export interface BitCheck extends Check {
  /** The ELF section that holds the object, and nothing else. */
  readonly section: string;
  readonly bits: BitRun;
}

export interface TranslationUnit<C extends Check> {
  readonly text: string;
  readonly checks: readonly C[];
}

/** Something that the model says and C has no words for. */
export interface Unchecked {
  readonly item: string;
  readonly reason: string;
}

export interface CAssertions {
  readonly assertions: TranslationUnit<Check>;
  readonly bitFields: TranslationUnit<BitCheck>;
  readonly unchecked: readonly Unchecked[];
}

export function emitAssertions(model: Model): CAssertions {
  const assertions = new UnitWriter<Check>([...includes(model), ...textMacros]);
  const bitFields = new UnitWriter<BitCheck>(includes(model));
  const sink: Sink = { model, assertions, bitFields, unchecked: [] };
  for (const constant of model.constants) emitConstant(sink, constant);
  for (const ioctl of model.ioctls) emitIoctl(sink, ioctl);
  for (const { name, parameters } of [...model.functions, ...model.omissions]) {
    if (parameters) emitFunctionMacro(sink, name, parameters);
  }
  // All macros have been checked by now, and those that are in the way can go.
  for (const name of hiddenNames(model)) for (const unit of [assertions, bitFields]) unit.add(`#undef ${name}`);
  for (const { argument, ...ioctl } of model.ioctls) if (argument !== null) emitArgument(sink, ioctl, argument);
  for (const record of model.types) emitRecord(sink, record);
  for (const enumeration of model.enums) emitEnum(sink, enumeration);
  return { assertions: assertions.unit(), bitFields: bitFields.unit(), unchecked: sink.unchecked };
}

/** The bytes of an object of `byteLength` bytes in which only the bits of `run` are set. */
export function bitImage(run: BitRun, byteLength: number, byteOrder: ByteOrder): Uint8Array {
  const image = new Uint8Array(byteLength);
  for (let bit = run.start; bit < run.start + run.width; bit++) {
    const byte = bit >> 3;
    if (byte < byteLength) image[byte] = (image[byte] ?? 0) | bitMask(bit, byteOrder);
  }
  return image;
}

/** Bit `bit` of an object, as a mask of the byte it is in: big-endian targets allocate from the top of a byte. */
export function bitMask(bit: number, byteOrder: ByteOrder): number {
  return byteOrder === 'little' ? 1 << (bit & 7) : 0x80 >> (bit & 7);
}

// --- writing lines ---------------------------------------------------------------------------------------------------

interface Sink {
  readonly model: Model;
  readonly assertions: UnitWriter<Check>;
  readonly bitFields: UnitWriter<BitCheck>;
  readonly unchecked: Unchecked[];
}

class UnitWriter<C extends Check> {
  readonly checks: C[] = [];
  readonly #lines: string[];

  constructor(preamble: readonly string[]) {
    this.#lines = [...preamble];
  }

  /** Returns the number of the new line. */
  add(line: string): number {
    return this.#lines.push(line);
  }

  unit(): TranslationUnit<C> {
    return { text: `${this.#lines.join('\n')}\n`, checks: this.checks };
  }
}

/** The lines of C that read what a model was made from: its header, after those that it needs before it. */
export function includeLines({ requiredIncludes = [], header }: Pick<Model, 'requiredIncludes' | 'header'>): string[] {
  return [...requiredIncludes, header].map((name) => `#include <${name}>`);
}

/** What only the uses of macros need (`offsetof`, `_IOC`) comes last, so that the header is read as it is alone. */
function includes(model: Model): string[] {
  const ioctl = model.ioctls.length > 0 ? ['#include <linux/ioctl.h>'] : [];
  const start = ['/* Checks of a generated binding; do not edit. */', ...includeLines(model)];
  return [...start, '#include <stddef.h>', ...ioctl];
}

/** Names of types, members and enumerators that a macro hides, such as that of a member which has moved into another. */
function hiddenNames({ types, enums, ioctls, constants, functions, omissions }: Model): Set<string> {
  const macros = new Set([...constants, ...functions, ...omissions].map(({ name }) => name));
  const wordsOf = (member: Member): string[] => [
    ...(member.name === null ? [] : [member.name]),
    ...(member.type.match(/\w+/g) ?? []),
    ...(member.members ?? []).flatMap(wordsOf),
  ];
  const words = [
    ...types.flatMap(({ tag, members }) => [tag, ...members.flatMap(wordsOf)]),
    ...enums.flatMap(({ tag, enumerators }) => [
      ...(tag === null ? [] : [tag]),
      ...enumerators.map(({ name }) => name),
    ]),
    ...ioctls.flatMap(({ argument }) => argument?.match(/\w+/g) ?? []),
  ];
  return new Set(words.filter((word) => macros.has(word)));
}

/** What the preprocessor makes of some tokens, as a string. */
export const textMacros: readonly string[] = [
  '#define KVM_UAPI_QUOTE(...) #__VA_ARGS__',
  '#define KVM_UAPI_TEXT(...) KVM_UAPI_QUOTE(__VA_ARGS__)',
];

function assert(sink: Sink, item: string, expected: string | number, condition: string): void {
  const message = stringLiteral(`${item} ${expected}`);
  const line = sink.assertions.add(`_Static_assert(${condition}, ${message});`);
  sink.assertions.checks.push({ line, item, expected: String(expected) });
}

function leaveOut(sink: Sink, item: string, reason: string): void {
  sink.unchecked.push({ item, reason });
}

// --- records ---------------------------------------------------------------------------------------------------------

/** An object that C can name: the outermost record, or a member of unnamed record type in it. */
interface Container {
  /** `struct kvm_run`, the outermost record. */
  readonly record: string;
  /** From the outermost record to here: `redirtbl[0].fields`; empty for the outermost record itself. */
  readonly path: string;
  /** In bytes from the outermost record. */
  readonly offset: number;
}

function emitRecord(sink: Sink, record: RecordType): void {
  const name = record.cName;
  assert(sink, `${name}: size`, record.size, `sizeof(${name}) == ${record.size}`);
  assert(sink, `${name}: align`, record.align, `__alignof__(${name}) == ${record.align}`);
  emitMembers(sink, { record: name, path: '', offset: 0 }, record.members, 0);
}

/** `offset` is that of the record that `members` belongs to: an anonymous one has no path but does have an offset. */
function emitMembers(sink: Sink, container: Container, members: readonly Member[], offset: number): void {
  for (const member of members) {
    if (member.name === null) emitMembers(sink, container, member.members ?? [], offset + member.offset);
    else if (member.bit) emitBitField(sink, container, member, member.bit, offset + member.offset);
    else emitMember(sink, container, member, offset + member.offset);
  }
}

function emitMember(sink: Sink, container: Container, member: Member, offset: number): void {
  const path = memberPath(container, member);
  const item = `${container.record}.${path}`;
  const object = objectAt(container.record, path);
  const dims = member.dims ?? [];
  assert(sink, `${item}: offset`, offset, `__builtin_offsetof(${container.record}, ${path}) == ${offset}`);
  // C has no size of a flexible array.
  if (!dims.includes(null)) assert(sink, `${item}: size`, member.size, `sizeof(${object}) == ${member.size}`);
  if (member.elementSize !== undefined) {
    const condition = `sizeof(${element(object, dims.length)}) == ${member.elementSize}`;
    assert(sink, `${item}: element size`, member.elementSize, condition);
  }
  for (const [depth, length] of dims.entries()) emitDimension(sink, item, element(object, depth), length, depth);
  emitMemberType(sink, item, object, member);
  emitShape(sink, item, element(object, dims.length), member.shape);
  if (member.members) {
    const inner = { record: container.record, path: element(path, dims.length), offset };
    emitMembers(sink, inner, member.members, offset);
  }
}

function emitDimension(sink: Sink, item: string, array: string, length: number | null, depth: number): void {
  const what = `${item}: dimension ${depth + 1}`;
  if (length === null) assert(sink, what, '[]', isFlexible(array));
  else assert(sink, what, length, compatible(typeOf(array), `${typeOf(`${array}[0]`)}[${length}]`));
}

/**
 * Only an array of unknown length takes its length from an initialiser. gcc holds `T[]` of a member to be compatible
 * with `T[0]` and clang with any `T[n]`, so their types do not tell.
 */
function isFlexible(array: string): string {
  return `sizeof((${typeOf(array)}){{0}, {0}}) == 2 * sizeof(${array}[0])`;
}

function emitMemberType(sink: Sink, item: string, object: string, member: Member): void {
  // The check of the shape covers these.
  if (isUnnamed(member.type) || ('cName' in member.shape && member.type === member.shape.cName)) return;
  const problem = unspeakable(member.type);
  if (problem) {
    leaveOut(sink, `${item}: type`, problem);
    return;
  }
  const condition = compatible(typeOf(element(object, member.dims?.length ?? 0)), member.type);
  assert(sink, `${item}: type`, member.type, condition);
}

/** What the bytes of `object` are read as. */
function emitShape(sink: Sink, item: string, object: string, shape: Shape): void {
  if (!isRecordShape(shape)) {
    const condition = scalarCondition(object, shape.is);
    if (condition) assert(sink, `${item}: kind`, shape.is, condition);
  } else if (shape.cName === null) {
    assert(sink, `${item}: align`, shape.align, `__alignof__(${typeOf(object)}) == ${shape.align}`);
  } else {
    assert(sink, `${item}: kind`, shape.cName, compatible(typeOf(object), shape.cName));
  }
}

function emitBitField(sink: Sink, container: Container, member: Member, bit: BitRange, offset: number): void {
  const path = memberPath(container, member);
  const item = `${container.record}.${path}`;
  emitStorageUnit(sink, item, member, bit);
  // As an operand of the comma operator a bit-field does have a type that can be asked for.
  const type = typeOf(`(0, ${objectAt(container.record, path)})`);
  const signed = isSigned(member.shape) ? 1 : 0;
  const isBool = member.shape.is === 'bool' ? 1 : 0;
  const condition = `((${type})-1 < 0) == ${signed} && ((${type})2 == 1) == ${isBool}`;
  assert(sink, `${item}: kind`, member.shape.is, condition);
  const start = (offset - container.offset) * 8 + bit.offset;
  emitBitObject(sink, item, container, member.name ?? '', { start, width: bit.width });
}

/** A storage unit is of the declared type, or the bytes that the bit-field touches, which its bits then tell. */
function emitStorageUnit(sink: Sink, item: string, member: Member, bit: BitRange): void {
  if (member.size === Math.ceil((bit.offset + bit.width) / 8)) return;
  const problem = unspeakable(member.type);
  if (problem) leaveOut(sink, `${item}: size`, problem);
  else assert(sink, `${item}: size`, member.size, `sizeof(${member.type}) == ${member.size}`);
}

/**
 * The object is of the innermost type that C can name, not of the outermost record: an initialiser cannot go through a
 * zero-length array. Where that type stands in the record is checked apart from this.
 */
function emitBitObject(sink: Sink, item: string, container: Container, name: string, bits: BitRun): void {
  const { bitFields } = sink;
  const index = bitFields.checks.length;
  const type = container.path === '' ? container.record : typeOf(objectAt(container.record, container.path));
  const section = `.kvm_uapi.bits.${index}`;
  const attributes = `__attribute__((section("${section}"), used))`;
  const line = bitFields.add(`static const ${type} kvm_uapi_bits_${index} ${attributes} = { .${name} = ~0 };`);
  bitFields.checks.push({ line, item: `${item}: bits`, expected: describeBits(bits), section, bits });
}

/** `bit 12`, `bits 12..15` */
export function describeBits(run: BitRun): string {
  return run.width === 1 ? `bit ${run.start}` : `bits ${run.start}..${run.start + run.width - 1}`;
}

// --- enums, macros, ioctls -------------------------------------------------------------------------------------------

function emitEnum(sink: Sink, enumeration: EnumType): void {
  const { cName: name, location } = enumeration;
  if (name === null) {
    const first = enumeration.enumerators[0]?.name ?? locationText(location);
    leaveOut(sink, `enum of ${first}: size`, 'an enum without a tag cannot be named');
  } else {
    assert(sink, `${name}: size`, enumeration.size, `sizeof(${name}) == ${enumeration.size}`);
  }
  for (const enumerator of enumeration.enumerators) {
    emitInteger(sink, `enumerator ${enumerator.name}`, enumerator);
  }
}

function emitConstant(sink: Sink, constant: Constant): void {
  if (constant.type.startsWith('char[')) emitString(sink, constant);
  else emitInteger(sink, constant.name, constant);
}

type IntegerExpression = Pick<Constant, 'name' | 'value' | 'type'>;

function emitInteger(sink: Sink, item: string, { name, value, type }: IntegerExpression): void {
  assert(sink, `${item}: value`, value, hasValue(`(${name})`, value));
  emitExpressionType(sink, item, name, type);
}

function emitString(sink: Sink, { name, value, type }: Constant): void {
  const text = String(value);
  // As many letters as bytes: each letter is a byte. Otherwise the text stands for its UTF-8.
  const isBytes = type === `char[${text.length + 1}]`;
  const literal = isBytes ? bytesLiteral(text) : stringLiteral(text);
  const same = `sizeof(${name}) == sizeof(${literal}) && __builtin_memcmp(${name}, ${literal}, sizeof(${literal})) == 0`;
  assert(sink, `${name}: value`, JSON.stringify(text), same);
  emitExpressionType(sink, name, name, type);
}

function emitExpressionType(sink: Sink, item: string, expression: string, type: string): void {
  const problem = unspeakable(type);
  if (problem) leaveOut(sink, `${item}: type`, problem);
  else assert(sink, `${item}: type`, type, compatible(typeOf(expression), type));
}

const DIRECTION_BITS: Record<Ioctl['direction'], string> = {
  none: '0',
  read: '_IOC_READ',
  write: '_IOC_WRITE',
  readwrite: '(_IOC_READ | _IOC_WRITE)',
};

function emitIoctl(sink: Sink, ioctl: Ioctl): void {
  const { name } = ioctl;
  const request = `0x${ioctl.request.toString(16)}`;
  // Sign and width of the macro's own type are the matter of the constant of this name.
  assert(sink, `${name}: request`, request, `(unsigned int)(${name}) == ${request}U`);
  const direction = `(_IOC_DIR(${name}) & ${DIRECTION_BITS.readwrite}) == ${DIRECTION_BITS[ioctl.direction]}`;
  assert(sink, `${name}: direction`, ioctl.direction, direction);
  assert(sink, `${name}: magic`, ioctl.type, `_IOC_TYPE(${name}) == ${ioctl.type}`);
  assert(sink, `${name}: nr`, ioctl.nr, `_IOC_NR(${name}) == ${ioctl.nr}`);
  assert(sink, `${name}: size`, ioctl.size, `_IOC_SIZE(${name}) == ${ioctl.size}`);
}

function emitArgument(sink: Sink, ioctl: Omit<Ioctl, 'argument'>, argument: string): void {
  const item = `${ioctl.name}: argument`;
  const problem = unspeakable(argument);
  if (problem) {
    leaveOut(sink, item, problem);
    return;
  }
  if (ioctl.passes === 'pointer') emitArgumentSize(sink, ioctl, `${item} size`, argument);
  const isArray = argument.endsWith(']');
  const isUnnamedRecord = ioctl.shape !== null && isRecordShape(ioctl.shape) && ioctl.shape.cName === null;
  if (ioctl.shape && !isArray && !isUnnamedRecord) emitShape(sink, item, `(*(${argument} *)0)`, ioctl.shape);
}

function emitArgumentSize(sink: Sink, ioctl: Omit<Ioctl, 'argument'>, item: string, argument: string): void {
  if (ioctl.override) leaveOut(sink, item, `the kernel does otherwise than the macro says: ${ioctl.override.source}`);
  // A request has room for a part of the size only, and what is beyond it goes into other bits of the request.
  else assert(sink, item, ioctl.size, `(sizeof(${argument}) & _IOC_SIZEMASK) == ${ioctl.size}`);
}

function emitFunctionMacro(sink: Sink, name: string, parameters: readonly string[]): void {
  const item = `${name}()`;
  const { assertions } = sink;
  assertions.add(`#ifndef ${name}`);
  const line = assertions.add(`#error "${item}: not defined"`);
  assertions.add('#endif');
  assertions.checks.push({ line, item: `${item}: defined`, expected: 'a macro' });
  const isFunctionLike = `sizeof(KVM_UAPI_TEXT(${name})) == sizeof("${name}")`;
  if (parameters.at(-1)?.endsWith('...')) {
    // What it hands its arguments on to may want a number of them that the macro itself does not tell.
    leaveOut(sink, `${item}: parameters`, 'a macro with a variable number of arguments refuses none');
    assert(sink, `${item}: kind`, 'function-like', isFunctionLike);
    return;
  }
  // The name alone stays as it is, and the preprocessor refuses any other number of arguments. A digit can be pasted
  // to a name as well as to a number.
  const call = `${name}(${parameters.map(() => '1').join(', ')})`;
  const condition = `${isFunctionLike} && sizeof(KVM_UAPI_TEXT(${call})) > 0`;
  assert(sink, `${item}: parameters`, parameters.length, condition);
}

// --- pieces of C -----------------------------------------------------------------------------------------------------

function memberPath(container: Container, member: Member): string {
  return container.path === '' ? `${member.name}` : `${container.path}.${member.name}`;
}

function objectAt(record: string, path: string): string {
  return `((${record} *)0)->${path}`;
}

function element(array: string, depth: number): string {
  return array + '[0]'.repeat(depth);
}

function typeOf(expression: string): string {
  return `__typeof__(${expression})`;
}

function compatible(left: string, right: string): string {
  return `__builtin_types_compatible_p(${left}, ${right})`;
}

function isRecordShape(shape: Shape): shape is Exclude<Shape, { readonly is: ScalarKind }> {
  return shape.is === 'struct' || shape.is === 'union';
}

function isSigned(shape: Shape): boolean {
  return shape.is === 's8' || shape.is === 's16' || shape.is === 's32' || shape.is === 's64';
}

function isUnnamed(type: string): boolean {
  return type === 'struct' || type === 'union';
}

/** Why C code cannot say a type again in the place of a type name; null if it can. */
function unspeakable(type: string): string | null {
  if (isUnnamed(type) || type === 'enum') return 'an unnamed type cannot be said again';
  if (type.includes('(')) return 'a function type is not compared';
  return null;
}

/** GCC's numbers of the classes of types, which clang shares for these. */
const TYPE_CLASS: { readonly integer: number; readonly pointer: number; readonly real: number } = {
  integer: 1,
  pointer: 5,
  real: 8,
};

const SCALAR_SIZE: Partial<Record<ScalarKind, number>> = {
  u8: 1,
  s8: 1,
  u16: 2,
  s16: 2,
  u32: 4,
  s32: 4,
  u64: 8,
  s64: 8,
  f32: 4,
  f64: 8,
  bool: 1,
};

/** Null for bytes of which nothing is claimed but their number. */
function scalarCondition(object: string, kind: ScalarKind): string | null {
  const type = typeOf(object);
  const ofClass = (number: number): string => `__builtin_classify_type(${object}) == ${number}`;
  if (kind === 'opaque') return null;
  if (kind === 'pointer') return ofClass(TYPE_CLASS.pointer);
  const sized = `sizeof(${object}) == ${SCALAR_SIZE[kind]}`;
  if (kind === 'f32' || kind === 'f64') return `${sized} && ${ofClass(TYPE_CLASS.real)}`;
  // Compilers disagree on the class of a _Bool, but only a _Bool turns 2 into 1.
  if (kind === 'bool') return `${sized} && (${type})2 == 1`;
  const sign = `((${type})-1 < 0) == ${kind.startsWith('s') ? 1 : 0}`;
  return `${sized} && ${sign} && (${type})2 == 2 && ${ofClass(TYPE_CLASS.integer)}`;
}

/**
 * The comparison is exact for every integer type: the sign is asked apart, because in C `-1 == 0xffffffffU`, and the
 * literal is as wide as any value, so that neither side is cut.
 */
function hasValue(expression: string, value: IntegerValue): string {
  const digits = String(value);
  if (!digits.startsWith('-')) return `!(${expression} < 0) && ${expression} == ${digits}ULL`;
  // C has no negative literals: the least value is one that no literal can be the negative of.
  const literal = digits === LEAST_INTEGER ? '(-9223372036854775807LL - 1)' : `${digits}LL`;
  return `${expression} < 0 && ${expression} == ${literal}`;
}

const LEAST_INTEGER = '-9223372036854775808';

function stringLiteral(text: string): string {
  return `"${text.replace(/["\\]|\p{Cc}/gu, escapeLetter)}"`;
}

function bytesLiteral(text: string): string {
  return `"${text.replace(/["\\]|\p{Cc}|[^\p{ASCII}]/gu, escapeLetter)}"`;
}

/** Octal escapes: unlike hexadecimal ones they end by themselves. */
function escapeLetter(letter: string): string {
  if (letter === '"' || letter === '\\') return `\\${letter}`;
  return `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
