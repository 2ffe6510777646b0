/**
 * Gives the parts of kernel-doc comments to the members and enumerators that they describe. The comment of a struct, union
 * or enum has a part `@name: text` for each of them, and `@outer.inner: text` for a member of an unnamed record. A comment
 * of a member can also begin with its own `@name:`.
 */

import type { Enumerator, EnumType, Member, RecordType } from '../model/model.js';

interface KernelDoc {
  /** The text without the parts. */
  readonly rest: string;
  /** The texts of the parts, by name or path. */
  readonly parts: ReadonlyMap<string, string>;
}

const partStart = /^@([\w$]+(?:\.[\w$]+)*)\s*:\s*(.*)$/;

/** Returns a record whose members have their parts of its comment. Parts of other names stay in its comment. */
export function withKernelDoc(type: RecordType): RecordType {
  const members = type.members.some(hasComment) ? type.members.map(withoutOwnName) : type.members;
  const doc = type.comment === undefined ? undefined : kernelDocOf(type.comment, type.tag, pathsOf(members, ''));
  if (!doc) return members === type.members ? type : { ...type, members };
  const { comment: _, ...rest } = type;
  return { ...rest, ...(doc.rest === '' ? {} : { comment: doc.rest }), members: documented(members, '', doc.parts) };
}

/** Returns an enum whose enumerators have their parts of its comment. */
export function enumWithKernelDoc(type: EnumType): EnumType {
  const names = new Set(type.enumerators.map(({ name }) => name));
  const doc = type.comment === undefined ? undefined : kernelDocOf(type.comment, type.tag, names);
  if (!doc && !type.enumerators.some(({ comment }) => comment?.startsWith('@'))) return type;
  const enumerators = type.enumerators.map((each): Enumerator => {
    const own = { ...each, ...commentOf(ownText(each.name, each.comment)) };
    return { ...own, ...commentOf(joined(doc?.parts.get(each.name), own.comment)) };
  });
  if (!doc) return { ...type, enumerators };
  const { comment: _, ...rest } = type;
  return { ...rest, ...(doc.rest === '' ? {} : { comment: doc.rest }), enumerators };
}

/** Returns undefined if the comment has no part for one of the names. */
function kernelDocOf(comment: string, tag: string | null, names: ReadonlySet<string>): KernelDoc | undefined {
  if (!comment.includes('@')) return undefined;
  const parts = new Map<string, string>();
  const rest: string[] = [];
  let part: string | undefined;
  for (const line of comment.split('\n')) {
    const [, name = '', text = ''] = partStart.exec(line.trimStart()) ?? [];
    if (names.has(name)) {
      part = name;
      parts.set(name, text);
    } else if (name !== '' || line.trim() === '' || part === undefined) {
      // An empty line ends a part.
      part = undefined;
      rest.push(line);
    } else parts.set(part, `${parts.get(part)}\n${line.trim()}`.trim());
  }
  if (parts.size === 0) return undefined;
  const text = rest
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return { rest: withoutTitle(text, tag), parts };
}

/** Removes `struct name - ` from the start of a text. */
function withoutTitle(text: string, tag: string | null): string {
  const title = /^(?:(?:struct|union|enum|typedef)\s+)?([\w$]+)\s*(?:[-–:]\s*|$)/m.exec(text);
  return title?.index === 0 && title[1] === tag ? text.slice(title[0].length).trim() : text;
}

/** Returns the paths of members, through named members only. */
function pathsOf(members: readonly Member[], prefix: string): Set<string> {
  const paths = new Set<string>();
  for (const { name, members: inside = [] } of members) {
    if (name !== null) paths.add(prefix + name);
    for (const path of pathsOf(inside, name === null ? prefix : `${prefix}${name}.`)) paths.add(path);
  }
  return paths;
}

function documented(members: readonly Member[], prefix: string, parts: ReadonlyMap<string, string>): Member[] {
  return members.map((member) => {
    const path = member.name === null ? prefix : `${prefix}${member.name}.`;
    const part = member.name === null ? undefined : parts.get(prefix + member.name);
    const inside = member.members ? { members: documented(member.members, path, parts) } : {};
    return { ...member, ...inside, ...commentOf(joined(part, member.comment)) };
  });
}

function hasComment({ comment, members = [] }: Member): boolean {
  return comment !== undefined || members.some(hasComment);
}

/** Removes `@name:` from the comment of a member with this name. */
function withoutOwnName(member: Member): Member {
  const inside = member.members ? { members: member.members.map(withoutOwnName) } : {};
  return { ...member, ...inside, ...commentOf(ownText(member.name, member.comment)) };
}

function ownText(name: string | null, comment: string | undefined): string | undefined {
  const [first = '', ...more] = comment?.split('\n') ?? [];
  const [, path = '', text = ''] = partStart.exec(first) ?? [];
  return path !== '' && path.slice(path.lastIndexOf('.') + 1) === name ? joined(text, ...more) : comment;
}

function commentOf(comment: string | undefined): { readonly comment?: string } {
  return comment === undefined || comment === '' ? {} : { comment };
}

function joined(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.filter((text) => text !== undefined && text !== '').join('\n') || undefined;
}
