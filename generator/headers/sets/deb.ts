/**
 * Reads Debian packages without Debian's tools. A `.deb` is an `ar` archive of `debian-binary`, `control.tar.*` and
 * `data.tar.*` (deb(5)). Nothing is unpacked to disk. The tree is in memory. It has the control files in `DEBIAN/`, as
 * `dpkg-deb --raw-extract` does.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Decompress } from 'fzstd';
import { unpackTar } from 'modern-tar';
import xz from 'xz-decompress';
import { HeaderSetError } from '../../errors.js';
import { type ArchiveEntry, archiveTree, type HeaderTree, unreadable } from './tree.js';

const magic = '!<arch>\n';
const memberHeader = 60;

/**
 * The unpacked headers of all architectures have 11 MB. A package that is larger than this limit does not contain
 * headers.
 */
const mostBytes = 256 * 1024 * 1024;

/** Opens a package as a tree. @throws HeaderSetError if the package is incomplete or hostile. */
export async function debTree(path: string): Promise<HeaderTree> {
  const members = membersOf(path);
  const version = members.find(({ name }) => name === 'debian-binary')?.data;
  if (!version || !decode(version).startsWith('2.')) {
    throw new HeaderSetError(
      `${path}: is not a Debian package, because it has no debian-binary of format 2; give a .deb or a folder`,
    );
  }
  const control = await unpack(path, members, 'control.tar');
  const data = await unpack(path, members, 'data.tar');
  const placed = control.map((entry) => ({ ...entry, path: `DEBIAN/${entry.path}` }));
  const tree = archiveTree(path, [...data, ...placed]);
  checkSums(tree);
  return tree;
}

interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}

function membersOf(path: string): Member[] {
  let file: Uint8Array;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (decode(file.subarray(0, magic.length)) !== magic) {
    throw new HeaderSetError(
      `${path}: is not a Debian package, because it does not begin with '!<arch>'; give a .deb or a folder`,
    );
  }
  const members: Member[] = [];
  for (let at = magic.length; at < file.length; ) {
    const header = decode(file.subarray(at, at + memberHeader));
    const size = Number(/^ *(\d+) *$/.exec(header.slice(48, 58))?.[1] ?? Number.NaN);
    const start = at + memberHeader;
    if (!header.endsWith('`\n') || Number.isNaN(size) || start + size > file.length) {
      throw new HeaderSetError(`${path}: is incomplete or damaged at byte ${at}; download it again`);
    }
    members.push({ name: header.slice(0, 16).trimEnd().replace(/\/$/, ''), data: file.subarray(start, start + size) });
    at = start + size + (size % 2);
  }
  return members;
}

type Decompressor = (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const decompressors: Readonly<Record<string, Decompressor>> = {
  '': (data) => data,
  '.gz': (data) => gunzipSync(data, { maxOutputLength: mostBytes }),
  '.xz': unXz,
  '.zst': unZstd,
};

async function unpack(path: string, members: readonly Member[], stem: string): Promise<ArchiveEntry[]> {
  const member = members.find(({ name }) => name === stem || name.startsWith(`${stem}.`));
  if (!member)
    throw new HeaderSetError(`${path}: is incomplete or damaged, because it has no ${stem}; download it again`);
  const decompress = decompressors[member.name.slice(stem.length)];
  if (!decompress) {
    const known = Object.keys(decompressors).map((end) => stem + end);
    throw new HeaderSetError(`${path}: ${member.name}: unknown compression; expected one of ${known.join(', ')}`);
  }
  try {
    const entries = await unpackTar(await decompress(member.data), { strict: true });
    return entries.map(({ header, data }) => entryOf(path, header.name, header.type, header.linkname, data));
  } catch (error) {
    if (error instanceof HeaderSetError) throw error;
    throw new HeaderSetError(`${path}: ${member.name}: is damaged (${(error as Error).message}); download it again`);
  }
}

function entryOf(
  deb: string,
  path: string,
  type: string | undefined,
  link: string | undefined,
  data: Uint8Array | undefined,
): ArchiveEntry {
  switch (type) {
    case 'file':
      return { path, data: data ?? new Uint8Array() };
    case 'directory':
      return { path };
    case 'symlink':
      return { path, link: link ?? '' };
    default:
      throw new HeaderSetError(
        `${deb}: ${path}: is not a file, folder or symbolic link (type ${type}); do not use this package`,
      );
  }
}

async function unXz(data: Uint8Array): Promise<Uint8Array> {
  const output = new Output();
  const packed = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(data);
      controller.close();
    },
  });
  const reader = new xz.XzReadableStream(packed).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return output.bytes();
    output.add(value);
  }
}

function unZstd(data: Uint8Array): Uint8Array {
  const output = new Output();
  new Decompress((chunk) => output.add(chunk)).push(data, true);
  return output.bytes();
}

/** Collects the output of a decompressor. */
class Output {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#size > mostBytes) throw new Error(`the unpacked data is larger than ${mostBytes >> 20} MiB`);
    this.#chunks.push(chunk);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

/** Compares the files with the package's md5sums. The checks of zstd and tar do not cover the content. */
function checkSums(tree: HeaderTree): void {
  const list = tree.read('DEBIAN/md5sums');
  for (const [, sum, path = ''] of list ? decode(list).matchAll(/^([0-9a-f]{32}) [ *](.+)$/gm) : []) {
    const data = tree.read(path);
    if (!data || createHash('md5').update(data).digest('hex') !== sum) {
      throw new HeaderSetError(`${tree.name}: ${path}: does not match the package's md5sums; download it again`);
    }
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
