/** `kvm-uapi generate`: headers in, TypeScript out. */

import type { WideStyle } from '../emit/references.js';
import type { OpenFiles } from '../headers/resolver.js';
import type { Member, Model } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import { outputFiles, recordedTargets } from './bindings.js';
import { defaultArchitecture, type HeaderOptions, type Headers, headersOf, openHeaders } from './open-headers.js';
import { writeFiles } from './output.js';

export interface GenerateOptions extends Omit<HeaderOptions, 'arch'> {
  /** The target, or several; without it, all those that `out` has bindings for. */
  readonly arch?: string | readonly string[];
  readonly out: string;
  /** The part of the headers that bindings are made of; all of them without it. */
  readonly selection?: Selection;
  readonly u64?: WideStyle;
}

/** Writes the bindings and returns the summary. */
export function generate(options: GenerateOptions): string {
  const read = openAll(options).flatMap((headers) => headers.names.map((name) => headers.model(name)));
  const models = select(read, options.selection ?? {});
  const files = outputFiles(models, options.u64);
  const changed = writeFiles(options.out, files);
  return [
    ...models.map((model) => (models.length === 1 ? summary(model) : heading(model))),
    `${options.out}: ${files.length} files, ${changed === 0 ? 'none' : changed} changed`,
  ].join('\n');
}

/** The headers of every architecture that a run is about. */
export function openAll(options: GenerateOptions): Headers[] {
  const { arch, header, out } = options;
  const recorded = new Set(headersOf(header).flatMap((name) => recordedTargets(out, name)));
  const names = arch !== undefined ? [arch].flat() : recorded.size > 0 ? [...recorded] : [defaultArchitecture];
  const open: OpenFiles = new Map();
  return names.map((name) => openHeaders({ ...options, arch: name }, open));
}

function heading({ header, target, kernel, origins, selection }: Model): string {
  const from = origins.map((origin) =>
    origin.kind === 'package' ? `${origin.name} ${origin.version}` : 'a source tree',
  );
  const part = selection ? '; what was selected of it' : '';
  return `<${header}> for ${target}: ${kernel === null ? 'kernel version unknown' : `Linux ${kernel}`}, ${from.join(', ')}${part}`;
}

/** What was read and what was made of it, on part of a screen. */
function summary(model: Model): string {
  const { types, enums, constants, ioctls, functions, ledger, covers, sources, prelude = [], selection } = model;
  const records = countRecords(types);
  const reasons = new Map<string, number>();
  for (const { kind, reason } of ledger) {
    const key = `${kind}: ${reason.replace(/'[^']*'|(?:struct|union|enum) \w+/, '…')}`;
    reasons.set(key, (reasons.get(key) ?? 0) + 1);
  }
  return [
    heading(model),
    `  read      ${sources.length} headers, of which covered: ${covers.join(', ')}`,
    ...(prelude.length > 0 ? [`  behind    ${prelude.join(', ')}, which it needs and does not include`] : []),
    ...(selection ? [`  selected  ${[...selection.types, ...selection.constants].join(', ')}`] : []),
    `  types     ${records.structs} structs and ${records.unions} unions, ${records.fields} fields, ${enums.length} enums`,
    `  macros    ${constants.length} constants, ${ioctls.length} of them ioctls; ${functions.length} functions`,
    `  ledger    ${ledger.length} entries`,
    ...[...reasons].map(([reason, count]) => `            ${String(count).padStart(4)} ${reason}`),
  ].join('\n');
}

export interface RecordCounts {
  readonly structs: number;
  readonly unions: number;
  readonly fields: number;
}

/** Counts as a compiler does: every record definition, unnamed ones included, and every member of each. */
export function countRecords(types: Model['types']): RecordCounts {
  let structs = 0;
  let unions = 0;
  let fields = 0;
  const visit = (kind: string, members: readonly Member[]): void => {
    if (kind === 'struct') structs++;
    else unions++;
    fields += members.length;
    for (const member of members) if (member.members) visit(member.shape.is, member.members);
  };
  for (const type of types) visit(type.kind, type.members);
  return { structs, unions, fields };
}
