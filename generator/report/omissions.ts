/** Lists the omissions of models. */

import { locationText } from '../model/locations.js';
import type { Model, Omission, OmissionKind } from '../model/model.js';
import { table } from './table.js';

/** An omission of the model of one target. */
export interface ListedOmission extends Omission {
  /** The requested header. */
  readonly header: string;
  readonly target: string;
}

/** Returns the omissions of models. Two headers can include the same third header, so each omission is listed once. */
export function omissionsOf(models: readonly Model[]): ListedOmission[] {
  const listed = new Map<string, ListedOmission>();
  for (const { header, target, omissions } of models) {
    for (const omission of omissions) {
      const key = [target, omission.kind, omission.name, locationText(omission.location)].join(' ');
      if (!listed.has(key)) listed.set(key, { header, target, ...omission });
    }
  }
  return [...listed.values()];
}

/** Formats omissions as a table: kind, name, location and reason. */
export function omissionsView(omissions: readonly ListedOmission[]): string {
  if (omissions.length === 0) return 'no omissions: every declaration is in the model';
  const hasTargets = new Set(omissions.map(({ target }) => target)).size > 1;
  const rows = omissions.map((omission) => [
    ...(hasTargets ? [omission.target] : []),
    omission.kind,
    spelled(omission),
    locationText(omission.location),
    omission.reason,
  ]);
  return table(rows);
}

/** Returns the name of an omission, with the parameters of a macro. */
function spelled({ name, parameters }: Omission): string {
  return parameters ? `${name}(${parameters.join(', ')})` : name;
}

/** The kinds in the order of their importance, as the plural for a group. */
const plurals: Readonly<Record<OmissionKind, string>> = {
  ioctl: 'ioctls',
  type: 'types',
  macro: 'macros',
  variable: 'variables',
  function: 'functions',
  typedef: 'typedefs',
  assertion: 'assertions',
  pragma: 'pragmas',
};

const width = 100;
const mostLines = 12;

/** Returns the names of omissions by kind, in lines for a terminal, and the number of names that do not fit. */
export function omissionNames(omissions: readonly Omission[]): { readonly lines: string[]; readonly more: number } {
  const filled = Object.entries(plurals).flatMap(([kind, plural]) => {
    const group = omissions.filter((each) => each.kind === kind);
    return group.length > 0 ? [{ plural, group }] : [];
  });
  const lines: string[] = [];
  let more = 0;
  for (const [index, { plural, group }] of filled.entries()) {
    const left = mostLines - lines.length - (filled.length - 1 - index);
    const names = namesIn(group, left);
    lines.push(...names.lines.map((line, row) => `${(row === 0 ? plural : '').padEnd(11)}${line}`));
    more += names.more;
  }
  return { lines, more };
}

function namesIn(omissions: readonly Omission[], most: number): { readonly lines: string[]; readonly more: number } {
  const lines: string[] = [];
  let line = '';
  for (const [index, omission] of omissions.entries()) {
    const name = `${spelled(omission)}${index === omissions.length - 1 ? '' : ','}`;
    if (line === '') line = name;
    else if (line.length + 1 + name.length <= width) line += ` ${name}`;
    else {
      if (lines.length === most - 1) return { lines: [...lines, line], more: omissions.length - index };
      lines.push(line);
      line = name;
    }
  }
  return { lines: line === '' ? lines : [...lines, line], more: 0 };
}
