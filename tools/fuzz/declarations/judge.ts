/** Compares random declarations with a compiler: which of them it takes, their layouts and their values. */

import { notComputed } from '../../../generator/c/unresolvable.js';
import { GeneratorError } from '../../../generator/errors.js';
import type { Model } from '../../../generator/model/model.js';
import type { Target } from '../../../generator/targets/target.js';
import { standard } from '../../../generator/verify/compile.js';
import { verify } from '../../../generator/verify/verify.js';
import { compilerOf } from '../../lib/compilers.js';
import { type Headers, modelOf } from '../../lib/headers-in-memory.js';
import { call } from '../../lib/programs.js';
import { inTemporaryFolder } from '../../lib/temporary-folder.js';
import { type ImageVerdict, judgeImages } from '../images.js';
import { included, preamble } from './preamble.js';
import { namesOf, type Unit } from './units.js';

/**
 * A fault of the generator. `difference`: a fact or a value in memory is not that of the compiler. `refused`: only the
 * generator refuses the declarations. `accepted`: only the compiler refuses them. `omitted`: only the compiler has a
 * value, or a record is not in the model.
 */
export interface Fault {
  readonly kind: 'difference' | 'refused' | 'accepted' | 'omitted';
  readonly text: string;
}

export interface UnitVerdicts {
  /** The faults, by the number of the group. */
  readonly faults: ReadonlyMap<number, Fault>;
  /** The number of groups that the compiler refuses. */
  readonly refusals: number;
  /** The number of compared facts, and of values in memory. */
  readonly comparisons: number;
}

const header = 'types.h';

/** The errors that stop the compiler itself, and not the header. */
const crash = /internal compiler error|Segmentation fault/;

/**
 * GCC refuses the length of an array that is computed from an overflow, unless an earlier array has the same length. The
 * error therefore depends on all other declarations.
 */
const overflowedLength = /^size of array '.*' (?:exceeds maximum object size|is too large)/;

/**
 * Compares groups that are in one header. GCC can give a type the alignment of another form of that type, which another
 * group declares. Each group with a fault is therefore compared again alone.
 */
export async function judgeUnits(units: readonly Unit[], target: Target): Promise<UnitVerdicts> {
  const together = await judgeOnce(units, target);
  if (units.length === 1) return together;
  const faults = new Map<number, Fault>();
  for (const unit of units) {
    if (!together.faults.has(unit.index)) continue;
    const fault = (await judgeOnce([unit], target)).faults.get(unit.index);
    if (fault) faults.set(unit.index, fault);
  }
  return { ...together, faults };
}

async function judgeOnce(units: readonly Unit[], target: Target): Promise<UnitVerdicts> {
  const faults = new Map<number, Fault>();
  const messages = refusedByCompiler(units, target);
  const both: Unit[] = [];
  for (const unit of units) {
    const message = messages.get(unit.index);
    const refusal = refusalOf(unit, target);
    if (message !== undefined && (crash.test(message) || overflowedLength.test(message))) continue;
    if (message === undefined && refusal === undefined) both.push(unit);
    else if (message === undefined) faults.set(unit.index, { kind: 'refused', text: refusal as string });
    else if (refusal === undefined) faults.set(unit.index, { kind: 'accepted', text: message });
  }
  const { comparisons } = await judgeAccepted(both, target, faults);
  return { faults, refusals: messages.size, comparisons };
}

function headersOf(units: readonly Unit[]): Headers {
  return { [header]: `${preamble}${units.map(({ lines }) => `${lines.join('\n')}\n`).join('')}`, ...included };
}

/** Returns the generator's message if it refuses a group, or does not know whether the compiler refuses it. */
function refusalOf(unit: Unit, target: Target): string | undefined {
  try {
    const { omissions } = modelOf(headersOf([unit]), undefined, undefined, target);
    return omissions.find(({ kind, reason }) => kind !== 'macro' && reason.endsWith(notComputed))?.reason;
  } catch (error) {
    if (error instanceof GeneratorError) return error.message.replace(/^\S*:\d+:\d+: /, '');
    return `not a typed error: ${(error as Error).stack}`;
  }
}

/** Returns the compiler's first message about each group that it refuses. */
function refusedByCompiler(units: readonly Unit[], target: Target): Map<number, string> {
  const refused = new Map<number, string>();
  if (units.length === 0) return refused;
  for (;;) {
    const rest = units.filter(({ index }) => !refused.has(index));
    const { messages, stderr } = compilerMessages(rest, target);
    for (const [index, message] of messages) refused.set(index, message);
    if (messages.size > 0) continue;
    if (stderr === '') return refused;
    if (rest.length === 1) return refused.set((rest[0] as Unit).index, stderr);
    const half = rest.length >> 1;
    for (const part of [rest.slice(0, half), rest.slice(half)]) {
      for (const [index, message] of refusedByCompiler(part, target)) refused.set(index, message);
    }
    return refused;
  }
}

/** Compiles groups. `stderr` is empty if the compiler takes them. */
function compilerMessages(
  units: readonly Unit[],
  target: Target,
): { readonly messages: Map<number, string>; readonly stderr: string } {
  const first = preamble.split('\n').length;
  const owners: number[] = [];
  for (const { index, lines } of units) for (const _ of lines) owners.push(index);
  const { cc, flags } = compilerOf(target);
  const options = ['-w', '-fsyntax-only', '-fmax-errors=0', '-ftrack-macro-expansion=0', '-fno-diagnostics-show-caret'];
  const { status, stderr } = inTemporaryFolder(headersOf(units), (folder) =>
    call(cc, [standard, ...flags, ...options, '-I', folder, '-x', 'c', header], { cwd: folder }),
  );
  const messages = new Map<number, string>();
  if (status === 0) return { messages, stderr: '' };
  for (const [, line, message = ''] of stderr.matchAll(/^types\.h:(\d+):(?:\d+:)? (?:fatal )?error: (.*)$/gm)) {
    const owner = owners[Number(line) - first];
    if (owner !== undefined && !messages.has(owner)) messages.set(owner, message);
  }
  return { messages, stderr: stderr === '' ? `ended with ${status}` : stderr };
}

/** Compares the facts of groups that both sides accept, and adds the faults. */
async function judgeAccepted(
  units: readonly Unit[],
  target: Target,
  faults: Map<number, Fault>,
): Promise<{ readonly comparisons: number }> {
  if (units.length === 0) return { comparisons: 0 };
  try {
    return await judgeTogether(units, target, faults);
  } catch (error) {
    const [only] = units;
    if (units.length === 1 && only) {
      faults.set(only.index, { kind: 'difference', text: `cannot be compared: ${(error as Error).message}` });
      return { comparisons: 0 };
    }
    const half = units.length >> 1;
    const parts = [units.slice(0, half), units.slice(half)];
    let comparisons = 0;
    for (const part of parts) comparisons += (await judgeAccepted(part, target, faults)).comparisons;
    return { comparisons };
  }
}

async function judgeTogether(
  units: readonly Unit[],
  target: Target,
  faults: Map<number, Fault>,
): Promise<{ readonly comparisons: number }> {
  const headers = headersOf(units);
  const model = modelOf(headers, undefined, undefined, target);
  const { total, failures } = await inTemporaryFolder(headers, (folder) =>
    verify(model, { ...compilerOf(target), includeDirs: [folder] }),
  );
  const found = new Map<number, Fault>();
  const add = (name: string, kind: Fault['kind'], text: string): void => {
    const index = indexOf(name);
    if (index === undefined) throw new Error(`${name}: ${text}`);
    const known = found.get(index);
    found.set(index, known ? { ...known, text: `${known.text}\n${text}` } : { kind, text });
  };
  for (const { item, expected, message } of failures) {
    add(item, 'difference', `${item}: the generator gives ${expected}; ${message}`);
  }
  for (const { name, text } of omittedIn(units, model, target)) add(name, 'omitted', text);
  const { problems, values } = await imagesOf(
    units.filter(({ index }) => !found.has(index)),
    target,
  );
  for (const [name, list] of problems) add(name, 'difference', `${name}: ${list.slice(0, 3).join('; ')}`);
  for (const [index, fault] of found) faults.set(index, fault);
  return { comparisons: total + values };
}

/** Compares values in memory. An array of some types does not compile. Such groups are left out. */
async function imagesOf(units: readonly Unit[], target: Target): Promise<ImageVerdict> {
  if (units.length === 0) return { problems: new Map(), values: 0 };
  const headers = headersOf(units);
  const text = String(headers[header]).replace('#include <linux/ioctl.h>\n', String(headers['linux/ioctl.h']));
  try {
    return await judgeImages(text, modelOf(headers, undefined, undefined, target), target);
  } catch (error) {
    if (units.length === 1 && /error: /.test((error as Error).message)) return { problems: new Map(), values: 0 };
    if (units.length === 1) throw error;
    const half = units.length >> 1;
    const [first, second] = [await imagesOf(units.slice(0, half), target), await imagesOf(units.slice(half), target)];
    return {
      problems: new Map([...first.problems, ...second.problems]),
      values: first.values + second.values,
    };
  }
}

/** Returns the number of the group whose declaration has this name: 12 for `struct r_12.m_12_0` and `E_12_3`. */
function indexOf(name: string): number | undefined {
  const [, digits] = /\b[A-Za-z]+_(\d+)/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Returns the records that the model does not have, and the macros with a value that only the compiler knows. */
function omittedIn(
  units: readonly Unit[],
  { types, constants, omissions }: Model,
  target: Target,
): { readonly name: string; readonly text: string }[] {
  const records = new Set(types.map(({ cName }) => cName));
  const known = new Set(constants.map(({ name }) => name));
  const reasons = new Map(omissions.map(({ name, reason }) => [name, reason]));
  const names = units.map(namesOf);
  const text = (name: string): string => `${name}: ${reasons.get(name) ?? 'neither in the model nor in its omissions'}`;
  const lacking = names.flatMap((each) => each.records).filter((name) => !records.has(name));
  const asked = names.flatMap((each) => each.macros).filter((name) => !known.has(name));
  const valued = asked.length === 0 ? [] : withValue(asked, units, target);
  return [...lacking, ...valued].map((name) => ({ name, text: text(name) }));
}

/**
 * Returns the macros that are integer constants for the compiler, of a type with at most 64 bits. GCC reports an
 * undeclared name only once, so it is asked again without the macros that it refuses.
 */
function withValue(names: readonly string[], units: readonly Unit[], target: Target): string[] {
  const valued = takenOf(names, units, target);
  return valued.length === names.length || valued.length === 0 ? valued : withValue(valued, units, target);
}

function takenOf(names: readonly string[], units: readonly Unit[], target: Target): string[] {
  const tests = names.map(
    (name, index) =>
      `enum { kvm_uapi_${index} = (int)~(${name}), kvm_uapi_size_${index} = 1 / (sizeof(${name}) <= 8) };`,
  );
  const { cc, flags } = compilerOf(target);
  const { stderr } = inTemporaryFolder(
    { ...headersOf(units), 'test.c': `#include "${header}"\n${tests.join('\n')}\n` },
    (folder) =>
      call(
        cc,
        [
          standard,
          ...flags,
          '-w',
          '-fsyntax-only',
          '-fmax-errors=0',
          '-ftrack-macro-expansion=0',
          '-I',
          folder,
          'test.c',
        ],
        { cwd: folder },
      ),
  );
  const refused = new Set(
    [...stderr.matchAll(/^test\.c:(\d+):(?:\d+:)? (?:fatal )?error: /gm)].map(([, line]) => Number(line) - 2),
  );
  return names.filter((_, index) => !refused.has(index));
}
