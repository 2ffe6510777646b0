/** Archives for `-initrd`. The expected bytes are written by hand from the kernel's buffer-format.rst. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Entry, entriesBelow, writeInitramfs } from '../../../tools/hypervisors/initramfs.js';
import { reported } from '../../../tools/hypervisors/rows.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';

function archiveOf(folder: string, entries: [string, Entry][]): string {
  const path = join(folder, 'archive');
  writeInitramfs(path, new Map(entries));
  return readFileSync(path, 'latin1');
}

/** The fields after the magic number: inode, mode, uid, gid, links, time, size, four device numbers, length of the name, checksum. */
const fields = (inode: string, mode: string, size: string, name: string): string =>
  `070701000000${inode}0000${mode}000000000000000000000001${'00000000'}000000${size}${'00000000'.repeat(4)}000000${name}00000000`;

it('an archive has the folders, the files with their modes, the links and the trailer, each padded to four bytes', () => {
  inTemporaryFolder({ 'a file': 'abcde' }, (folder) => {
    const archive = archiveOf(folder, [
      ['d/f', { from: join(folder, 'a file') }],
      ['run', { text: 'x', executable: true }],
      ['link', { link: 'd/f' }],
    ]);
    expect(archive).toBe(
      [
        // The header has 110 bytes, so a name with its NUL byte needs 2 bytes to a multiple of 4.
        `${fields('01', '41ed', '00', '02')}d\0`,
        `${fields('02', '81a4', '05', '04')}d/f\0\0\0abcde\0\0\0`,
        `${fields('03', '81ed', '01', '04')}run\0\0\0x\0\0\0`,
        `${fields('04', 'a1ff', '03', '05')}link\0\0d/f\0`,
        `${fields('05', '0000', '00', '0b')}TRAILER!!!\0\0\0\0`,
      ].join(''),
    );
  });
});

it('entriesBelow returns the wanted files below a folder', () => {
  inTemporaryFolder({ 'a/b.js': '', 'a/b.ts': '', 'c.js': '' }, (folder) => {
    const entries = entriesBelow(folder, 'to', (path) => path.endsWith('.js'));
    expect(entries.toSorted()).toEqual([
      ['to/a/b.js', { from: join(folder, 'a/b.js') }],
      ['to/c.js', { from: join(folder, 'c.js') }],
    ]);
  });
});

it('a row and a status are found after a message of the kernel in the same line', () => {
  const row = { name: 'a', passed: 1, skipped: 0, milliseconds: 2, failures: ['b'] };
  expect(reported(`[    1.5] x@row ${JSON.stringify(row)}`)).toEqual(row);
  expect(reported('[    1.5] x@end 143')).toEqual({ status: 143 });
  expect(reported('row')).toBeUndefined();
});
