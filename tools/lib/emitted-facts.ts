/**
 * Asks the C compiler for facts about every item of a model, and compares emitted modules with these facts. The model
 * only decides which items are compared. The completeness test checks that the model contains every item.
 */

import { ioctlOverrides } from '../../generator/kernel/ioctl-arguments.js';
import type { Constant, Enumerator, Ioctl, Model } from '../../generator/model/model.js';
import type { ArrayView, FlexibleTail, TypeLayout, View, ViewClass } from '../../support/index.js';
import { type ClassInC, classesOf, elementOf, type NamedMember, pascalCase } from './expected-classes.js';
import { type Bindings, classCalled, type Exports } from './imported-bindings.js';
import { compileProgram, type Subject } from './oracle-compiler.js';
import { run } from './programs.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** The facts, in the order of the model's items. */
export interface Facts {
  readonly classes: readonly ClassFacts[];
  readonly constants: readonly ValueFacts[];
  /** The enumerators of all enums, in order. */
  readonly enumerators: readonly ValueFacts[];
  readonly ioctls: readonly IoctlFacts[];
}

interface ClassFacts {
  readonly size: number;
  readonly align: number;
  readonly keyword: 'struct' | 'union';
  readonly members: readonly MemberFacts[];
}

interface MemberFacts {
  /** The offset in bytes. For a bit-field, in bits. */
  readonly offset: number;
  /** The size in bytes. 0 for a flexible array. For a bit-field, the number of bits from its first to its last bit. */
  readonly size: number;
  /** For an array, the distance from one element to the next. For a bit-field, the number of its bits. */
  readonly step: number;
  readonly dims: readonly (number | null)[];
  /** Whether the member has the type that the model names. Unknown for a bit-field. */
  readonly typeIsRight: boolean;
  /** For a bit-field, the size of the type that the model names. */
  readonly unitSize: number;
}

interface ValueFacts {
  /** The value in decimal. For a string, its bytes in hexadecimal. */
  readonly value: string;
  readonly size: number;
  readonly type: string;
}

interface IoctlFacts {
  readonly request: number;
  readonly direction: string;
  readonly type: number;
  readonly nr: number;
  readonly size: number;
  /** The type in the macro, with the same spelling. Empty without a type. */
  readonly argument: string;
  /** The view of an integer of that type. Empty for other types. */
  readonly scalarView: string;
  readonly isRecord: boolean;
  /** The size of the type that the model names as the real type. */
  readonly realSize: number;
}

/** A difference between a module and the compiler's facts. */
export interface Difference {
  readonly item: string;
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

export async function factsOf(model: Model, { header, include }: Subject): Promise<Facts> {
  const output = await inTemporaryFolder({}, (folder) =>
    run(compileProgram(folder, factsProgram(model, header), include), []),
  );
  return JSON.parse(output.replaceAll(/,(?=[\]}])/g, '')) as Facts;
}

export function enumeratorsOf(model: Model): Enumerator[] {
  return model.enums.flatMap(({ enumerators }) => enumerators);
}

// The program

function factsProgram(model: Model, header: string): string {
  return `${programStart(header)}
int main(void) {
  printf("{\\"classes\\":[");
${classesOf(model).map(classQuestions).join('\n')}
  printf("],\\"constants\\":[");
${model.constants.map(({ name, type }) => `  ${type.startsWith('char[') ? 'STRING' : 'INTEGER'}(${name})`).join('\n')}
  printf("],\\"ioctls\\":[");
  struct ioctl ioctls[] = {
${model.ioctls.map(ioctlQuestions).join('\n')}
    {0} };
${argumentQuestions(model.ioctls)}
  for (int i = 0; i < ${model.ioctls.length}; i++) print_ioctl(&ioctls[i]);
  printf("],\\"enumerators\\":[");
${enumeratorsOf(model)
  .map(({ name }) => `#undef ${name}\n  INTEGER(${name})`)
  .join('\n')}
  printf("]}\\n");
  return 0;
}
`;
}

function programStart(header: string): string {
  return `#include <stdio.h>
#include <string.h>
#include <${header}>

struct ioctl {
  unsigned int request, type, nr, size, real_size, is_record;
  const char *direction, *argument, *scalar_view;
};

static void print_ioctl(const struct ioctl *ioctl) {
  printf("{\\"request\\":%u,\\"direction\\":\\"%s\\",\\"type\\":%u,\\"nr\\":%u,\\"size\\":%u,", ioctl->request,
         ioctl->direction, ioctl->type, ioctl->nr, ioctl->size);
  printf("\\"argument\\":\\"%s\\",\\"scalarView\\":\\"%s\\",\\"isRecord\\":%s,\\"realSize\\":%u},", ioctl->argument,
         ioctl->scalar_view, ioctl->is_record ? "true" : "false", ioctl->real_size);
}

static void print_bits(const unsigned char *memory, int size, int unit) {
  int first = -1, last = -1, count = 0;
  for (int bit = 0; bit < size * 8; bit++) {
    if (!(memory[bit / 8] >> bit % 8 & 1)) continue;
    if (first == -1) first = bit;
    last = bit;
    count++;
  }
  printf("{\\"offset\\":%d,\\"step\\":%d,\\"size\\":%d,\\"dims\\":[],\\"typeIsRight\\":true,\\"unitSize\\":%d},", first,
         count, last - first + 1, unit);
}

#define IS_RECORD(type, kind) (__builtin_classify_type(*(type *)0) == kind)
#define CLASS(type) printf("{\\"size\\":%zu,\\"align\\":%zu,\\"keyword\\":\\"%s\\",\\"members\\":[", \\
    sizeof(type), _Alignof(type), IS_RECORD(type, 12) ? "struct" : IS_RECORD(type, 13) ? "union" : "");
#define MEMBER(type, name, size, step) \\
  printf("{\\"offset\\":%zu,\\"size\\":%zu,\\"step\\":%zu,\\"unitSize\\":0,\\"dims\\":[", \\
    __builtin_offsetof(type, name), (size_t)(size), (size_t)(step));
#define BITS(type, name, unit) { \\
  type value; memset(&value, 0, sizeof value); value.name = -1; \\
  print_bits((const void *)&value, sizeof value, sizeof(unit)); }
#define IS_SIGNED(value) ((__typeof__((value) + 0))-1 < 0)
#define TYPE_NAME(value) _Generic((value), int: "int", unsigned int: "unsigned int", long: "long", \\
  unsigned long: "unsigned long", long long: "long long", unsigned long long: "unsigned long long", default: "")
#define INTEGER(name) \\
  printf(IS_SIGNED(name) ? "{\\"value\\":\\"%lld\\"," : "{\\"value\\":\\"%llu\\",", (long long)(name)); \\
  printf("\\"size\\":%zu,\\"type\\":\\"%s\\"},", sizeof(name), TYPE_NAME(name));
#define STRING(name) \\
  printf("{\\"value\\":\\""); \\
  for (size_t at = 0; at < sizeof(name) - 1; at++) printf("%02x", (unsigned char)(name)[at]); \\
  printf("\\",\\"size\\":%zu,\\"type\\":\\"char[%zu]\\"},", sizeof(name), sizeof(name));
#define DIRECTION(request) (_IOC_DIR(request) == _IOC_NONE ? "none" : _IOC_DIR(request) == _IOC_READ ? "read" \\
  : _IOC_DIR(request) == _IOC_WRITE ? "write" : _IOC_DIR(request) == (_IOC_READ | _IOC_WRITE) ? "readwrite" : "")
#define IOCTL(name, real) { .request = (unsigned int)(name), .type = _IOC_TYPE(name), .nr = _IOC_NR(name), \\
  .size = _IOC_SIZE(name), .direction = DIRECTION(name), .real_size = real },
#define SCALAR_VIEW(type) _Generic((__typeof__(type) *)0, int *: "S32Value", unsigned int *: "U32Value", \\
  long *: "S64Value", unsigned long *: "U64Value", long long *: "S64Value", unsigned long long *: "U64Value", default: "")
`;
}

function classQuestions({ type, members }: ClassInC): string {
  return `  CLASS(${type})\n${members.map((member) => memberQuestions(type, member)).join('\n')}\n  printf("]},");`;
}

function memberQuestions(type: string, member: NamedMember): string {
  const { name, dims = [] } = member;
  if (member.bit) return `  BITS(${type}, ${name}, ${member.type})`;
  const element = elementOf(type, member);
  const whole = `((${type} *)0)->${name}`;
  // An array without a length has no size in C.
  const size = dims[0] === null ? '0' : `sizeof(${whole})`;
  const step = dims.length > 0 ? `sizeof(${whole}[0])` : '0';
  const lengths = dims.map((length, depth) => {
    if (length === null) return 'printf("null,");';
    const array = whole + '[0]'.repeat(depth);
    return `printf("%zu,", sizeof(${array}) / sizeof(${array}[0]));`;
  });
  const isRight =
    member.type === 'struct' || member.type === 'union'
      ? `IS_RECORD(__typeof__(${element}), ${member.type === 'struct' ? 12 : 13})`
      : `__builtin_types_compatible_p(__typeof__(${element}), ${member.type})`;
  const end = `printf("],\\"typeIsRight\\":%s},", ${isRight} ? "true" : "false");`;
  return `  MEMBER(${type}, ${name}, ${size}, ${step}) ${lengths.join(' ')} ${end}`;
}

function ioctlQuestions({ name, argument, passes }: Ioctl): string {
  return `    IOCTL(${name}, ${passes === 'pointer' && argument !== null ? `sizeof(${argument})` : '0'})`;
}

/** The macros that make request numbers are redefined, so that the name of an ioctl gives the macro's arguments. */
function argumentQuestions(ioctls: readonly Ioctl[]): string {
  const ask = (member: string, alone: string, use: string): string[] => [
    '#undef _IO\n#undef _IOR\n#undef _IOW\n#undef _IOWR',
    `#define _IO(type, nr) ${alone}`,
    ...['_IOR', '_IOW', '_IOWR'].map((macro) => `#define ${macro}(type, nr, argument) ${use}`),
    ...ioctls.map(({ name }, index) => `  ioctls[${index}].${member} = ${name};`),
  ];
  return [
    ...ask('argument', '""', '#argument'),
    ...ask('scalar_view', '""', 'SCALAR_VIEW(argument)'),
    ...ask('is_record', '0', 'IS_RECORD(__typeof__(argument), 12) || IS_RECORD(__typeof__(argument), 13)'),
  ].join('\n');
}

// The comparison

/** Returns all differences between the modules and the compiler's facts. */
export function differences(bindings: Bindings, facts: Facts): Difference[] {
  return [
    ...classDifferences(bindings, facts),
    ...constantDifferences(bindings, facts),
    ...enumDifferences(bindings, facts),
    ...ioctlDifferences(bindings, facts),
    ...exportDifferences(bindings),
  ];
}

class Comparison {
  readonly differences: Difference[] = [];

  expect(item: string, what: string, found: unknown, expected: unknown): void {
    if (!Object.is(found, expected)) this.differences.push({ item, what, expected, found });
  }
}

export function classDifferences({ model, exports }: Bindings, facts: Facts): Difference[] {
  const comparison = new Comparison();
  for (const [index, type] of classesOf(model).entries()) {
    const { size, align, keyword, members } = facts.classes[index] as ClassFacts;
    const found = classCalled(exports, type.className);
    comparison.expect(type.title, 'is a class', found !== undefined, true);
    if (!found) continue;
    const expect = (what: string, found: unknown, expected: unknown): void =>
      comparison.expect(type.title, what, found, expected);
    expect('kind', type.keyword, keyword);
    expect('$size', found.$size, size);
    expect('$align', found.$align, align);
    expect('fits into its size', refusal(found, size), undefined);
    if (size > 0) expect('fits into less', refusal(found, size - 1), 'RangeError');
    expect('$layout.name', found.$layout.name, type.title);
    expect('$layout.size', found.$layout.size, size);
    expect('$layout.align', found.$layout.align, align);
    expect('members', Object.keys(found.$layout.members).join(), type.members.map(({ name }) => name).join());
    for (const [at, member] of type.members.entries()) {
      compareMember(comparison, `${type.title}.${member.name}`, member, found.$layout, members[at] as MemberFacts);
    }
    expect('has $flexible', '$flexible' in found, hasTail(members));
    if ('$flexible' in found) compareTail(comparison, type, found.$flexible as FlexibleTail, members);
  }
  return comparison.differences;
}

/** Returns the name of the error that the constructor of a view throws if the memory has only `size` bytes. */
function refusal(type: ViewClass<View>, size: number): string | undefined {
  const before = 8;
  try {
    new type(new DataView(new ArrayBuffer(before + size)), before);
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

function compareMember(
  comparison: Comparison,
  item: string,
  member: NamedMember,
  layout: TypeLayout,
  facts: MemberFacts,
): void {
  const found = layout.members[member.name];
  if (!found) return;
  if (found.bit || member.bit) {
    const [first, width] = found.bit ?? [];
    comparison.expect(item, 'first bit', found.offset * 8 + (first ?? Number.NaN), facts.offset);
    comparison.expect(item, 'width', width, facts.step);
    comparison.expect(item, 'width from the first to the last bit', width, facts.size);
    const unit = unitOf(facts, layout.size);
    comparison.expect(item, 'offset', found.offset, unit.offset);
    comparison.expect(item, 'size', found.size, unit.size);
  } else {
    comparison.expect(item, 'offset', found.offset, facts.offset);
    comparison.expect(item, 'size', found.size, facts.size);
    comparison.expect(item, 'dimensions', String(found.dims ?? []), String(facts.dims));
  }
  comparison.expect(item, 'type', found.type, facts.typeIsRight ? member.type : `not ${member.type}`);
}

/**
 * Returns the storage unit of a bit-field. If it is in no unit, or if the unit ends after the record, returns the bytes
 * that it touches.
 */
function unitOf({ offset: first, size: width, unitSize }: MemberFacts, recordSize: number): Placed {
  const offset = Math.floor(first / 8 / unitSize) * unitSize;
  const end = offset + unitSize;
  if (first + width <= end * 8 && end <= recordSize) return { offset, size: unitSize };
  const touched = Math.floor(first / 8);
  return { offset: touched, size: Math.ceil((first + width) / 8) - touched };
}

type Placed = Pick<MemberFacts, 'offset' | 'size'>;

/** Whether the type has exactly one flexible array, and no member starts after it. */
function hasTail(members: readonly MemberFacts[]): boolean {
  const [tail, ...more] = members.filter(({ dims }) => dims[0] === null || dims[0] === 0);
  if (!tail || more.length > 0) return false;
  return !members.some(({ offset, size, unitSize }) => size > 0 && (unitSize > 0 ? offset / 8 : offset) >= tail.offset);
}

function compareTail(
  comparison: Comparison,
  { title, members }: ClassInC,
  tail: FlexibleTail,
  facts: readonly MemberFacts[],
): void {
  const index = members.findIndex(({ name }) => name === tail.member);
  comparison.expect(title, '$flexible.offset', tail.offset, facts[index]?.offset);
  comparison.expect(title, '$flexible.elementSize', tail.elementSize, facts[index]?.step);
  comparison.expect(title, '$flexible.member has no size', facts[index]?.size, 0);
  const counter = tail.countedBy === null || members.some(({ name }) => name === tail.countedBy);
  comparison.expect(title, '$flexible.countedBy is a member', counter, true);
}

export function constantDifferences({ model, exports }: Bindings, facts: Facts): Difference[] {
  const comparison = new Comparison();
  const ioctls = new Map(model.ioctls.map(({ name }) => [name, name]));
  for (const { name, aliasOf } of model.constants) if (aliasOf !== undefined) ioctls.set(name, aliasOf);
  for (const [index, constant] of model.constants.entries()) {
    const expected = facts.constants[index] as ValueFacts;
    const { name } = constant;
    const ioctl = ioctls.get(name);
    compareModelled(comparison, constant, expected);
    if (ioctl !== undefined) {
      // The module exports this name as an ioctl, which is compared elsewhere. Other names of the ioctl are the same
      // object.
      comparison.expect(name, `is ${ioctl}`, exports[name], exports[ioctl]);
      comparison.expect(name, 'request', property(exports[name], 'request'), Number(expected.value));
    } else comparison.expect(name, 'value', exports[name], exportedAs(expected));
  }
  return comparison.differences;
}

function compareModelled(
  comparison: Comparison,
  { name, type, value }: Constant | Enumerator,
  facts: ValueFacts,
): void {
  comparison.expect(name, 'type in the model', type, facts.type);
  const found = typeof value === 'string' && type.startsWith('char[') ? value : BigInt(value);
  comparison.expect(name, 'value in the model', found, isText(facts) ? exportedAs(facts) : BigInt(facts.value));
}

function isText({ type }: ValueFacts): boolean {
  return type.startsWith('char[');
}

/** Returns the value in JavaScript. The C type determines its type. */
function exportedAs(facts: ValueFacts): number | bigint | string {
  if (isText(facts)) return Buffer.from(facts.value, 'hex').toString();
  return facts.size > 4 ? BigInt(facts.value) : Number(facts.value);
}

/**
 * Compares enums. An enum's object has the values of the enumerators. A name that is exported alone has the value that
 * C code gets from the name.
 */
export function enumDifferences({ model, exports }: Bindings, facts: Facts): Difference[] {
  const comparison = new Comparison();
  const macros = new Set(model.constants.map(({ name }) => name));
  const expected = new Map(
    enumeratorsOf(model).map(({ name }, index) => [name, facts.enumerators[index] as ValueFacts]),
  );
  for (const { tag, enumerators } of model.enums) {
    const item = tag === null ? 'enum' : `enum ${tag}`;
    const object = tag === null ? undefined : exports[pascalCase(tag)];
    const names = enumerators.map(({ name }) => name);
    if (tag !== null) comparison.expect(item, 'enumerators', Object.keys(object ?? {}).join(), names.join());
    for (const enumerator of enumerators) {
      const { name } = enumerator;
      const facts = expected.get(name) as ValueFacts;
      compareModelled(comparison, enumerator, facts);
      if (tag !== null) comparison.expect(item, name, property(object, name), exportedAs(facts));
      if (!macros.has(name)) comparison.expect(name, 'value', exports[name], exportedAs(facts));
    }
  }
  return comparison.differences;
}

export function ioctlDifferences({ model, exports }: Bindings, facts: Facts): Difference[] {
  const comparison = new Comparison();
  for (const [index, { name, argument }] of model.ioctls.entries()) {
    const expected = facts.ioctls[index] as IoctlFacts;
    const found = exports[name];
    const expect = (what: string, expected: unknown): void =>
      comparison.expect(name, what, property(found, what), expected);
    expect('name', name);
    for (const what of ['request', 'direction', 'type', 'nr', 'size'] as const) expect(what, expected[what]);
    const override = ioctlOverrides.find((row) => row.name === name && row.architecture === undefined);
    const passes = override?.passes ?? (expected.argument === '' ? 'nothing' : 'pointer');
    const type = override?.argument ?? (expected.argument === '' ? null : expected.argument);
    expect('transfer', passes === 'pointer' ? (override?.direction ?? expected.direction) : undefined);
    expect('passes', passes);
    comparison.expect(name, 'argument in the model', argument, type);
    if (passes === 'nothing') expect('argument', undefined);
    else if (passes === 'value') expect('argument', type);
    else compareArgument(comparison, name, property(found, 'argument'), type, expected, exports);
  }
  return comparison.differences;
}

/**
 * Compares the view that a pointer leads to. For a record, it is the class with its C name. For an integer, it is the
 * class with its size and sign.
 */
function compareArgument(
  comparison: Comparison,
  item: string,
  found: unknown,
  type: string | null,
  { scalarView, isRecord, realSize, argument, size }: IoctlFacts,
  exports: Exports,
): void {
  if (type === argument) comparison.expect(item, 'size of the argument', realSize, size);
  const name = property(found, 'name');
  if (type !== argument || isRecord) {
    comparison.expect(item, 'argument', property(property(found, '$layout'), 'name'), type);
    comparison.expect(item, 'argument class', found, exports[String(name)]);
  } else {
    const view = type?.endsWith('*') ? 'U64Value' : scalarView;
    if (view === '') {
      comparison.expect(item, 'argument', found, null);
      return;
    }
    comparison.expect(item, 'argument class', name, view);
  }
  comparison.expect(item, 'size of the argument class', property(found, '$size'), realSize);
}

/**
 * Compares the bytes that the assignment of a member copies from another view of the same type. The assignment uses `=`
 * for a member with a setter, and `assign` for an array. The compiler determines which bytes belong to the member. All
 * other bytes must not change.
 */
export function assignmentDifferences({ model, exports }: Bindings, facts: Facts): Difference[] {
  const comparison = new Comparison();
  for (const [index, { title, className, members }] of classesOf(model).entries()) {
    const type = classCalled(exports, className);
    const { size, members: placed } = facts.classes[index] as ClassFacts;
    for (const [at, member] of type ? members.entries() : []) {
      if (member.bit) continue;
      const { offset, size: length } = placed[at] as MemberFacts;
      const from = Uint8Array.from({ length: size }, (_, byte) => (member.shape.is === 'bool' ? 1 : (byte * 7) % 165));
      const expected = new Uint8Array(size).fill(0xa5);
      expected.set(from.subarray(offset, offset + length), offset);
      for (const how of length === 0 ? [] : waysToAssign(member)) {
        const to = new Uint8Array(size).fill(0xa5);
        const [target, source] = [to, from].map((bytes) => new (type as ViewClass<View>)(new DataView(bytes.buffer)));
        assignMember(target, source, member.name, how);
        comparison.expect(`${title}.${member.name}`, how, String(to), String(expected));
      }
    }
  }
  return comparison.differences;
}

function waysToAssign({ dims, shape }: NamedMember): ('=' | 'assign')[] {
  if (!dims) return 'cName' in shape ? ['='] : [];
  return dims.length > 1 || 'cName' in shape || shape.is === 'opaque' ? ['assign'] : ['=', 'assign'];
}

function assignMember(to: unknown, from: unknown, name: string, how: '=' | 'assign'): void {
  type Fields = Record<string, ArrayView<unknown>>;
  const value = (from as Fields)[name] as ArrayView<unknown>;
  if (how === '=') (to as Fields)[name] = value;
  else (to as Fields)[name]?.assign(value);
}

/** Checks that every item has an export with the documented name, and that no other export exists. */
export function exportDifferences({ model, exports }: Bindings): Difference[] {
  const documented = [
    ...classesOf(model).map(({ className }) => className),
    ...[...enumeratorsOf(model), ...model.constants].map(({ name }) => name),
    ...[...model.ioctls, ...model.functions].map(({ name }) => name),
    ...model.enums.flatMap(({ tag }) => (tag === null ? [] : [pascalCase(tag)])),
    '$target',
  ];
  const comparison = new Comparison();
  for (const name of new Set(documented)) comparison.expect(name, 'is exported', name in exports, true);
  for (const name of Object.keys(exports)) comparison.expect(name, 'is exported', true, documented.includes(name));
  return comparison.differences;
}

function property(value: unknown, name: string): unknown {
  const holder = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return holder ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
