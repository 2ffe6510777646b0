/** Finds the errors that the compiler reports with the new bindings, and not with the old bindings. */

import type { ts } from 'ts-morph';
import type { TypeScript } from './typescript.js';

/** An error of the compiler in a file of the project. */
export interface FoundError {
  readonly start: number;
  readonly end: number;
  /** The number of the message: `2339`. */
  readonly code: number;
  readonly message: string;
}

/** Returns the errors of a file that only the new program has, in the order of their positions. */
export function newErrors(
  typeScript: TypeScript,
  before: ts.Program,
  after: ts.Program,
  fileName: string,
): FoundError[] {
  const now = errorsIn(typeScript, after, fileName);
  if (now.length === 0) return [];
  const known = new Set(errorsIn(typeScript, before, fileName).map(keyOf));
  return now.filter((error) => !known.has(keyOf(error))).sort((a, b) => a.start - b.start);
}

function errorsIn(typeScript: TypeScript, program: ts.Program, fileName: string): FoundError[] {
  const file = program.getSourceFile(fileName);
  if (!file) return [];
  return program.getSemanticDiagnostics(file).flatMap(({ category, start = 0, length = 0, code, messageText }) => {
    if (category !== typeScript.DiagnosticCategory.Error) return [];
    const message = typeScript.flattenDiagnosticMessageText(messageText, '\n');
    return [{ start, end: start + length, code, message }];
  });
}

/** The first line of a message: the others can describe parts of types that have changed. */
function keyOf({ start, code, message }: FoundError): string {
  return `${start} ${code} ${message.split('\n')[0]}`;
}
