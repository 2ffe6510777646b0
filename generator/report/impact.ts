/** The text of `kvm-uapi impact`. */

import type { ChangeOnTargets } from '../diff/changes.js';
import type { Impact, NewError, Place, Use } from '../impact/findings.js';
import { describeChange } from './change-facts.js';

export interface ImpactViewOptions {
  /** The number of columns of the terminal. Without it, lines are not shortened. */
  readonly columns?: number | undefined;
  /** Returns a line of a file of the project. */
  readonly lineAt: (place: Place) => string;
  /** Returns a text in a colour. */
  readonly paint: (style: 'bold' | 'red' | 'dim', text: string) => string;
}

/** A change that the project uses, with its uses. */
interface Group {
  readonly change: ChangeOnTargets;
  readonly isBreaking: boolean;
  readonly uses: readonly Use[];
}

/** Returns the uses by change, breaking changes first, then the errors at other places, and a summary. */
export function impactView(
  changes: readonly ChangeOnTargets[],
  impact: Impact,
  { columns = Number.POSITIVE_INFINITY, lineAt, paint }: ImpactViewOptions,
): string {
  const groups = groupsOf(changes, impact.uses);
  const others = errorsElsewhere(impact);
  const placed = (place: Place, text: string): string => {
    const at = placeText(place);
    return `  ${at}  ${paint('dim', shortened(text, columns - at.length - 4))}`;
  };
  const sections = groups.map(({ change, isBreaking, uses }) => {
    const heading = shortened(`${change.class}  ${describe(change)}`, columns);
    const lines = uses.map((use) => placed(use, lineAt(use).trim()));
    return [isBreaking ? paint('red', heading) : paint('bold', heading), ...lines].join('\n');
  });
  if (others.length > 0) {
    const heading = 'TypeScript reports more errors with the new bindings:';
    const lines = others.map((error) => placed(error, `TS${error.code}: ${error.message.split('\n')[0]}`));
    sections.push([paint('red', heading), ...lines].join('\n'));
  }
  return [...sections, summaryOf(changes, impact, groups)].join('\n\n');
}

function groupsOf(changes: readonly ChangeOnTargets[], uses: readonly Use[]): Group[] {
  const groups = changes.flatMap((change, index): Group[] => {
    const own = uses.filter((use) => use.changes.includes(index));
    if (own.length === 0) return [];
    const isBreaking = change.breaking || own.some((use) => use.breaking && use.changes.length === 1);
    return [{ change, isBreaking, uses: own }];
  });
  return groups.toSorted((a, b) => Number(b.isBreaking) - Number(a.isBreaking));
}

/** Returns the errors that are not at a use. */
function errorsElsewhere({ uses, errors }: Impact): NewError[] {
  const known = new Set(uses.map(placeText));
  return errors.filter((error) => !known.has(placeText(error)));
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 20))}…`;
}

function describe(change: ChangeOnTargets): string {
  const { name, kind } = change;
  const subject = kind === 'member' || name.includes(' ') ? name : `${kind} ${name}`;
  const details = describeChange(change);
  return details.length === 0 ? subject : `${subject}: ${details.join('; ')}`;
}

function summaryOf(changes: readonly unknown[], impact: Impact, groups: readonly Group[]): string {
  const { files, errors, uses } = impact;
  const checked = `${counted(files, 'file')} checked`;
  if (groups.length === 0 && errors.length === 0) {
    return `${checked}: no use of the ${counted(changes.length, 'change')}`;
  }
  const breaking = groups.filter(({ isBreaking }) => isBreaking).length;
  const found = `${counted(uses.length, 'use')} of ${counted(breaking, 'breaking change')} and ${counted(groups.length - breaking, 'other change')}`;
  const compiler = `TypeScript reports ${counted(errors.length, 'error')} with the new bindings`;
  const fixable = uses.filter(({ fix }) => fix !== undefined).length;
  const remedy = fixable === 0 ? [] : [`'--fix' gives ${counted(fixable, 'use')} the new name`];
  return [`${checked}: ${found}; ${compiler}`, ...remedy].join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
