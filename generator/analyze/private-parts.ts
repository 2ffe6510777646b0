/**
 * Private parts: headers that a user does not include, because a public header includes them. A C library has its
 * definitions in such parts (`struct stat` is in `bits/stat.h`), and several public headers include one part. A part is
 * private if it is in a folder `bits`, or if its `#error` refuses to be included directly.
 */

import type { Preprocessed } from '../c/preprocessor/preprocessor.js';
import type { Declarations } from '../c/syntax.js';
import type { SourceFile } from '../headers/files.js';

/** Names that belong to the implementation (C17 7.1.3). */
const reserved = /^_[_A-Z]/;

/**
 * Returns the private parts that define a type, an enumerator or a macro for users. A part whose names are all reserved,
 * such as `bits/types.h`, serves only its library.
 */
export function privateParts(
  { files, refusing, definitions }: Pick<Preprocessed, 'files' | 'refusing' | 'definitions'>,
  { records, enums, typedefs }: Declarations,
): ReadonlySet<SourceFile> {
  const parts = new Set(files.filter((file) => /(?:^|\/)bits\//.test(file.name) || refusing.has(file)));
  const useful = new Set<SourceFile>();
  const note = (name: string | null | undefined, { file }: { readonly file: SourceFile }): void => {
    if (name && !reserved.test(name) && parts.has(file)) useful.add(file);
  };
  if (parts.size === 0) return useful;
  for (const { tag, at } of records) note(tag, at);
  for (const { tag, at, enumerators } of enums) {
    note(tag, at);
    for (const { name } of enumerators) note(name, at);
  }
  for (const { name, type, at } of typedefs.values()) {
    if (type.kind === 'unnamed record' || type.kind === 'unnamed enum') note(name, at);
  }
  for (const { name, at, body } of definitions) if (body.length > 0) note(name, at);
  return useful;
}
