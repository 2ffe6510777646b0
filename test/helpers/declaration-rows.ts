/** Compares small declarations with a compiler: the layout, the type of each member, and the values in memory. */

import { notComputed } from '../../generator/c/unresolvable.js';
import { SourceError } from '../../generator/errors.js';
import type { Target } from '../../generator/targets/target.js';
import { standard } from '../../generator/verify/compile.js';
import { judgeImages } from '../../tools/fuzz/images.js';
import { compilerOf } from '../../tools/lib/compilers.js';
import { modelOf } from '../../tools/lib/headers-in-memory.js';
import { call } from '../../tools/lib/programs.js';
import { judged } from '../../tools/lib/verified-layouts.js';

/** Declarations on one line. `T` in them is the name of a type, and begins other names. */
export type Row = string;

/** Returns the row with names of its own. */
function named(row: Row, index: number): string {
  return row.replace(/\bT(?=\b|_)/g, `t${index}`);
}

/** Returns the rows that the compiler refuses, by their index. */
function refusedByCompiler(preamble: string, rows: readonly string[], target: Target): Map<number, string> {
  const { cc, flags } = compilerOf(target);
  const first = preamble.split('\n').length + 1;
  const input = `${preamble}\n${rows.join('\n')}\n`;
  const options = ['-fsyntax-only', '-w', '-fmax-errors=0', '-fno-diagnostics-show-caret', '-x', 'c', '-'];
  const { stderr } = call(cc, [...flags, standard, ...options], { input });
  const refused = new Map<number, string>();
  for (const [, line, message] of stderr.matchAll(/^<stdin>:(\d+):(?:\d+:)? error: (.*)$/gm)) {
    refused.set(Number(line) - first, message as string);
  }
  return refused;
}

/**
 * Returns the message with which the generator refuses a text, or leaves out a declaration whose value only GCC can know.
 * Undefined if it takes the text.
 */
function refusedByGenerator(text: string, target: Target): string | undefined {
  try {
    const { omissions } = modelOf({ 'types.h': text }, undefined, undefined, target);
    return omissions.find(({ reason }) => reason.endsWith(notComputed))?.reason;
  } catch (error) {
    if (error instanceof SourceError) return error.message;
    throw error;
  }
}

/** Returns the differences between the generator and the compiler of a target. Each begins with the text of a row. */
export async function differencesIn(rows: readonly Row[], preamble: string, target: Target): Promise<string[]> {
  const texts = rows.map(named);
  const refused = refusedByCompiler(preamble, texts, target);
  const whole = (lines: readonly string[]): string => `${preamble}\n${lines.join('\n')}\n`;
  const differences: string[] = [];
  for (const [index, message] of refused) {
    const text = texts[index] as string;
    if (refusedByGenerator(whole([text]), target) === undefined) {
      differences.push(`${text}: the compiler refuses it: ${message}`);
    }
  }
  let taken = texts.filter((_, index) => !refused.has(index));
  // The generator stops at the first row that it refuses. The rows are read alone only if there is such a row.
  if (refusedByGenerator(whole(taken), target) !== undefined) {
    const messages = new Map(taken.map((text) => [text, refusedByGenerator(whole([text]), target)]));
    for (const [text, message] of messages) {
      if (message !== undefined) differences.push(`${text}: the generator refuses it: ${message}`);
    }
    taken = taken.filter((text) => messages.get(text) === undefined);
  }
  const text = whole(taken);
  const { model, failures } = await judged({ 'types.h': text }, target);
  // C has no arrays of a type whose alignment exceeds its size, and the images are arrays.
  const types = model.types.filter(({ size, align }) => size % align === 0);
  const { problems } = await judgeImages(text, { ...model, types }, target);
  for (const [name, list] of [...failures, ...problems]) {
    const index = /\bt(\d+)/.exec(name)?.[1];
    const row = index === undefined ? name : texts[Number(index)];
    // The list of a row begins with the cause of the rest. The enumerators of all rows have one list.
    differences.push(...(index === undefined ? list : list.slice(0, 1)).map((problem) => `${row}: ${problem}`));
  }
  return differences;
}
