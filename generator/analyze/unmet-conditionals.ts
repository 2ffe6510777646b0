/**
 * Finds members that a record lacks because no group of a conditional was taken, and because the header tests a name
 * that nothing defines. Such a header may expect another include. Each conditional is one omission.
 */

import { testedNames } from '../c/preprocessor/directives.js';
import type { Preprocessed, UnmetConditional } from '../c/preprocessor/preprocessor.js';
import type { Declarations, RecordNode } from '../c/syntax.js';
import { locationOf, type Token } from '../c/tokens.js';
import type { SourceFile } from '../headers/files.js';
import type { Omission } from '../model/model.js';

/** Names of other languages. Their groups are not C. */
const ofOtherLanguages = new Set(['__cplusplus', '__OBJC__', '__ASSEMBLER__', '__ASSEMBLY__']);

/** Returns the omissions of covered headers. */
export function unmetConditionals(
  { unmet, macros, skipped }: Pick<Preprocessed, 'unmet' | 'macros' | 'skipped'>,
  { records }: Declarations,
  covered: ReadonlySet<SourceFile>,
): Omission[] {
  const definedLater = new Set(skipped.map(({ name }) => name));
  return unmet.flatMap((conditional): Omission[] => {
    const { file } = conditional.at;
    if (!covered.has(file)) return [];
    const names = conditional.conditions.flatMap(testedNames);
    const lacking = names.find((name) => !macros.has(name) && !definedLater.has(name));
    if (lacking === undefined || names.some((name) => ofOtherLanguages.has(name))) return [];
    const record = recordAround(conditional.at, records);
    return record ? [omissionOf(record, conditional, lacking)] : [];
  });
}

/** Returns the innermost record with a tag whose braces are around a conditional. A brace from a macro is at its use. */
function recordAround({ file, offset }: Token, records: readonly RecordNode[]): RecordNode | undefined {
  const around = records.filter(({ tag, open, close }) => {
    const inFile = open.file === file && close.file === file;
    return tag !== null && inFile && open.offset < offset && offset < close.offset;
  });
  return around.sort((a, b) => b.open.offset - a.open.offset)[0];
}

function omissionOf({ keyword, tag }: RecordNode, { at, conditions }: UnmetConditional, lacking: string): Omission {
  const groups = conditions.map((line) => `'#${line.map(({ text }) => text).join(' ')}'`).join(' and ');
  const hold = conditions.length === 1 ? 'does not hold' : 'do not hold';
  return {
    kind: 'type',
    name: `${keyword} ${tag}`,
    reason: `the members under ${groups}, which ${hold}: ${lacking} is not defined`,
    location: locationOf(at),
    skipped: true,
  };
}
