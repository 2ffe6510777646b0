/** Compares ioctls, and says why a request number changed. */

import type { Ioctl, Model } from '../model/model.js';
import type { Change, ChangeOf, EmittedSymbol, IoctlFacts } from './changes.js';
import type { TypeChanges } from './member-class.js';
import type { Symbols } from './symbols.js';

type IoctlChange = ChangeOf<'ioctl'>;

/** Returns the symbols of an ioctl: its export, and its key in the object of a named enum. */
function ioctlSymbols({ name, location }: Ioctl, model: Model, symbols: Symbols): EmittedSymbol[] {
  const of = model.enums.find(({ enumerators }) => enumerators.some((each) => each.name === name));
  return symbols.value(name, location.header, 'ioctl', of);
}

export function ioctlChanges(
  before: Model,
  after: Model,
  types: TypeChanges & { readonly before: Symbols; readonly after: Symbols },
): IoctlChange[] {
  const [old, now] = [before, after].map(({ ioctls }) => new Map(ioctls.map((ioctl) => [ioctl.name, ioctl])));
  const gone = before.ioctls.filter(({ name }) => !now?.has(name));
  const added = after.ioctls.filter(({ name }) => !old?.has(name));
  const renames = renamesOf(gone, added);
  const newNames = new Set(renames.values());
  const changes: IoctlChange[] = gone.map((ioctl) => {
    const other = renames.get(ioctl);
    return {
      ...{ class: 'removed', breaking: true, kind: 'ioctl', name: ioctl.name, before: factsOf(ioctl) },
      after: other ? factsOf(other) : null,
      differs: other ? ['name'] : [],
      ...(other ? { renamed: { name: other.name, because: `both have the number ${hex(ioctl.request)}` } } : {}),
      symbols: {
        before: ioctlSymbols(ioctl, before, types.before),
        after: other ? ioctlSymbols(other, after, types.after) : [],
      },
    };
  });
  for (const ioctl of added) {
    if (newNames.has(ioctl)) continue;
    changes.push({
      ...{ class: 'addition', breaking: false, kind: 'ioctl', name: ioctl.name, before: null, after: factsOf(ioctl) },
      ...{ differs: [], symbols: { before: [], after: ioctlSymbols(ioctl, after, types.after) } },
    });
  }
  for (const ioctl of before.ioctls) {
    const other = now?.get(ioctl.name);
    const [from, to] = [factsOf(ioctl), other && factsOf(other)];
    if (!other || !to) continue;
    const differs = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
      (key) => JSON.stringify(from[key as keyof IoctlFacts]) !== JSON.stringify(to[key as keyof IoctlFacts]),
    );
    if (differs.length === 0) continue;
    changes.push({
      ...judge(from, to, differs, types),
      ...{ kind: 'ioctl', name: other.name, before: from, after: to, differs },
      symbols: {
        before: ioctlSymbols(ioctl, before, types.before),
        after: ioctlSymbols(other, after, types.after),
      },
    });
  }
  return changes;
}

type Judged = Pick<Change, 'class' | 'breaking'> & { readonly reason?: string; readonly causedBy?: string };

function judge(old: IoctlFacts, now: IoctlFacts, differs: readonly string[], types: TypeChanges): Judged {
  const has = (...keys: readonly (keyof IoctlFacts)[]): boolean => keys.some((key) => differs.includes(key));
  if (has('request')) return judgeNumber(old, now, types);
  if (has('argument', 'shape', 'passes')) return judgeArgument(old, now, types);
  if (has('direction', 'size', 'argumentSize', 'sizedBy', 'tail', 'pointersIf', 'attributes', 'commands', 'override')) {
    return { class: 'type', breaking: false, reason: 'the argument is checked and followed in another way' };
  }
  if (has('capability', 'fds')) return { class: 'none', breaking: false, reason: availability(now) };
  if (has('header')) {
    return { class: 'none', breaking: false, reason: `<${now.header}> defines it instead of <${old.header}>` };
  }
  return { class: 'none', breaking: false, reason: 'the number is spelled in another way' };
}

function judgeNumber(old: IoctlFacts, now: IoctlFacts, types: TypeChanges): Judged {
  const parts = [
    ...(old.type === now.type ? [] : [`the magic number is ${hex(now.type)} instead of ${hex(old.type)}`]),
    ...(old.nr === now.nr ? [] : [`the command number is ${hex(now.nr)} instead of ${hex(old.nr)}`]),
    ...(old.direction === now.direction ? [] : [`the direction is ${now.direction} instead of ${old.direction}`]),
  ];
  const isResized = old.size !== now.size;
  const record = recordOf(now);
  const isCaused = isResized && record !== undefined && old.argument === now.argument && types.isResized(record);
  const sizes = `${now.size} instead of ${old.size}`;
  if (isCaused) parts.push(`the size of ${record} is ${sizes}`);
  else if (old.argument !== now.argument) {
    parts.push(`the argument is ${now.argument ?? 'nothing'} instead of ${old.argument ?? 'nothing'}`);
  } else if (isResized) parts.push(`the size of its argument is ${sizes}`);
  const isOnlySize = isResized && old.type === now.type && old.nr === now.nr && old.direction === now.direction;
  return {
    ...{ class: isOnlySize ? 'size' : 'value', breaking: true },
    ...(parts.length > 0 ? { reason: parts.join(', and ') } : {}),
    ...(isOnlySize && isCaused ? { causedBy: record } : {}),
  };
}

function judgeArgument(old: IoctlFacts, now: IoctlFacts, types: TypeChanges): Judged {
  const reason = `the argument is ${now.argument ?? 'nothing'} instead of ${old.argument ?? 'nothing'}`;
  const record = recordOf(old);
  if (record !== undefined && types.renamed(record) === recordOf(now) && old.passes === now.passes) {
    return { class: 'type', breaking: false, causedBy: record, reason };
  }
  if (old.passes !== now.passes) {
    return {
      class: 'type',
      breaking: true,
      reason: `the argument is passed as ${now.passes} instead of ${old.passes}`,
    };
  }
  const isSame = JSON.stringify(old.shape) === JSON.stringify(now.shape);
  return { class: isSame ? 'none' : 'type', breaking: !isSame, reason };
}

function recordOf({ shape }: IoctlFacts): string | undefined {
  return shape && 'cName' in shape ? (shape.cName ?? undefined) : undefined;
}

function availability({ capability, fds }: IoctlFacts): string {
  const announced = typeof capability === 'string' ? capability : Object.values(capability ?? {}).join(' or ');
  const on = fds === undefined ? 'unknown file descriptors' : `the file descriptors ${fds.join(', ')}`;
  return announced === '' ? `${on} accept it` : `${announced} announces it, and ${on} accept it`;
}

function renamesOf(gone: readonly Ioctl[], added: readonly Ioctl[]): Map<Ioctl, Ioctl> {
  const pairs = new Map<Ioctl, Ioctl>();
  for (const ioctl of gone) {
    const others = added.filter(({ request }) => request === ioctl.request);
    const rivals = gone.filter(({ request }) => request === ioctl.request);
    if (others[0] && others.length + rivals.length === 2) pairs.set(ioctl, others[0]);
  }
  return pairs;
}

function factsOf({ name: _name, location, comment: _comment, since: _since, ...facts }: Ioctl): IoctlFacts {
  return { ...facts, header: location.header };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
