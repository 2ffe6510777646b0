/** Describes one change in words and figures: what it was, what it is, and why. */

import type { ChangeOnTargets, MemberFacts, PaddingUse, RecordFacts, ValueFacts } from '../diff/changes.js';
import type { IntegerValue } from '../model/model.js';

/** Returns the parts of a description. The caller joins them or writes one on each line. */
export function describeChange(change: ChangeOnTargets): string[] {
  const { reason, renamed, omitted } = change;
  return [
    ...factsOf(change),
    ...(renamed ? [`probably renamed to ${shortName(change.name, renamed.name)}: ${renamed.because}`] : []),
    ...(reason === undefined ? [] : [reason]),
    ...(omitted ? [`the header has it as an omission: ${omitted.reason}`] : []),
  ].filter((part) => part !== '');
}

function factsOf(change: ChangeOnTargets): string[] {
  switch (change.kind) {
    case 'header': {
      const { before, after } = change;
      return [`${before ? 'gone' : 'new'}, with ${count((before ?? after)?.items ?? 0, 'item')}`];
    }
    case 'struct':
    case 'union':
      return recordText(change);
    case 'member':
      return memberText(change);
    case 'enum': {
      const [old, now] = [change.before?.size, change.after?.size];
      return change.renamed || old === now ? [] : [figures(old, now, 'byte')];
    }
    case 'enumerator':
    case 'constant':
      return valueTexts(change);
    case 'ioctl': {
      const [old, now] = [change.before?.request, change.after?.request];
      return change.renamed || old === now
        ? []
        : [arrow(old === undefined ? undefined : hex(old), now === undefined ? undefined : hex(now))];
    }
    case 'function': {
      const parameters = (change.after ?? change.before)?.parameters.join(', ') ?? '';
      return change.after && change.before ? [] : [`macro with the parameters (${parameters})`];
    }
    case 'omission':
      return change.after && change.before
        ? []
        : [`an omission (${(change.after ?? change.before)?.kind}): ${(change.after ?? change.before)?.reason}`];
  }
}

function recordText({
  before,
  after,
  renamed,
  differs,
}: {
  readonly before: RecordFacts | null;
  readonly after: RecordFacts | null;
  readonly renamed?: unknown;
  readonly differs: readonly string[];
}): string[] {
  if (renamed) return [];
  if (before && after) return differs.includes('size') ? [figures(before.size, after.size, 'byte')] : [];
  return [figures(before?.size, after?.size, 'byte')];
}

function memberText(change: {
  readonly before: MemberFacts | null;
  readonly after: MemberFacts | null;
  readonly renamed?: unknown;
  readonly padding?: PaddingUse;
  readonly differs: readonly string[];
}): string[] {
  const { before, after, renamed, padding, differs } = change;
  if (renamed) return [];
  if (!before || !after) {
    const own = before ?? after;
    return [
      ...(own ? [`${declared(own)} at ${place(own)}`] : []),
      ...(padding ? [paddingText(padding, after !== null)] : []),
    ];
  }
  const has = (...keys: readonly string[]): boolean => keys.some((key) => differs.includes(key));
  return [
    ...(has('offset', 'bit') && place(before) !== place(after) ? [`offset ${place(before)} → ${place(after)}`] : []),
    ...(has('size', 'bit') && width(before) !== width(after) ? [`${width(before)} → ${width(after)}`] : []),
    ...(declared(before) !== declared(after) ? [`${declared(before)} → ${declared(after)}`] : []),
    ...(has('enum') && !has('type') ? [arrow(before.enum ?? 'no enum', after.enum ?? 'no enum')] : []),
    ...(has('countedBy') ? [`counted by ${arrow(before.countedBy ?? 'nothing', after.countedBy ?? 'nothing')}`] : []),
    ...(has('address') ? ['the memory at the address is described in another way'] : []),
    ...(has('named') ? ['other constants name its values'] : []),
  ];
}

function paddingText({ before, after, hole }: PaddingUse, isTaken: boolean): string {
  const sources = (isTaken ? before : after).map((each) => `${each.name} (${each.size} at ${place(each)})`);
  if (hole) sources.push(sources.length > 0 ? 'a hole' : 'a hole between members');
  const rest = isTaken
    ? after.filter(({ name, size }) => !before.some((old) => old.name === name && old.size === size))
    : [];
  const now = rest.map((each) => `${each.name} (${each.size} at ${place(each)})`);
  const left = isTaken && before.length > 0 ? `; the rest is ${now.length > 0 ? now.join(', ') : 'nothing'}` : '';
  return `${isTaken ? 'the bytes were' : 'the bytes are now'} ${sources.join(' and ')}${isTaken && sources.length > 0 ? left : ''}`;
}

function valueTexts({
  before,
  after,
  renamed,
}: {
  readonly before: ValueFacts | null;
  readonly after: ValueFacts | null;
  readonly renamed?: unknown;
}): string[] {
  if (renamed || (before && after && String(before.value) === String(after.value))) return [];
  return [arrow(before ? valueText(before.value) : undefined, after ? valueText(after.value) : undefined)];
}

/** Returns a value for a text. Strings have quotes. */
function valueText(value: IntegerValue): string {
  return typeof value === 'number' || /^-?\d+$/.test(value) ? String(value) : JSON.stringify(value);
}

/** Returns the declaration of a member without its name: `__u8[7]`, `__u32:3`. */
function declared({ type, dims = [], bit }: MemberFacts): string {
  const lengths = dims.map((length) => `[${length ?? ''}]`).join('');
  return `${type}${lengths}${bit ? `:${bit.width}` : ''}`;
}

/** Returns the offset of a member in bytes. A bit-field also has a position in bits. */
function place({ offset, bit }: MemberFacts): string {
  return bit ? `${offset} bit ${bit.offset}` : String(offset);
}

function width({ size, bit }: MemberFacts): string {
  return bit ? count(bit.width, 'bit') : count(size, 'byte');
}

function figures(old: number | undefined, now: number | undefined, unit: string): string {
  if (old === undefined || now === undefined) return count((old ?? now) as number, unit);
  return `${old} → ${count(now, unit)}`;
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

function arrow(old: string | undefined, now: string | undefined): string {
  return old === undefined || now === undefined ? ((old ?? now) as string) : `${old} → ${now}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Returns the new name of a member without its record. */
function shortName(old: string, name: string): string {
  const at = old.lastIndexOf('.');
  return at !== -1 && name.startsWith(old.slice(0, at + 1)) ? name.slice(at + 1) : name;
}
