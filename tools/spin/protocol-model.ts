/** Reads the Promela model of the kick protocol and changes its lines. The model says what its markers mean. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';

/** A change of the model. The names are those of steps and of parts of steps. A step is the rest of its line. */
export type Edit =
  | { readonly leaveOut: string }
  /** Moves the line of a step. */
  | { readonly move: string; readonly before?: string; readonly after?: string }
  | { readonly replace: string; readonly by: string }
  | { readonly insert: string; readonly before: string };

/** Returns the text of the model. */
export function readModel(): string {
  return readFileSync(join(packageRoot(), 'test/protocol/model/kick.pml'), 'utf8');
}

/** Returns the names of all steps of the model. */
export const stepsOf = (model: string): string[] => namesIn(model, 'STEP');

/** Returns the names of all states that the checker must reach. */
export const reachedStatesOf = (model: string): string[] => namesIn(model, 'REACH');

/** Returns the names of all properties that are assertions. */
export const assertionsOf = (model: string): string[] => namesIn(model, 'PROPERTY');

/** The names of a marker, in order. The definition of the marker and the comment about it do not count. */
function namesIn(model: string, marker: string): string[] {
  const uses = model.matchAll(new RegExp(`^(?!#| \\*).*?\\b${marker}\\((\\w+)`, 'gm'));
  return [...new Set([...uses].map(([, name = '']) => name))].toSorted();
}

/** Returns the name of the assertion in a line of the model, where the first line is 1. */
export function assertionAt(model: string, line: number): string {
  const text = model.split('\n')[line - 1] ?? '';
  const name = /\b(?:PROPERTY|UNREACHED)\((\w+),/.exec(text)?.[1];
  if (name === undefined) throw new Error(`line ${line} of the model has no named assertion: ${text}`);
  return name;
}

/** Makes the arrival in a state an error, so that the checker shows whether the state can be reached. */
export function forbid(model: string, state: string): string {
  const marker = `REACH(${state},`;
  if (!model.includes(marker)) throw new Error(`the model has no state '${state}'`);
  return model.replaceAll(marker, `UNREACHED(${state},`);
}

/** Applies changes, one after the other. @throws Error when a step is not in the model, or not on a line of its own. */
export function edit(model: string, edits: readonly Edit[]): string {
  let lines = model.split('\n');
  for (const each of edits) {
    if ('leaveOut' in each) lines = replaceStep(lines, each.leaveOut, 'skip');
    else if ('replace' in each) lines = replaceStep(lines, each.replace, each.by);
    else if ('insert' in each) lines.splice(lineOf(lines, each.before), 0, `${each.insert};`);
    else lines = moveStep(lines, each.move, each);
  }
  return lines.join('\n');
}

/** A step that ends with a semicolon still does, because the next line needs it. */
function replaceStep(lines: readonly string[], name: string, by: string): string[] {
  const step = new RegExp(`^(?!#)(.*)\\b(?:STEP|PART)\\(${name}\\) .*?(;?)$`);
  const changed = lines.map((line) => line.replace(step, (_, start: string, end: string) => `${start}${by}${end}`));
  if (changed.every((line, index) => line === lines[index])) throw new Error(`the model has no step '${name}'`);
  return changed;
}

function moveStep(
  lines: readonly string[],
  name: string,
  { before, after }: { readonly before?: string; readonly after?: string },
): string[] {
  const at = lineOf(lines, name);
  const rest = lines.toSpliced(at, 1);
  const target = before === undefined ? lineOf(rest, after ?? '') + 1 : lineOf(rest, before);
  return rest.toSpliced(target, 0, lines[at] as string);
}

function lineOf(lines: readonly string[], name: string): number {
  const found = lines.flatMap((line, index) =>
    [`STEP(${name}) `, `PART(${name}) `].some((marker) => line.trim().startsWith(marker)) ? [index] : [],
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`the step '${name}' is at the start of ${found.length} lines of the model; expected 1`);
  }
  return only;
}
