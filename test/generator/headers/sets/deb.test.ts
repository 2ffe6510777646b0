import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { importSet } from '../../../../generator/cli/headers.js';
import { HeaderSetError } from '../../../../generator/errors.js';
import { debTree } from '../../../../generator/headers/sets/deb.js';
import { contentsOf, temporaryFolder } from '../../../helpers/cli.js';
import { arOf, debOf, type Entries, md5Line, smallSet, smallSetIn, tarOf } from '../../../helpers/packages.js';

const data = smallSetIn['all architectures'];

function fileOf(bytes: Uint8Array | string): string {
  const path = join(temporaryFolder(), 'x.deb');
  writeFileSync(path, bytes);
  return path;
}

/** Returns the error of an import that refuses a package. The import must not change the cache. */
async function refusalOf(bytes: Uint8Array | string): Promise<string> {
  const path = fileOf(bytes);
  const cache = temporaryFolder();
  try {
    await importSet(path, { cache });
  } catch (error) {
    expect(contentsOf(cache)).toEqual({});
    if (error instanceof HeaderSetError) return error.message.replaceAll(path, 'x.deb');
    throw error;
  }
  return expect.fail('it is taken for good');
}

const packedBy = (tool: string) => ({
  suffix: tool === 'xz' ? '.xz' : '.zst',
  pack: (tar: Uint8Array) => spawnSync(tool, ['-c'], { input: tar }).stdout,
});
const has = (tool: string): boolean => spawnSync(tool, ['--version']).status === 0;

describe('a package', () => {
  const compressions = [
    ['none', { suffix: '', pack: (tar: Uint8Array) => tar }],
    ['gzip', { suffix: '.gz', pack: gzipSync }],
  ] as const;

  const isRead = async (compression: Parameters<typeof debOf>[0]['compression']): Promise<void> => {
    const tree = await debTree(fileOf(await debOf({ data, ...(compression && { compression }) })));
    const text = (path: string): string => new TextDecoder().decode(tree.read(path));
    expect(text('usr/include/linux/kvm.h')).toBe(smallSet.common['linux/kvm.h']);
    expect(text('usr/include/x86_64-linux-gnu/asm/kvm.h')).toBe(smallSet.asm['asm/kvm.h']);
    expect(tree.list('usr/lib/linux/uapi')).toEqual(['x86']);
  };

  it.each(compressions)('the import reads a package with compression %s', (_, compression) => isRead(compression));
  for (const tool of ['xz', 'zstd']) {
    const there = has(tool);
    it.skipIf(!there)(
      `the import reads a package with compression ${tool}${there ? '' : ` (no ${tool} here to pack one)`}`,
      () => isRead(packedBy(tool)),
    );
  }

  it('the import compares the files with the md5sums', async () => {
    const control = (sum: string): Entries => [
      ['control', 'Package: p\nVersion: 1\nArchitecture: all\n'],
      ['md5sums', sum],
    ];
    const [name, text] = ['usr/include/linux/kvm.h', smallSet.common['linux/kvm.h'] ?? ''];
    await expect(debTree(fileOf(await debOf({ data, control: control(md5Line(name, text)) })))).resolves.toBeDefined();
    expect(await refusalOf(await debOf({ data, control: control(md5Line(name, `${text} `)) }))).toBe(
      `x.deb: ${name}: does not match the package's md5sums; download it again`,
    );
    expect(await refusalOf(await debOf({ data, control: control(md5Line('usr/gone.h', text)) }))).toMatch(
      /usr\/gone\.h/,
    );
  });
});

describe('a file that is not a complete package', () => {
  it.each([
    ['empty', ''],
    ['a text', 'hello'],
    ['another archive', gzipSync('hello')],
  ])('the import refuses the file: %s', async (_, bytes) => {
    expect(await refusalOf(bytes)).toBe(
      "x.deb: is not a Debian package, because it does not begin with '!<arch>'; give a .deb or a folder",
    );
  });

  it.each([
    ['without debian-binary', [['data.tar', '']], /has no debian-binary of format 2/],
    ['of another format', [['debian-binary', '3.0\n']], /has no debian-binary of format 2/],
    ['without control.tar', [['debian-binary', '2.0\n']], /it has no control\.tar; download it again/],
    [
      'of unknown compression',
      [
        ['debian-binary', '2.0\n'],
        ['control.tar.lz4', 'x'],
      ],
      /control\.tar\.lz4: unknown compression; expected one of control\.tar, control\.tar\.gz, control\.tar\.xz, control\.tar\.zst/,
    ],
    [
      'of which a tar is none',
      [
        ['debian-binary', '2.0\n'],
        ['control.tar', 'x'.repeat(1024)],
      ],
      /control\.tar: is damaged/,
    ],
  ] as const)('the import refuses an archive %s', async (_, members, message) => {
    expect(await refusalOf(arOf(members))).toMatch(message);
  });

  it('the import refuses an archive without data.tar', async () => {
    const control = gzipSync(await tarOf([['control', '']]));
    expect(
      await refusalOf(
        arOf([
          ['debian-binary', '2.0\n'],
          ['control.tar.gz', control],
        ]),
      ),
    ).toMatch(/has no data\.tar/);
  });

  // Shows: security 12
  it('the import refuses a file that is cut off at any byte', async () => {
    const deb = await debOf({ data });
    expect(deb.length).toBeGreaterThan(800);
    const cuts = [9, 30, 67, 69, 75, 140, 200, deb.length - 400, deb.length - 2];
    for (const cut of cuts) {
      expect(await refusalOf(deb.subarray(0, cut))).toMatch(/incomplete or damaged|debian-binary/);
    }
  });

  it('the import refuses a member without a member header', async () => {
    const deb = await debOf({ data });
    deb.write('xx', 8 + 58, 'latin1');
    expect(await refusalOf(deb)).toBe('x.deb: is incomplete or damaged at byte 8; download it again');
  });

  const inner = (tool: string, change: (packed: Uint8Array) => Uint8Array): Promise<Buffer> => {
    const { suffix, pack } = tool === 'gzip' ? { suffix: '.gz', pack: gzipSync } : packedBy(tool);
    return debOf({ data, compression: { suffix, pack: (tar) => change(pack(tar)) } });
  };
  for (const tool of ['gzip', 'xz', 'zstd']) {
    const there = tool === 'gzip' || has(tool);
    it.skipIf(!there)(
      `the import refuses ${tool} data that ends early${there ? '' : ` (no ${tool} here)`}`,
      async () => {
        for (const part of [0.1, 0.5, 0.9]) {
          const cut = await inner(tool, (packed) => packed.subarray(0, Math.floor(packed.length * part)));
          expect(await refusalOf(cut)).toMatch(/data\.tar\.\w+: is damaged/);
        }
        expect(await refusalOf(await inner(tool, () => Buffer.from('nothing of the kind')))).toMatch(/is damaged/);
      },
    );
  }

  it('the import refuses a tar that ends early', async () => {
    const compression = { suffix: '', pack: (tar: Uint8Array) => tar.subarray(0, 1536) };
    expect(await refusalOf(await debOf({ data, compression }))).toMatch(/data\.tar: is damaged/);
  });

  // Shows: security 12
  it('the import refuses data that becomes too large before it is unpacked', async () => {
    // A zstd frame whose blocks have four bytes for 128 KiB of zeros each.
    const block = [0x02, 0x00, 0x10, 0x00];
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38, ...Array(4096).fill(block).flat()]);
    const compression = { suffix: '.zst', pack: () => frame };
    expect(await refusalOf(await debOf({ data, compression }))).toMatch(
      /data\.tar\.zst: .*the unpacked data is larger than 256 MiB/,
    );
  });

  it('the import refuses a missing file', async () => {
    await expect(importSet('/no/such.deb', { cache: temporaryFolder() })).rejects.toThrow(
      new HeaderSetError('/no/such.deb: cannot be read (ENOENT); check the spelling'),
    );
  });

  it('the import refuses a package without headers', async () => {
    expect(await refusalOf(await debOf({ data: [['./usr/bin/true', '']] }))).toMatch(
      /^x\.deb: contains no headers in a known form/,
    );
  });
});

describe('a hostile package', () => {
  it.each<[string, Entries[number], RegExp]>([
    [
      'goes up',
      ['../evil.h', 'x'],
      /the path of entry \.\.\/evil\.h leads out of the archive; do not use this archive/,
    ],
    ['goes up on its way', ['./usr/include/../../../evil.h', 'x'], /leads out of the archive; do not use this archive/],
    ['is absolute', ['/etc/evil.h', 'x'], /the path of entry \/etc\/evil\.h leads out of the archive/],
    [
      'links up',
      ['./usr/include/linux/x.h', { link: '../../../../etc/passwd' }],
      /usr\/include\/linux\/x\.h: is a link that leads out of the archive/,
    ],
    [
      'links to the root',
      ['./usr/include/linux/x.h', { link: '/etc/passwd' }],
      /is a link that leads out of the archive/,
    ],
    ['links far from headers', ['./usr/share/x', { link: '../../..' }], /usr\/share\/x: is a link that leads out/],
    ['links to itself', ['./usr/include/linux/x.h', { link: 'x.h' }], /the links form a cycle/],
    ['links nowhere', ['./usr/include/linux/x.h', { link: 'y.h' }], /is a broken link/],
    [
      'is a pipe',
      ['./usr/include/linux/x.h', { device: true }],
      /is not a file, folder or symbolic link \(type fifo\)/,
    ],
    [
      'is a hard link',
      ['./usr/include/linux/x.h', { hardLink: '../../etc/passwd' }],
      /is not a file, folder or symbolic link \(type link\)/,
    ],
  ])('the import refuses a package in which an entry %s', async (_, entry, message) => {
    expect(await refusalOf(await debOf({ data: [...data, entry] }))).toMatch(message);
  });

  // Shows: security 12
  it('the import refuses a link that leads out of the archive through another link', async () => {
    // Each link alone stays in the archive. Through the folder of the first link, the second link leads out.
    const links: Entries = [
      ['./usr/include/linux/deep', { link: '../../..' }],
      ['./usr/include/linux/deep/a/x.h', { link: '../../../../../x.h' }],
    ];
    expect(await refusalOf(await debOf({ data: [...data, ...links] }))).toMatch(
      /cycle|contains itself|leads out|broken link/,
    );
  });

  // Shows: security 12
  it('the import writes nothing outside of the set, even for unusual names', async () => {
    const cache = temporaryFolder();
    const odd: Entries = [
      ['./usr/include/linux/...h', 'x'],
      ['./usr/include/linux/a b\n.h', 'y'],
    ];
    await importSet(fileOf(await debOf({ data: [...data, ...odd] })), { cache, name: 'odd' });
    expect(Object.keys(contentsOf(cache)).every((path) => path.startsWith('odd/'))).toBe(true);
    expect(contentsOf(cache)['odd/usr/include/linux/...h']).toBe('x');
  });

  it.each(['../x', '.x', 'a/b', '', '..'])(
    'the version and the name of a set cannot choose another folder: %j',
    async (name) => {
      const cache = temporaryFolder();
      const deb = fileOf(await debOf({ data }));
      await expect(importSet(deb, { cache, name })).rejects.toThrow(/is not a valid name for a header set/);
      const control: Entries = [['control', `Package: ${name}\nVersion: /../../../x\nArchitecture: all\n`]];
      if (name !== '')
        expect(await refusalOf(await debOf({ data, control }))).toMatch(/is not a valid name for a header set/);
    },
  );
});
