/**
 * Which headers a model covers. A header's own declarations, and those of every header it includes that defines a
 * struct or union it uses by value or as an ioctl's argument: `linux/kvm.h` covers `asm/kvm.h`, not `linux/types.h`.
 */

import type { Layout } from '../layout/layout.js';
import type { CType, Declarations, RecordNode } from '../parse/types.js';
import type { SourceFile } from '../source/files.js';

/** The covered headers, in the order of `files`. `arguments` are the types that the ioctls of a header point to. */
export function coveredFiles(
  header: SourceFile,
  files: readonly SourceFile[],
  declarations: Declarations,
  layout: Layout,
  argumentsOf: (file: SourceFile) => readonly CType[],
): SourceFile[] {
  const covered = new Set<SourceFile>();
  const waiting = [header];
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (covered.has(file)) continue;
    covered.add(file);
    const records = declarations.records.filter((record) => record.at.file === file);
    const used = [...records.flatMap((record) => record.members.map(({ type }) => type)), ...argumentsOf(file)];
    for (const type of used) {
      const record = recordWithin(type, layout);
      if (record) waiting.push(record.at.file);
    }
  }
  return files.filter((file) => covered.has(file));
}

function recordWithin(type: CType, layout: Layout): RecordNode | undefined {
  const resolved = layout.resolve(type);
  return resolved.kind === 'array' ? recordWithin(resolved.of, layout) : layout.recordNode(resolved);
}
