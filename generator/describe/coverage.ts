/**
 * Which headers a model covers: the one that was asked for, and of those that a covered header includes
 *
 * - every one that defines a struct or union that the covered one uses by value or as an ioctl's argument: `linux/kvm.h`
 *   covers `asm/kvm.h`, not `linux/types.h`;
 * - what continues its name, as the kernel divides one subject between files: `linux/mman.h` covers `asm/mman.h`, that
 *   covers `asm-generic/mman-common.h`, and `linux/input.h` covers `linux/input-event-codes.h`;
 * - what may be included by it alone;
 * - all, where the covered one has nothing of its own: `asm/types.h` covers `asm-generic/types.h`.
 */

import { onlyWithin } from '../knowledge/homes.js';
import type { Layout } from '../layout/layout.js';
import type { CType, Declarations, RecordNode } from '../parse/types.js';
import type { Preprocessed } from '../preprocess/preprocessor.js';
import type { SourceFile } from '../source/files.js';

/** The covered headers, in the order of `files`. `argumentsOf` are the types that the ioctls of a header point to. */
export function coveredFiles(
  { files, includes, macros }: Preprocessed,
  declarations: Declarations,
  layout: Layout,
  argumentsOf: (file: SourceFile) => readonly CType[],
): ReadonlySet<SourceFile> {
  const { records, enums, typedefs, objects } = declarations;
  const speaking = new Set([
    ...[...records, ...enums, ...typedefs.values(), ...objects.values()].map(({ at }) => at.file),
    ...[...macros.values()].filter(({ body }) => body.length > 0).map(({ at }) => at.file),
  ]);
  const covered = new Set<SourceFile>();
  const waiting = files.slice(0, 1);
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (covered.has(file)) continue;
    const here = file;
    covered.add(here);
    const own = records.filter(({ at }) => at.file === here);
    const used = own.flatMap(({ members }) => members.map(({ type }) => type));
    for (const type of [...used, ...argumentsOf(here)]) {
      const record = recordWithin(type, layout);
      if (record) waiting.push(record.at.file);
    }
    const included = [...(includes.get(here) ?? [])];
    waiting.push(
      ...included.filter(
        (other) => !speaking.has(here) || continuesName(here, other) || onlyWithin.get(other.name) === here.name,
      ),
    );
  }
  return new Set(files.filter((file) => covered.has(file)));
}

function recordWithin(type: CType, layout: Layout): RecordNode | undefined {
  const resolved = layout.resolve(type);
  return resolved.kind === 'array' ? recordWithin(resolved.of, layout) : layout.recordNode(resolved);
}

/** Whether a header is of the name of another, perhaps with more behind a `-` or `_`. */
function continuesName(header: SourceFile, other: SourceFile): boolean {
  const [name, longer] = [header, other].map((file) => file.name.slice(file.name.lastIndexOf('/') + 1, -'.h'.length));
  return longer === name || longer?.startsWith(`${name}-`) === true || longer?.startsWith(`${name}_`) === true;
}
