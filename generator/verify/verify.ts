/** Compares a model with a C compiler, item by item. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteOrder, Model } from '../model/model.js';
import {
  type BitCheck,
  bitImage,
  bitMask,
  type Check,
  describeBits,
  emitAssertions,
  type TranslationUnit,
  type Unchecked,
} from './c-assertions.js';
import { type Compilation, compileToTheEnd, VerifyError, type VerifyOptions, versionOf } from './compile.js';
import { type ElfSections, readSections } from './elf.js';

interface Failure {
  /** The compared fact, such as `struct kvm_run.immediate_exit: offset`. */
  readonly item: string;
  /** The value in the model. */
  readonly expected: string;
  /** The message of the compiler. */
  readonly message: string;
}

export interface VerifyResult {
  /** The number of facts that hold. */
  readonly held: number;
  readonly total: number;
  readonly failures: readonly Failure[];
  /** The facts that C cannot express. */
  readonly unchecked: readonly Unchecked[];
  /** The first line of the compiler's version text. */
  readonly compiler: string;
}

export async function verify(model: Model, options: VerifyOptions): Promise<VerifyResult> {
  const { assertions, bitFields, unchecked } = emitAssertions(model, options.path);
  const total = assertions.checks.length + bitFields.checks.length;
  if (total === 0) {
    throw new VerifyError(
      `the model of ${model.header} for ${model.target} contains nothing to check; check the header`,
    );
  }
  const compiler = await versionOf(options.cc);
  const folder = await mkdtemp(join(tmpdir(), 'kvm-uapi-verify-'));
  try {
    const { header } = model;
    const context: Context = { model, options, header, folder, isClang: compiler.includes('clang') };
    // The bit-fields have a separate translation unit, because a failed assertion produces no object file.
    const judgements = [judgeAssertions(context, assertions), judgeBitFields(context, bitFields)];
    // If one of them fails, the other's compiler still writes to the folder. The folder is removed after both have
    // ended.
    await Promise.allSettled(judgements);
    const failures = (await Promise.all(judgements)).flat();
    return { held: total - failures.length, total, failures, unchecked, compiler };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Context extends Compilation {
  readonly model: Model;
}

async function judgeAssertions(context: Context, unit: TranslationUnit<Check>): Promise<Failure[]> {
  if (unit.checks.length === 0) return [];
  const refused = await compileToTheEnd(context, 'assertions.c', unit, ['-fsyntax-only']);
  return failuresOf(unit.checks, refused);
}

async function judgeBitFields(context: Context, unit: TranslationUnit<BitCheck>): Promise<Failure[]> {
  if (unit.checks.length === 0) return [];
  const refused = await compileToTheEnd(context, 'bit-fields.c', unit, ['-c', '-O0', '-o', 'bit-fields.o']);
  const compiled = unit.checks.filter((check) => !refused.has(check.line));
  const found = compiled.length > 0 ? await misplacedBits(context, compiled) : new Map<number, string>();
  return failuresOf(unit.checks, new Map([...refused, ...found]));
}

function failuresOf(checks: readonly Check[], messages: ReadonlyMap<number, string>): Failure[] {
  return checks.flatMap(({ line, item, expected }) => {
    const message = messages.get(line);
    return message === undefined ? [] : [{ item, expected, message }];
  });
}

// --- bit-fields ------------------------------------------------------------------------------------------------------

async function misplacedBits(
  { model, options, folder }: Context,
  checks: readonly BitCheck[],
): Promise<Map<number, string>> {
  const object = await readFile(join(folder, 'bit-fields.o'));
  const elf = readSections(
    object,
    checks.map((check) => check.section),
  );
  if (elf.byteOrder !== model.byteOrder) {
    throw new VerifyError(
      `${options.cc} makes ${elf.byteOrder}-endian objects, but ${model.target} is ${model.byteOrder}-endian; ` +
        'use --cc to name a compiler for that target',
    );
  }
  const found = checks.map((check): [number, string | null] => [check.line, judgeBits(check, elf)]);
  return new Map(found.filter((entry): entry is [number, string] => entry[1] !== null));
}

/** Returns null if the compiler sets exactly the expected bits. */
function judgeBits(check: BitCheck, { sections, byteOrder }: ElfSections): string | null {
  const bytes = sections.get(check.section);
  if (!bytes) return `the compiler made no section ${check.section}`;
  const expected = bitImage(check.bits, bytes.length, byteOrder);
  const isInside = check.bits.start + check.bits.width <= bytes.length * 8;
  if (isInside && expected.every((byte, index) => byte === bytes[index])) return null;
  return `the compiler sets ${describeImage(bytes, byteOrder)}`;
}

/** Returns the set bits as `bits 3..5`. If they are not one range, returns the bytes. */
function describeImage(bytes: Uint8Array, byteOrder: ByteOrder): string {
  const set: number[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if ((bytes[bit >> 3] ?? 0) & bitMask(bit, byteOrder)) set.push(bit);
  }
  const first = set[0];
  if (first === undefined) return 'no bit';
  const isOneRun = set.every((bit, index) => bit === first + index);
  return isOneRun
    ? describeBits({ start: first, width: set.length })
    : `the bytes ${Buffer.from(bytes).toString('hex')}`;
}
