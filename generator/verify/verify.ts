/** Asks a C compiler whether it agrees with a model, item by item. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type BitCheck,
  type ByteOrder,
  bitImage,
  bitMask,
  type Check,
  describeBits,
  emitAssertions,
  type TranslationUnit,
  type Unchecked,
} from '../emit/c-assertions.js';
import { GeneratorError } from '../errors.js';
import type { Model } from '../model.js';
import { type ElfSections, readSections } from './elf.js';

/** The compiler could not judge the model at all. */
export class VerifyError extends GeneratorError {
  override readonly name = 'VerifyError';
}

export interface VerifyOptions {
  /** The C compiler, gcc or clang: a name on the PATH, or a path. */
  readonly cc: string;
  /** Folders of headers, searched before those of the compiler. */
  readonly includeDirs: readonly string[];
  /** More arguments for the compiler, such as `-m32` or `--target=s390x-linux-gnu`. */
  readonly flags?: readonly string[];
}

export interface Failure {
  /** `struct kvm_run.immediate_exit: offset` */
  readonly item: string;
  /** What the model says. */
  readonly expected: string;
  /** What the compiler says to that. */
  readonly message: string;
}

export interface VerifyResult {
  /** How many of the items hold. */
  readonly held: number;
  readonly total: number;
  readonly failures: readonly Failure[];
  /** What C has no words to check. */
  readonly unchecked: readonly Unchecked[];
  /** The first line of what the compiler says its version is. */
  readonly compiler: string;
}

export async function verify(model: Model, options: VerifyOptions): Promise<VerifyResult> {
  const { assertions, bitFields, unchecked } = emitAssertions(model);
  const total = assertions.checks.length + bitFields.checks.length;
  if (total === 0) {
    throw new VerifyError(`the model of ${model.header} for ${model.target} holds nothing to check; check the header`);
  }
  const compiler = await versionOf(options.cc);
  const folder = await mkdtemp(join(tmpdir(), 'kvm-uapi-verify-'));
  try {
    const context: Context = { model, options, folder, isClang: compiler.includes('clang') };
    // Apart, because a failed assertion leaves no object to read the bit-fields from.
    const [failed, failedBits] = await Promise.all([
      judgeAssertions(context, assertions),
      judgeBitFields(context, bitFields),
    ]);
    const failures = [...failed, ...failedBits];
    return { held: total - failures.length, total, failures, unchecked, compiler };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Context {
  readonly model: Model;
  readonly options: VerifyOptions;
  readonly folder: string;
  readonly isClang: boolean;
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
      `${options.cc} makes ${elf.byteOrder}-endian objects, ${model.target} is ${model.byteOrder}-endian; ` +
        'give the compiler of that target',
    );
  }
  const found = checks.map((check): [number, string | null] => [check.line, judgeBits(check, elf)]);
  return new Map(found.filter((entry): entry is [number, string] => entry[1] !== null));
}

/** Null if the compiler set just the bits that it should. */
function judgeBits(check: BitCheck, { sections, byteOrder }: ElfSections): string | null {
  const bytes = sections.get(check.section);
  if (!bytes) return `the compiler made no section ${check.section}`;
  const expected = bitImage(check.bits, bytes.length, byteOrder);
  const isInside = check.bits.start + check.bits.width <= bytes.length * 8;
  if (isInside && expected.every((byte, index) => byte === bytes[index])) return null;
  return `the compiler sets ${describeImage(bytes, byteOrder)}`;
}

/** `bits 3..5`, or the bytes where that is not one run. */
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

// --- compiling -------------------------------------------------------------------------------------------------------

/**
 * Compiles until nothing is refused, each time without the lines that were: an error may hide others, since compilers
 * report an unknown name once and let its later uses pass. Only what is left in a clean compilation holds.
 *
 * Returns what the compiler says to each refused line.
 */
async function compileToTheEnd(
  context: Context,
  file: string,
  unit: TranslationUnit<Check>,
  mode: readonly string[],
): Promise<Map<number, string>> {
  const lines = unit.text.split('\n');
  const checked = new Set(unit.checks.map((check) => check.line));
  const refused = new Map<number, string>();
  for (;;) {
    await writeFile(join(context.folder, file), lines.join('\n'));
    const errors = await compile(context, file, mode);
    if (errors === null) return refused;
    const before = refused.size;
    for (const { line, message } of errors) {
      if (line === null || !checked.has(line)) throw compilationError(context, message);
      if (!refused.has(line)) refused.set(line, message);
      // Left out but not taken out, for the numbers of the lines after it.
      lines[line - 1] = '';
    }
    if (refused.size === before) throw compilationError(context, errors[0]?.message ?? 'an error without a place');
  }
}

interface CompilerError {
  /** Of the file that was compiled; null for an error in another file. */
  readonly line: number | null;
  readonly message: string;
}

/** Null if the compiler has nothing to object to. */
async function compile(context: Context, file: string, mode: readonly string[]): Promise<CompilerError[] | null> {
  const { options, folder, isClang } = context;
  // The compiler runs in its own folder.
  const includes = options.includeDirs.flatMap((directory) => ['-I', resolve(directory)]);
  const reporting = isClang ? CLANG_REPORTING : GCC_REPORTING;
  const flags = ['-std=gnu17', '-w', '-fdiagnostics-color=never', ...reporting, ...(options.flags ?? [])];
  const { status, stderr } = await run(options.cc, [...flags, ...includes, ...mode, file], folder);
  if (status === 0) return null;
  const errors = parseErrors(stderr, file);
  if (errors.length === 0) throw compilationError(context, stderr.trim() || `it ended with status ${status}`);
  return errors;
}

/** All errors, and those within a macro at the line that uses it. clang puts them there by itself. */
const GCC_REPORTING = ['-fmax-errors=0', '-ftrack-macro-expansion=0', '-fno-diagnostics-show-caret'];
const CLANG_REPORTING = ['-ferror-limit=0', '-fno-caret-diagnostics'];

function parseErrors(output: string, file: string): CompilerError[] {
  return [...output.matchAll(/^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$/gm)].map((match) => {
    const [text, where, line, message = ''] = match;
    return where === file ? { line: Number(line), message } : { line: null, message: text };
  });
}

function compilationError({ model, options }: Context, problem: string): VerifyError {
  return new VerifyError(
    `${options.cc} cannot compile <${model.header}>: ${problem}; check the folders of headers and that the compiler is one ` +
      'for this target',
  );
}

async function versionOf(cc: string): Promise<string> {
  const { status, stdout, stderr } = await run(cc, ['--version'], tmpdir());
  const [first = ''] = stdout.split('\n');
  if (status === 0 && first !== '') return first;
  throw new VerifyError(`${cc} --version failed: ${stderr.trim() || `status ${status}`}; give a gcc or clang`);
}

interface Finished {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A header with thousands of wrong items still fits. */
const MAX_OUTPUT = 2 ** 28;

function run(command: string, args: readonly string[], cwd: string): Promise<Finished> {
  const program = command.includes('/') ? resolve(command) : command;
  const env = { ...process.env, LC_ALL: 'C' };
  return new Promise((finish, fail) => {
    execFile(program, args, { cwd, env, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      if (error === null) finish({ status: 0, stdout, stderr });
      else if (typeof error.code === 'number') finish({ status: error.code, stdout, stderr });
      else if (error.signal) finish({ status: error.signal, stdout, stderr });
      else fail(new VerifyError(`${command} cannot be run (${error.code}); install it or name another compiler`));
    });
  });
}
