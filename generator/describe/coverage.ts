/**
 * Which headers a model covers. A header's own declarations, and those of every header it includes that defines a
 * struct or union it uses by value or as an ioctl's argument: `linux/kvm.h` covers `asm/kvm.h`, not `linux/types.h`.
 */

import type { Layout } from '../layout/layout.js';
import type { CType, Declarations, RecordNode } from '../parse/types.js';
import type { SourceFile } from '../source/files.js';

export interface CoveredFile {
  readonly file: SourceFile;
  /** The other covered files that define records it uses. */
  readonly uses: readonly SourceFile[];
}

/** The covered headers, in the order of `files`. `arguments` are the types that the ioctls of a header point to. */
export function coveredFiles(
  header: SourceFile,
  files: readonly SourceFile[],
  declarations: Declarations,
  layout: Layout,
  argumentsOf: (file: SourceFile) => readonly CType[],
): CoveredFile[] {
  const covered = new Map<SourceFile, ReadonlySet<SourceFile>>();
  const waiting = [header];
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (covered.has(file)) continue;
    const records = declarations.records.filter((record) => record.at.file === file);
    const used = [...records.flatMap((record) => record.members.map(({ type }) => type)), ...argumentsOf(file)];
    const uses = new Set(used.flatMap((type) => recordWithin(type, layout)?.at.file ?? []));
    covered.set(file, uses);
    waiting.push(...uses);
  }
  const inOrder = files.filter((file) => covered.has(file));
  return inOrder.map((file) => {
    const uses = covered.get(file);
    return { file, uses: inOrder.filter((other) => other !== file && uses?.has(other)) };
  });
}

function recordWithin(type: CType, layout: Layout): RecordNode | undefined {
  const resolved = layout.resolve(type);
  return resolved.kind === 'array' ? recordWithin(resolved.of, layout) : layout.recordNode(resolved);
}
