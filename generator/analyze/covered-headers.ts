/**
 * Which headers a model covers: the one that was asked for, and of those that a covered header includes
 *
 * - every one that defines a struct, union or enum that the covered one uses by value or as an ioctl's argument:
 *   `linux/kvm.h` covers `asm/kvm.h`, not `linux/types.h`;
 * - what continues its name, as the kernel divides one subject between files: `linux/mman.h` covers `asm/mman.h`, that
 *   covers `asm-generic/mman-common.h`, and `linux/input.h` covers `linux/input-event-codes.h`;
 * - what may be included by it alone;
 * - all, where the covered one has nothing of its own: `asm/types.h` covers `asm-generic/types.h`.
 */

import type { Layout } from '../c/layout/layout.js';
import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { CType, Declarations, EnumNode, RecordNode } from '../c/syntax.js';
import type { SourceFile } from '../headers/files.js';
import { onlyWithin } from '../kernel/defining-headers.js';

/** A covered header, and the other covered ones that it adds. */
export interface CoveredFile {
  readonly file: SourceFile;
  readonly uses: readonly SourceFile[];
}

/** The covered headers, in the order of `files`. `argumentsOf` are the types that the ioctls of a header point to. */
export function findCoveredFiles(
  { files, includes, macros }: Preprocessed,
  declarations: Declarations,
  layout: Layout,
  argumentsOf: (file: SourceFile) => readonly CType[],
): CoveredFile[] {
  const { records, enums, typedefs, objects } = declarations;
  const declaring = new Set<SourceFile>();
  for (const declared of [records, enums, typedefs.values(), objects.values()]) {
    for (const { at } of declared) declaring.add(at.file);
  }
  for (const { body, at } of macros.values()) if (body.length > 0) declaring.add(at.file);
  const usedBy = (file: SourceFile): ReadonlySet<SourceFile> => {
    const used = new Set<SourceFile>();
    const use = (type: CType): void => {
      const definition = definitionOf(type, declarations, layout);
      if (definition) used.add(definition.at.file);
    };
    for (const { at, members } of records) if (at.file === file) for (const { type } of members) use(type);
    argumentsOf(file).forEach(use);
    for (const other of includes.get(file) ?? []) {
      if (!declaring.has(file) || continuesName(file, other) || onlyWithin.get(other.name) === file.name)
        used.add(other);
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
  const inOrder = files.filter((file) => covered.has(file));
  return inOrder.map((file) => {
    const uses = covered.get(file);
    return { file, uses: inOrder.filter((other) => other !== file && uses?.has(other)) };
  });
}

/** The record or enum that an object of a type is made of. */
function definitionOf(type: CType, declarations: Declarations, layout: Layout): RecordNode | EnumNode | undefined {
  // Typedefs may stand for one another more often than the stack is deep.
  for (let made: CType | undefined = type; made; ) {
    switch (made.kind) {
      case 'array':
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

/** Whether a header is of the name of another, perhaps with more after a `-` or `_`. */
function continuesName(header: SourceFile, other: SourceFile): boolean {
  const [name, longer] = [header, other].map((file) => file.name.slice(file.name.lastIndexOf('/') + 1, -'.h'.length));
  return longer === name || longer?.startsWith(`${name}-`) === true || longer?.startsWith(`${name}_`) === true;
}
