/**
 * Archives for `-initrd`: the format newc of cpio, as the kernel's documentation of buffer formats for initramfs has it. The
 * files of the archive can be anywhere on this machine, so no folder with copies of them is needed.
 *
 * @see the kernel's Documentation/driver-api/early-userspace/buffer-format.rst
 */

import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** What a path of the archive is: a file of this machine, a text, or a symbolic link. */
export type Entry =
  | { readonly from: string }
  | { readonly text: string; readonly executable?: boolean }
  | { readonly link: string };

/** The files of an archive by path. The paths have no `/` at the beginning. */
export type Entries = ReadonlyMap<string, Entry>;

const kinds = { folder: 0o040755, file: 0o100644, program: 0o100755, link: 0o120777 } as const;

/** Returns the entries for all files below a folder, with paths below `to`. Links are followed. */
export function entriesBelow(
  folder: string,
  to: string,
  isWanted: (path: string) => boolean = () => true,
): [string, Entry][] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((each): [string, Entry][] => {
    const from = join(each.parentPath, each.name);
    const path = relative(folder, from);
    return isWanted(path) && statSync(from).isFile() ? [[join(to, path), { from }]] : [];
  });
}

/** Writes an archive. Folders that an entry needs are added. */
export function writeInitramfs(path: string, entries: Entries): void {
  const output = openSync(path, 'w');
  try {
    let inode = 0;
    const add = (name: string, mode: number, content: Uint8Array): void => {
      inode++;
      for (const part of archived(name, mode, inode, content)) writeSync(output, part);
    };
    for (const folder of foldersOf(entries.keys())) add(folder, kinds.folder, new Uint8Array());
    for (const [name, entry] of entries) add(name, modeOf(entry), contentOf(entry));
    add('TRAILER!!!', 0, new Uint8Array());
  } finally {
    closeSync(output);
  }
}

/** Returns all folders above the paths. A folder comes after the folder that contains it. */
function foldersOf(paths: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort();
}

function modeOf(entry: Entry): number {
  if ('link' in entry) return kinds.link;
  const executable = 'from' in entry ? (statSync(entry.from).mode & 0o111) !== 0 : entry.executable === true;
  return executable ? kinds.program : kinds.file;
}

function contentOf(entry: Entry): Uint8Array {
  if ('from' in entry) return readFileSync(entry.from);
  return Buffer.from('link' in entry ? entry.link : entry.text);
}

/** Returns one member of the archive: the header, the name and the content. The name and the content are padded to 4 bytes. */
function archived(name: string, mode: number, inode: number, content: Uint8Array): Uint8Array[] {
  const named = Buffer.from(`${name}\0`);
  const [links, owner, time, device] = [1, 0, 0, 0];
  const fields = [
    ...[inode, mode, owner, owner, links, time, content.length],
    ...[device, device, device, device, named.length, 0],
  ];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, named, padding(header.length + named.length), content, padding(content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3);
}
