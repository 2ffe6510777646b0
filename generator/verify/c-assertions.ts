/**
 * Converts a model to C code with one check on each line, so that a C compiler can check the model. Each line number
 * identifies the item that the line checks.
 *
 * Static assertions check everything except bit-fields. C cannot express the offset or the size of a bit-field. For
 * each bit-field, an object with only that bit-field set is placed into its own ELF section. The bytes of the object
 * show the position of the bits.
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
  /** The checked fact, such as `struct kvm_run.immediate_exit: offset`. */
  readonly item: string;
  /** The value in the model. */
  readonly expected: string;
}

/** A range of bits, counted from the first byte of an object in the order in which C allocates bit-fields. */
export interface BitRun {
  readonly start: number;
  readonly width: number;
}

/** A check whose line defines an object with only this bit-field set. */
export interface BitCheck extends Check {
  /** The ELF section that contains only the object. */
  readonly section: string;
  readonly bits: BitRun;
}

export interface TranslationUnit<C extends Check> {
  readonly text: string;
  readonly checks: readonly C[];
}

/** A fact of the model that C cannot express. */
export interface Unchecked {
  readonly item: string;
  readonly reason: string;
}

export interface CAssertions {
  readonly assertions: TranslationUnit<Check>;
  readonly bitFields: TranslationUnit<BitCheck>;
  readonly unchecked: readonly Unchecked[];
}

/** Returns the checks of a model. `path` is the path of the model's header, if no include folder has the header. */
export function emitAssertions(model: Model, path?: string): CAssertions {
  const assertions = new UnitWriter<Check>([...includes(model, path), ...textMacros]);
  const bitFields = new UnitWriter<BitCheck>(includes(model, path));
  const sink: Sink = { model, assertions, bitFields, unchecked: [] };
  for (const constant of model.constants) emitConstant(sink, constant);
  for (const ioctl of model.ioctls) emitIoctl(sink, ioctl);
  for (const { name, parameters } of [...model.functions, ...model.omissions]) {
    if (parameters) emitFunctionMacro(sink, name, parameters);
  }
  // All macros are checked at this point. Macros that hide names can be removed.
  for (const name of hiddenNames(model)) for (const unit of [assertions, bitFields]) unit.add(`#undef ${name}`);
  for (const { argument, ...ioctl } of model.ioctls) if (argument !== null) emitArgument(sink, ioctl, argument);
  for (const record of model.types) emitRecord(sink, record);
  for (const enumeration of model.enums) emitEnum(sink, enumeration);
  return { assertions: assertions.unit(), bitFields: bitFields.unit(), unchecked: sink.unchecked };
}

/** Returns the bytes of an object of `byteLength` bytes in which only the bits of `run` are set. */
export function bitImage(run: BitRun, byteLength: number, byteOrder: ByteOrder): Uint8Array {
  const image = new Uint8Array(byteLength);
  for (let bit = run.start; bit < run.start + run.width; bit++) {
    const byte = bit >> 3;
    if (byte < byteLength) image[byte] = (image[byte] ?? 0) | bitMask(bit, byteOrder);
  }
  return image;
}

/** Returns bit `bit` of an object as a mask of its byte. Big-endian targets allocate from the highest bit of a byte. */
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

  /** Adds a line and returns its number. */
  add(line: string): number {
    return this.#lines.push(line);
  }

  unit(): TranslationUnit<C> {
    return { text: `${this.#lines.join('\n')}\n`, checks: this.checks };
  }
}

/** Returns the lines of C that read the header of a model as the generator did. */
export function includeLines({
  define = {},
  requiredIncludes = [],
  header,
}: Pick<Model, 'define' | 'requiredIncludes' | 'header'>): string[] {
  return [
    // A compiler warns about the definition of a macro that it predefines, unless the macro is undefined first.
    ...Object.entries(define).flatMap(([name, value]) => [`#undef ${name}`, `#define ${name} ${value}`]),
    ...[...requiredIncludes, header].map((name) => `#include <${name}>`),
  ];
}

/**
 * Headers that only the uses of macros need (`offsetof`, `_IOC`) come last, so that they do not affect the checked
 * header.
 */
function includes(model: Model, path: string | undefined): string[] {
  const ioctl = model.ioctls.length > 0 ? ['#include <linux/ioctl.h>'] : [];
  const lines = includeLines(model);
  // A path is spelled as it is: an #include has no escapes.
  if (path !== undefined) lines.splice(-1, 1, `#include "${path}"`);
  const start = ['/* Checks of a generated binding; do not edit. */', ...lines];
  return [...start, '#include <stddef.h>', ...ioctl];
}

/**
 * Returns the names of types, members and enumerators that a macro hides. An example is the name of a member that moved
 * into another member.
 */
function hiddenNames({ types, enums, ioctls, constants, functions, omissions }: Model): Set<string> {
  const omitted = omissions.filter(({ kind }) => kind === 'macro' || kind === 'ioctl');
  const macros = new Set([...constants, ...functions, ...omitted].map(({ name }) => name));
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

/** Macros that convert the preprocessed form of some tokens to a string. */
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
  /** The outermost record, such as `struct kvm_run`. */
  readonly record: string;
  /** The path from the outermost record: `redirtbl[0].fields`. Empty for the outermost record itself. */
  readonly path: string;
  /** The offset in bytes from the start of the outermost record. */
  readonly offset: number;
}

function emitRecord(sink: Sink, record: RecordType): void {
  const name = record.cName;
  assert(sink, `${name}: size`, record.size, `sizeof(${name}) == ${record.size}`);
  assert(sink, `${name}: align`, record.align, `__alignof__(${name}) == ${record.align}`);
  emitMembers(sink, { record: name, path: '', offset: 0 }, record.members, 0);
}

/** `offset` is the offset of the record that contains `members`. An anonymous record has an offset but no path. */
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
  // A flexible array has no size in C.
  if (!dims.includes(null)) assert(sink, `${item}: size`, member.size, `sizeof(${object}) == ${member.size}`);
  if (member.elementSize !== undefined) {
    const condition = `sizeof(${element(object, dims.length)}) == ${member.elementSize}`;
    assert(sink, `${item}: element size`, member.elementSize, condition);
  }
  for (const [depth, length] of dims.entries()) emitDimension(sink, item, element(object, depth), length, depth);
  emitMemberType(sink, item, object, member);
  emitMemberFacts(sink, item, object, member, container);
  emitShape(sink, item, element(object, dims.length), member.shape);
  if (member.members) {
    const inner = { record: container.record, path: element(path, dims.length), offset };
    emitMembers(sink, inner, member.members, offset);
  }
}

/** Emits checks of what the configuration and the kernel facts say about a member, as far as C can express it. */
function emitMemberFacts(sink: Sink, item: string, object: string, member: Member, container: Container): void {
  const { countedBy, address } = member;
  const emitCounter = (what: string, counter: string): void => {
    const path = memberPath(container, { name: counter });
    assert(sink, `${item}: ${what}`, counter, isIntegerMember(objectAt(container.record, path)));
  };
  if (countedBy !== undefined) emitCounter('counted by', countedBy);
  if (address?.countedBy !== undefined) emitCounter('address counted by', address.countedBy);
  // If the member counts bytes, the size of an element is 1.
  if (address?.type === undefined || address.countedBy === undefined) return;
  const { type, elementSize } = address;
  if (elementSize === undefined || elementSize === 1) return;
  if (member.shape.is === 'pointer') {
    assert(sink, `${item}: address elements`, type, compatible(typeOf(`*${object}`), type));
  }
  assert(sink, `${item}: address element size`, elementSize, `sizeof(${type}) == ${elementSize}`);
}

function isIntegerMember(object: string): string {
  return `__builtin_classify_type(${object}) == ${TYPE_CLASS.integer}`;
}

function emitDimension(sink: Sink, item: string, array: string, length: number | null, depth: number): void {
  const what = `${item}: dimension ${depth + 1}`;
  if (length === null) assert(sink, what, '[]', isFlexible(array));
  else assert(sink, what, length, sameArray(array, length));
}

/**
 * With some attributes, an array is compatible with no array that C can spell, but it has the same size. An array of
 * elements without a size always has the same size.
 */
function sameArray(array: string, length: number): string {
  const arrayOf = (bound: number | ''): string => compatible(typeOf(array), `${typeOf(`${array}[0]`)}[${bound}]`);
  const isMeasured = `(sizeof(${array}[0]) != 0 || !${arrayOf('')})`;
  return `${arrayOf(length)} || (${isMeasured} && sizeof(${array}) == ${length} * sizeof(${array}[0]))`;
}

/**
 * Only an array of unknown length takes its length from an initialiser. gcc treats `T[]` of a member as compatible with
 * `T[0]`, and clang treats it as compatible with every `T[n]`. A comparison of types therefore does not work.
 */
function isFlexible(array: string): string {
  return `sizeof((${typeOf(array)}){{0}, {0}}) == 2 * sizeof(${array}[0])`;
}

function emitMemberType(sink: Sink, item: string, object: string, member: Member): void {
  // The check of the shape covers these cases.
  if (isUnnamed(member.type) || ('cName' in member.shape && member.type === member.shape.cName)) return;
  const problem = unspeakable(member.type);
  if (problem) {
    leaveOut(sink, `${item}: type`, problem);
    return;
  }
  assert(sink, `${item}: type`, member.type, sameType(element(object, member.dims?.length ?? 0), member.type));
}

/** With some attributes, a complex type is compatible with no type that C can spell. Its parts have the same type. */
function sameType(object: string, type: string): string {
  if (!/\b_Complex \w+(?: __attribute__\(\(\w+\(\d+\)\)\))?$/.test(type)) return compatible(typeOf(object), type);
  return compatible(typeOf(`__real__ ${object}`), typeOf(`__real__ *(${type} *)0`));
}

/** Emits a check of how the bytes of `object` are read. */
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
  // As an operand of the comma operator, a bit-field has a type that C can express.
  const type = typeOf(`(0, ${objectAt(container.record, path)})`);
  const signed = isSigned(member.shape) ? 1 : 0;
  const isBool = member.shape.is === 'bool' ? 1 : 0;
  const condition = `((${type})-1 < 0) == ${signed} && ((${type})2 == 1) == ${isBool}`;
  assert(sink, `${item}: kind`, member.shape.is, condition);
  const start = (offset - container.offset) * 8 + bit.offset;
  emitBitObject(sink, item, container, member.name ?? '', { start, width: bit.width });
}

/**
 * Emits a check of the storage unit. It has the declared type, or it consists of the bytes that the bit-field touches.
 * In the second case, the bits show the position.
 */
function emitStorageUnit(sink: Sink, item: string, member: Member, bit: BitRange): void {
  if (member.size === Math.ceil((bit.offset + bit.width) / 8)) return;
  const problem = unspeakable(member.type);
  if (problem) leaveOut(sink, `${item}: size`, problem);
  else assert(sink, `${item}: size`, member.size, `sizeof(${member.type}) == ${member.size}`);
}

/**
 * Emits an object with only one bit-field set. The object has the innermost type that C can name, not the outermost
 * record, because an initialiser cannot go through a zero-length array. Another check covers the offset of that type in
 * the record.
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

/** Returns a range of bits as text: `bit 12`, `bits 12..15`. */
export function describeBits(run: BitRun): string {
  return run.width === 1 ? `bit ${run.start}` : `bits ${run.start}..${run.start + run.width - 1}`;
}

// --- enums, macros, ioctls -------------------------------------------------------------------------------------------

function emitEnum(sink: Sink, enumeration: EnumType): void {
  const { cName: name, location } = enumeration;
  if (name === null) {
    const first = enumeration.enumerators[0]?.name ?? locationText(location);
    leaveOut(sink, `enum of ${first}: size`, 'C cannot name an enum without a tag');
  } else {
    assert(sink, `${name}: size`, enumeration.size, `sizeof(${name}) == ${enumeration.size}`);
  }
  for (const enumerator of enumeration.enumerators) {
    emitInteger(sink, `enumerator ${enumerator.name}`, enumerator);
  }
}

function emitConstant(sink: Sink, constant: Constant): void {
  if (constant.isVariable) {
    emitVariable(sink, constant);
    return;
  }
  if (constant.type.startsWith('char[')) emitString(sink, constant);
  else emitInteger(sink, constant.name, constant);
}

/**
 * The value of a variable is not a constant expression, but GCC evaluates it in an initializer. A division by zero there is
 * an error.
 */
function emitVariable(sink: Sink, { name, value, type }: Constant): void {
  if (typeof value === 'string' && type.startsWith('char[')) {
    leaveOut(sink, `${name}: value`, 'C has no assertion about the text of a variable');
    return;
  }
  const { assertions } = sink;
  const object = `kvm_uapi_value_${assertions.checks.length}`;
  const line = assertions.add(`static const int ${object} = 1 / (${hasValue(`(${name})`, value)});`);
  assertions.checks.push({ line, item: `${name}: value`, expected: String(value) });
  emitExpressionType(sink, name, name, type);
}

type IntegerExpression = Pick<Constant, 'name' | 'value' | 'type'>;

function emitInteger(sink: Sink, item: string, { name, value, type }: IntegerExpression): void {
  assert(sink, `${item}: value`, value, hasValue(`(${name})`, value));
  emitExpressionType(sink, item, name, type);
}

function emitString(sink: Sink, { name, value, type }: Constant): void {
  const text = String(value);
  // If the number of letters equals the number of bytes, each letter is a byte. Otherwise the text is UTF-8.
  const isBytes = type === `char[${text.length + 1}]`;
  const literal = isBytes ? bytesLiteral(text) : stringLiteral(text);
  const same = `sizeof(${name}) == sizeof(${literal}) && __builtin_memcmp(${name}, ${literal}, sizeof(${literal})) == 0`;
  assert(sink, `${name}: value`, JSON.stringify(text), same);
  emitExpressionType(sink, name, name, type);
}

function emitExpressionType(sink: Sink, item: string, expression: string, type: string): void {
  const problem = unspeakable(type);
  if (problem) leaveOut(sink, `${item}: type`, problem);
  else
    assert(sink, `${item}: type`, type, type === '_Bool' ? isBool(expression) : compatible(typeOf(expression), type));
}

/** With some attributes, a `_Bool` is compatible with no type that C can spell. Only a `_Bool` makes 1 of 2. */
function isBool(expression: string): string {
  return `sizeof(${expression}) == sizeof(_Bool) && (${typeOf(expression)})2 == 1`;
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
  // The constant with this name checks the sign and the width of the macro's type.
  assert(sink, `${name}: request`, request, `(unsigned int)(${name}) == ${request}U`);
  // Without the macros of `linux/ioctl.h`, the model does not know the fields of a plain number.
  const isKnown = !ioctl.plainNumber || ioctl.request <= 0xffff || ioctl.direction !== 'none';
  const direction = `(_IOC_DIR(${name}) & ${DIRECTION_BITS.readwrite}) == ${DIRECTION_BITS[ioctl.direction]}`;
  if (isKnown) assert(sink, `${name}: direction`, ioctl.direction, direction);
  assert(sink, `${name}: magic`, ioctl.type, `_IOC_TYPE(${name}) == ${ioctl.type}`);
  assert(sink, `${name}: nr`, ioctl.nr, `_IOC_NR(${name}) == ${ioctl.nr}`);
  if (isKnown) assert(sink, `${name}: size`, ioctl.size, `_IOC_SIZE(${name}) == ${ioctl.size}`);
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
  if (ioctl.override) leaveOut(sink, item, `the kernel's behaviour differs from the macro: ${ioctl.override.source}`);
  // The size field of a request number has a limited width. The remaining bits of a larger size change other bits of
  // the request.
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
    // The macro can pass its arguments to another macro that requires a certain number of arguments.
    leaveOut(
      sink,
      `${item}: parameters`,
      'a macro with a variable number of arguments accepts every number of arguments',
    );
    assert(sink, `${item}: kind`, 'function-like', isFunctionLike);
    return;
  }
  // Without arguments, the preprocessor does not expand the name. It rejects a wrong number of arguments. A digit can
  // be pasted to a name and to a number.
  const call = `${name}(${parameters.map(() => '1').join(', ')})`;
  const condition = `${isFunctionLike} && sizeof(KVM_UAPI_TEXT(${call})) > 0`;
  assert(sink, `${item}: parameters`, parameters.length, condition);
}

// --- pieces of C -----------------------------------------------------------------------------------------------------

function memberPath(container: Container, member: Pick<Member, 'name'>): string {
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

/** Returns the reason why C code cannot repeat a type as a type name. Returns null if it can. */
function unspeakable(type: string): string | null {
  return /\b(?:struct|union|enum)\b(?! \w)/.test(type) ? 'C code cannot name an unnamed type' : null;
}

/** The numbers of GCC's type classes. clang has the same numbers for these classes. */
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

/** Returns the condition for a scalar. Returns null for opaque bytes, because only their number is known. */
function scalarCondition(object: string, kind: ScalarKind): string | null {
  const type = typeOf(object);
  const ofClass = (number: number): string => `__builtin_classify_type(${object}) == ${number}`;
  if (kind === 'opaque') return null;
  if (kind === 'pointer') return ofClass(TYPE_CLASS.pointer);
  const sized = `sizeof(${object}) == ${SCALAR_SIZE[kind]}`;
  if (kind === 'f32' || kind === 'f64') return `${sized} && ${ofClass(TYPE_CLASS.real)}`;
  // Compilers have different classes for _Bool. Only a _Bool converts 2 to 1.
  if (kind === 'bool') return `${sized} && (${type})2 == 1`;
  const sign = `((${type})-1 < 0) == ${kind.startsWith('s') ? 1 : 0}`;
  return `${sized} && ${sign} && (${type})2 == 2 && ${ofClass(TYPE_CLASS.integer)}`;
}

/**
 * Returns an exact comparison for every integer type. The sign is checked separately, because `-1 == 0xffffffffU` in C.
 * The literal is wide enough for every value, so neither side is truncated.
 */
function hasValue(expression: string, value: IntegerValue): string {
  const digits = String(value);
  if (!digits.startsWith('-')) return `!(${expression} < 0) && ${expression} == ${digits}ULL`;
  // C has no negative literals, and the smallest value is not the negative of any literal.
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

/** Returns an octal escape. Unlike a hexadecimal escape, it has a fixed maximum length. */
function escapeLetter(letter: string): string {
  if (letter === '"' || letter === '\\') return `\\${letter}`;
  return `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
