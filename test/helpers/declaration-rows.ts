/** Compares small declarations with a compiler: the layout, the type of each member, and the values in memory. */

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

/** Returns the message with which the generator refuses a text. Undefined if it takes the text. */
function refusedByGenerator(text: string, target: Target): string | undefined {
  try {
    modelOf({ 'types.h': text }, undefined, undefined, target);
    return undefined;
  } catch (error) {
    if (error instanceof SourceError) return error.message;
    throw error;
  }
}

/** Returns the differences between the generator and the compiler of a target. Each begins with the text of a row. */
export async function differencesIn(rows: readonly Row[], preamble: string, target: Target): Promise<string[]> {
  const texts = rows.map(named);
  const refused = refusedByCompiler(preamble, texts, target);
  const differences: string[] = [];
  const taken: string[] = [];
  for (const [index, text] of texts.entries()) {
    const [ours, theirs] = [refusedByGenerator(`${preamble}\n${text}\n`, target), refused.get(index)];
    if (ours === undefined && theirs === undefined) taken.push(text);
    else if (ours === undefined) differences.push(`${text}: the compiler refuses it: ${theirs}`);
    else if (theirs === undefined) differences.push(`${text}: the generator refuses it: ${ours}`);
  }
  const text = `${preamble}\n${taken.join('\n')}\n`;
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
