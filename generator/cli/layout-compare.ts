/** `kvm-uapi layout --compare`: the layouts of two header sets beside each other. */

import type { EnumType, Model, RecordType } from '../model/model.js';
import { select } from '../model/selection.js';
import { hasType, type LayoutLine, typeLines, typesCalled } from '../report/layout-view.js';
import { differ, type SideBySideOptions, sideBySide } from '../report/side-by-side.js';
import { openHeaders } from './header-options.js';
import { type LayoutOptions, spelledTypes, unknownType } from './layout.js';
import { styled } from './terminal.js';

export interface CompareOptions extends LayoutOptions {
  /** The header set of the right column. */
  readonly compare: string;
  readonly columns: number | undefined;
}

const styles = { '|': 'yellow', '<': 'red', '>': 'green', ' ': 'reset' } as const;

/**
 * Prints the named types of the headers on the left and those of another set on the right. Without names, prints the
 * types that differ.
 */
export function compareLayouts(spellings: readonly string[], options: CompareOptions): string {
  const names = spelledTypes(spellings);
  const { compare, columns, from = 'system', colour } = options;
  const before = openHeaders(options);
  const after = openHeaders({ ...options, from: compare });
  const [left, right] = [before, after].map((headers) => headers.requested.map(({ name }) => headers.model(name)));
  if (!left || !right) return '';
  const unknown = names.find((name) => ![...left, ...right].some((model) => hasType(model, name)));
  if (unknown !== undefined) throw unknownType(unknown, left, before);
  const [old, now] = [left, right].map((models) => linesByType(names, models, options));
  const view: SideBySideOptions = {
    columns,
    ...(colour ? { paint: (text, mark) => styled(styles[mark], text) } : {}),
  };
  const titles = [titleOf(from, left), titleOf(compare, right)] as const;
  const blocks = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].flatMap((name) => {
    const [one, other] = [old?.get(name) ?? [], now?.get(name) ?? []];
    return names.length > 0 || differ(one, other) ? [sideBySide(titles, one, other, view)] : [];
  });
  if (blocks.length > 0) return blocks.join('\n\n');
  const headers = left.map(({ header }) => `<${header}>`).join(', ');
  return `no type of ${headers} differs between ${titles[0]} and ${titles[1]}`;
}

function titleOf(set: string, [model]: readonly Model[]): string {
  return model?.kernel ? `${set}: Linux ${model.kernel}` : set;
}

/** The lines of each type, by the name of the type in C. */
function linesByType(
  names: readonly string[],
  models: readonly Model[],
  { selection = {} }: LayoutOptions,
): Map<string, LayoutLine[]> {
  // A pattern of a selection may match a name that only one side has.
  const parts = names.length > 0 ? models.map((model) => typesCalled(model, names)) : selectSome(models, selection);
  const types = parts.flatMap((part): (RecordType | EnumType)[] => [...part.types, ...part.enums]);
  return new Map(types.flatMap((type) => (type.cName === null ? [] : [[type.cName, typeLines(type)] as const])));
}

function selectSome(models: readonly Model[], selection: NonNullable<LayoutOptions['selection']>): readonly Model[] {
  return Object.keys(selection).length === 0 ? models : select(models, selection);
}
