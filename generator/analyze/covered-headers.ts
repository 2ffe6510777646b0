/**
 * Finds the headers that a model covers. The requested header is covered. If a covered header includes another header, that
 * header is also covered in these cases:
 *
 * - It defines a struct, union or enum that the covered header uses by value or as an ioctl's argument. `linux/kvm.h` covers
 *   `asm/kvm.h`, but not `linux/types.h`.
 * - It continues the name of the covered header, because the kernel divides one subject between files. `linux/mman.h` covers
 *   `asm/mman.h`, which covers `asm-generic/mman-common.h`. `linux/input.h` covers `linux/input-event-codes.h`.
 * - Only the covered header may include it.
 * - It is a private part of a library. `sys/stat.h` covers `bits/stat.h`.
 * - The covered header has no declarations of its own. `asm/types.h` covers `asm-generic/types.h`.
 */

import type { Layout } from '../c/layout/layout.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { CType, Declarations, EnumNode, RecordNode } from '../c/syntax.js';
import type { SourceFile } from '../headers/files.js';
import { onlyWithin } from '../kernel/defining-headers.js';
import { byFile } from './by-file.js';
import { privateParts } from './private-parts.js';

/** A covered header, and the covered headers that it adds. */
export interface CoveredFile {
  readonly file: SourceFile;
  readonly uses: readonly SourceFile[];
}

/**
 * Returns the covered headers in the order of `files`. `argumentsOf` returns the types that the ioctls of a header
 * point to.
 */
export function findCoveredFiles(
  preprocessed: Preprocessed,
  declarations: Declarations,
  layout: Layout,
  argumentsOf: (file: SourceFile) => readonly CType[],
): CoveredFile[] {
  const { files, includes, definitions } = preprocessed;
  const { records, enums, typedefs, objects } = declarations;
  const parts = privateParts(preprocessed, declarations);
  const declaring = new Set<SourceFile>();
  for (const declared of [records, enums, typedefs.values()]) {
    for (const { at } of declared) declaring.add(at.file);
  }
  for (const { at, places = [at] } of objects.values()) for (const { file } of places) declaring.add(file);
  for (const { at, body } of definitions) if (body.length > 0) declaring.add(at.file);
  const recordsIn = byFile(records);
  const usedBy = (file: SourceFile): ReadonlySet<SourceFile> => {
    const used = new Set<SourceFile>();
    const use = (type: CType): void => {
      const definition = definitionOf(type, declarations, layout);
      if (definition) used.add(definition.at.file);
    };
    for (const { members } of recordsIn.get(file) ?? []) for (const { type } of members) use(type);
    argumentsOf(file).forEach(use);
    for (const other of includes.get(file) ?? []) {
      const isOwn = parts.has(other) || continuesName(file, other) || onlyWithin.get(other.name) === file.name;
      if (isOwn || !declaring.has(file)) used.add(other);
    }
    return used;
  };
  const covered = new Map<SourceFile, ReadonlySet<SourceFile>>();
  const waiting = files.slice(0, 1);
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (covered.has(file)) continue;
    const uses = usedBy(file);
    covered.set(file, uses);
    waiting.push(...uses);
  }
  // The generator's own headers are not in the list of the read files. Those with a used record come last.
  const read = new Set(files);
  const own = [...covered.keys()].filter((file) => recordsIn.has(file) && !read.has(file));
  const inOrder = [...files.filter((file) => covered.has(file)), ...own];
  const order = new Map(inOrder.map((file, index) => [file, index]));
  return inOrder.map((file) => {
    const uses = [...(covered.get(file) ?? [])].filter((other) => other !== file && order.has(other));
    return { file, uses: uses.sort((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0)) };
  });
}

/** Returns the record or enum that an object of a type contains. */
function definitionOf(type: CType, declarations: Declarations, layout: Layout): RecordNode | EnumNode | undefined {
  // A chain of typedefs can be too long for a recursion.
  for (let made: CType | undefined = type; made; ) {
    switch (made.kind) {
      case 'array':
      case 'qualified':
      case 'aligned':
        made = made.of;
        break;
      case 'typedef':
        made = declarations.typedefs.get(made.name)?.type;
        break;
      case 'typeof':
        made = layout.resolve(made);
        break;
      case 'tag':
        return declarations.tags.get(made.tag);
      case 'unnamed record':
        return made.record;
      case 'unnamed enum':
        return made.enumeration;
      default:
        return undefined;
    }
  }
  return undefined;
}

/** Whether the name of a header continues the name of another header, possibly with `-` or `_` and more text. */
function continuesName(header: SourceFile, other: SourceFile): boolean {
  const [name, longer] = [header, other].map((file) => file.name.slice(file.name.lastIndexOf('/') + 1, -'.h'.length));
  return longer === name || longer?.startsWith(`${name}-`) === true || longer?.startsWith(`${name}_`) === true;
}
