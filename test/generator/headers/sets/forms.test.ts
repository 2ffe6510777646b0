import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHeaders } from '../../../../generator/cli/header-options.js';
import { importSet } from '../../../../generator/cli/headers.js';
import { HeaderSetError } from '../../../../generator/errors.js';
import { contentsOf } from '../../../../generator/headers/sets/contents.js';
import { forms, placesIn } from '../../../../generator/headers/sets/forms.js';
import { folderTree } from '../../../../generator/headers/sets/tree.js';
import { modelToJson } from '../../../../generator/model/json.js';
import { contentsOf as filesBelow, folderOf, temporaryFolder } from '../../../helpers/cli.js';
import { debOf, type Entries, folderWith, smallSet, smallSetIn } from '../../../helpers/packages.js';

const allForms = Object.keys(smallSetIn) as (keyof typeof smallSetIn)[];

/** Returns the only set in a folder, read completely. */
function readSet(folder: string) {
  const tree = folderTree(folder);
  const [place, ...others] = placesIn(tree);
  if (!place || others.length > 0) throw new Error(`${folder}: not one set`);
  return { place, contents: contentsOf(tree, place) };
}

function modelIn(folder: string): string {
  return modelToJson(
    openHeaders({ header: ['linux/kvm.h'], arch: 'x86_64', include: [], from: folder }).model('linux/kvm.h'),
  );
}

async function errorOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof HeaderSetError) return error.message;
    throw error;
  }
  return expect.fail('it is taken for good');
}

describe('a set', () => {
  it('this test has an example of each form', () => {
    expect(allForms.sort()).toEqual(forms.map(({ name }) => name).sort());
  });

  it.each(allForms)('a set in the form %s is recognized by its folders', (form) => {
    const { place, contents } = readSet(folderWith(smallSetIn[form]));
    expect(place.form).toBe(form);
    expect(contents.kernel).toBe('6.9.3');
    expect([...contents.architectures.keys()]).toEqual(['x86']);
    expect([...contents.common.keys()].sort()).toEqual(Object.keys(smallSet.common).sort());
    expect([...(contents.architectures.get('x86')?.asm.keys() ?? [])].sort()).toEqual(Object.keys(smallSet.asm));
  });

  it.each(['', 'include', 'usr/include'])('a set in the plain form is found in <folder>/%s', (at) => {
    const files = { ...smallSet.common, ...smallSet.asm };
    const folder = folderOf(Object.fromEntries(Object.entries(files).map(([name, text]) => [join(at, name), text])));
    expect(readSet(folder).place).toEqual({ form: 'plain', common: at, asm: new Map([['x86', at]]) });
  });

  it.each(allForms)('a set in the form %s has the hash that sha256sum gives', (form) => {
    const folder = folderOf({ ...smallSet.common, ...smallSet.asm });
    const script = 'find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum';
    const { stdout } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
    const { contents } = readSet(folderWith(smallSetIn[form]));
    expect(`${contents.architectures.get('x86')?.sha256}  -\n`).toBe(stdout);
  });

  it('a set gives the same model in every form and location, imported or not, without a path', async () => {
    const folders = allForms.map((form) => folderWith(smallSetIn[form]));
    const cache = temporaryFolder();
    for (const [index, folder] of folders.entries()) await importSet(folder, { cache, name: `s${index}` });
    const [first = '', ...others] = [...folders, ...folders.map((_, index) => join(cache, `s${index}`))].map(modelIn);
    expect(others.length).toBe(7);
    for (const other of others) expect(other).toBe(first);
    expect(first).toMatch(/"kernel": "6.9.3"/);
    expect(first).toMatch(/immediate_exit/);
    for (const folder of [...folders, cache]) expect(first).not.toContain(folder);
  });

  it('a set of several architectures has all of them and can be read for each', () => {
    const arm = Object.entries({ 'asm/ptrace.h': 'PSR_MODE_EL0t', 'asm/kvm.h': 'struct regs { long x; };\n' });
    const files: Entries = [
      ...smallSetIn.multiarch,
      ...arm.map(([name, text]) => [`usr/include/aarch64-linux-gnu/${name}`, text] as const),
      // Folders of another package, without asm.
      ['usr/include/riscv64-linux-gnu/sys/io.h', ''],
      ['usr/include/no-such-triplet/asm/kvm.h', ''],
    ];
    const { contents } = readSet(folderWith(files));
    expect([...contents.architectures.keys()].sort()).toEqual(['arm64', 'x86']);
    const [one, other] = [...contents.architectures.values()].map(({ sha256 }) => sha256);
    expect(one).not.toBe(other);
  });

  it('a set has a different hash if one byte differs', () => {
    const changed = smallSetIn.plain.map(
      ([path, entry]) => [path, path.endsWith('xt_mark.h') ? `${entry} ` : entry] as const,
    );
    const hashes = [smallSetIn.plain, changed].map((files) =>
      readSet(folderWith(files)).contents.architectures.get('x86'),
    );
    expect(hashes[0]?.sha256).not.toBe(hashes[1]?.sha256);
  });

  it('a set has its kernel version, even with a sublevel above 255', () => {
    const version = '#define LINUX_VERSION_CODE 330751\n#define LINUX_VERSION_SUBLEVEL 260\n';
    const files = { ...smallSet.common, ...smallSet.asm, 'linux/version.h': version };
    expect(readSet(folderOf(files)).contents.kernel).toBe('5.11.260');
  });
});

describe('the package of a set', () => {
  const status = [
    'Package: linux-libc-dev\nStatus: install ok installed\nArchitecture: i386\nVersion: 1.0\n',
    'Package: linux-libc-dev\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.9.3-1\n',
  ].join('\n');
  const list = smallSetIn.multiarch.map(([path]) => path.slice(1)).join('\n');
  const system: Entries = [
    ...smallSetIn.multiarch,
    ['var/lib/dpkg/status', status],
    ['var/lib/dpkg/info/linux-libc-dev:amd64.list', `${list}\n`],
    // The C library has headers in the kernel's folders.
    ['usr/include/scsi/scsi.h', 'int scsi;\n'],
  ];

  it('the package comes from dpkg in a system root, with the headers of the package', () => {
    const { contents } = readSet(folderWith(system));
    const origin = { kind: 'package', name: 'linux-libc-dev', version: '6.9.3-1', architecture: 'amd64' };
    expect(contents.architectures.get('x86')?.origin).toEqual(origin);
    expect(contents.common.has('scsi/scsi.h')).toBe(false);
    const unpacked = readSet(folderWith(smallSetIn.multiarch)).contents;
    expect(contents.architectures.get('x86')?.sha256).toBe(unpacked.architectures.get('x86')?.sha256);
  });

  it('the package is absent if dpkg has no record of the headers', () => {
    const { contents } = readSet(folderWith(system.filter(([path]) => !path.endsWith('.list'))));
    expect(contents.architectures.get('x86')?.origin).toEqual({ kind: 'tree' });
    expect(contents.common.has('scsi/scsi.h')).toBe(true);
  });

  it('the package comes from the control file, in a .deb and in an unpacked one', async () => {
    const control = 'Package: linux-libc-dev\nVersion: 6.9.3-1\nArchitecture: amd64\nDescription: for a test\n';
    const raw = folderWith([...smallSetIn.multiarch, ['DEBIAN/control', control]]);
    const deb = join(temporaryFolder(), 'x.deb');
    writeFileSync(deb, await debOf({ data: smallSetIn.multiarch }));
    const cache = temporaryFolder();
    const imported = await importSet(deb, { cache });
    expect(imported.name).toBe('linux-libc-dev_6.9.3-1_amd64');
    const origin = { kind: 'package', name: 'linux-libc-dev', version: '6.9.3-1', architecture: 'amd64' };
    const { x86 } = imported.set.architectures;
    expect(x86?.origin).toEqual(origin);
    expect(modelIn(raw)).toBe(modelIn(join(cache, imported.name)));
    expect((await importSet(raw, { cache })).isNew).toBe(false);
  });

  it('the package is absent if a header comes from an --include folder', () => {
    const set = folderWith([
      ...smallSetIn.multiarch,
      ['DEBIAN/control', 'Package: p\nVersion: 1\nArchitecture: all\n'],
    ]);
    const include = folderOf({ 'linux/kvm.h': '#include <asm/kvm.h>\n' });
    const headers = openHeaders({ header: [], arch: 'x86_64', include: [include], from: set });
    const { origins, sources, kernel } = headers.model('linux/kvm.h');
    const originOf = (name: string) => origins[sources.find((source) => source.name === name)?.origin ?? -1];
    expect(originOf('linux/kvm.h')).toEqual({ kind: 'tree' });
    expect(originOf('asm/kvm.h')).toEqual({ kind: 'package', name: 'p', version: '1', architecture: 'all' });
    expect(kernel).toBeNull();
  });
});

describe('an import from a folder', () => {
  it('the import takes only headers in folders that headers_install makes', async () => {
    const folder = folderWith([
      ...smallSetIn.plain,
      ['include/stdio.h', ''],
      ['include/node/node.h', ''],
      ['include/linux/.install', ''],
      ['include/linux/..install.cmd', ''],
    ]);
    const cache = temporaryFolder();
    await importSet(folder, { cache, name: 'a' });
    const names = Object.keys(filesBelow(join(cache, 'a'))).filter((name) => name !== 'set.json');
    const expected = [
      ...Object.keys(smallSet.common).map((name) => `usr/include/${name}`),
      ...Object.keys(smallSet.asm).map((name) => `usr/lib/linux/uapi/x86/${name}`),
    ];
    expect(names.sort()).toEqual(expected.sort());
  });

  it("the import prefers the tree's own set, and does not choose between sets of cross compilers", async () => {
    const s390: Entries = [
      ['usr/s390x-linux-gnu/include/linux/version.h', '#define LINUX_VERSION_CODE 395523\n'],
      ['usr/s390x-linux-gnu/include/asm/ptrace.h', '#define NUM_ACRS 16\n'],
    ];
    const cache = temporaryFolder();
    const own = await importSet(folderWith([...smallSetIn.multiarch, ...s390]), { cache, name: 'own' });
    expect(Object.keys(own.set.architectures)).toEqual(['x86']);
    const both = folderWith([...smallSetIn.cross, ...s390]);
    expect(await errorOf(() => importSet(both, { cache, name: 'both' }))).toBe(
      `${both}: contains several header sets: usr/s390x-linux-gnu/include, usr/x86_64-linux-gnu/include; name the folder of one set`,
    );
    const one = await importSet(join(both, 'usr/s390x-linux-gnu'), { cache, name: 'one' });
    expect(Object.keys(one.set.architectures)).toEqual(['s390']);
  });

  it('the import reports what it leaves out of a package', async () => {
    const deb = join(temporaryFolder(), 'x.deb');
    const more: Entries = [
      ['./usr/include/quantum/q.h', ''],
      ['./usr/lib/linux/uapi/alpha/asm/ptrace.h', ''],
    ];
    writeFileSync(deb, await debOf({ data: [...smallSetIn['all architectures'], ...more] }));
    expect((await importSet(deb, { cache: temporaryFolder() })).leftOut).toEqual(['quantum/', 'alpha']);
  });
});

describe('a folder that is not a header set', () => {
  const without = (form: keyof typeof smallSetIn, name: string): Entries =>
    smallSetIn[form].filter(([path]) => !path.endsWith(name));
  const wrong: readonly (readonly [string, Entries, RegExp])[] = [
    ['is empty', [], /contains no headers in a known form/],
    ['has no linux/version.h', without('multiarch', 'linux/version.h'), /contains no headers in a known form/],
    ['has no asm', without('plain', 'ptrace.h'), /contains no headers in a known form/],
    [
      'is a kernel whose headers are not made',
      [
        ['include/uapi/linux/kvm.h', ''],
        ['arch/x86/include/uapi/asm/ptrace.h', 'orig_eax'],
      ],
      /'make headers_install'/,
    ],
    [
      'states no version',
      [...without('plain', 'linux/version.h'), ['include/linux/version.h', '\n']],
      /include\/linux\/version\.h: does not define LINUX_VERSION_CODE; choose headers with a kernel version/,
    ],
    [
      'has a link that leads out',
      [...smallSetIn.plain, ['include/linux/passwd.h', { link: '/etc/passwd' }]],
      /passwd\.h: is a link that leads out of .*; the link was not followed/,
    ],
    [
      'has a folder that leads out',
      [...smallSetIn.plain, ['include/sound', { link: '../..' }]],
      /include\/sound: is a link that leads out of/,
    ],
    [
      'has a link to itself',
      [...smallSetIn.plain, ['include/linux/x.h', { link: 'x.h' }]],
      /linux\/x\.h: cannot be read \(ELOOP\); its links form a cycle/,
    ],
    [
      'has links that go in a circle',
      [...smallSetIn.plain, ['include/linux/a', { link: '.' }], ['include/linux/b', { link: '../linux' }]],
      /the folder contains itself through a link/,
    ],
    [
      'has a link that leads nowhere',
      [...smallSetIn.plain, ['include/linux/gone.h', { link: 'not-there.h' }]],
      /gone\.h: is a broken link/,
    ],
  ];

  it.each(wrong)('an import and --from refuse a folder that %s', async (_, files, message) => {
    const folder = folderWith(files);
    const cache = temporaryFolder();
    expect(await errorOf(() => importSet(folder, { cache, name: 'x' }))).toMatch(message);
    expect(await errorOf(() => modelIn(folder))).toMatch(message);
    expect(filesBelow(cache)).toEqual({});
  });
});
