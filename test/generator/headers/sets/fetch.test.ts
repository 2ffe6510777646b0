/** Which packages `headers fetch` downloads, and its errors. A program in place of apt answers; apt itself runs in the project `package`. */

import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchHeaders, fetchSets } from '../../../../generator/cli/headers-fetch.js';
import { HeaderFetchError, HeaderSetError, UsageError } from '../../../../generator/errors.js';
import { aptError } from '../../../../generator/headers/sets/apt.js';
import type { CatalogueEntry } from '../../../../generator/headers/sets/catalogue.js';
import { wantedBy } from '../../../../generator/headers/sets/fetch.js';
import { nearestSuite, suiteOf } from '../../../../generator/headers/sets/suites.js';
import { temporaryFolder } from '../../../helpers/cli.js';
import { debOf, smallSetIn } from '../../../helpers/packages.js';

const entry = (name: string, kernel: string, architecture: string, wanted = 'linux-libc-dev'): CatalogueEntry => {
  return { name, kernel, package: wanted, version: `${kernel}-1`, architecture, sha256: {} };
};

const entries = [
  entry('old-amd64', '5.10.2', 'amd64'),
  entry('old-s390x-cross', '5.12.1', 'all', 'linux-libc-dev-s390x-cross'),
  entry('middle', '6.12.9', 'all'),
  entry('newest', '7.3.4', 'all'),
];

describe('the suite of a kernel version', () => {
  it.each([
    ['6.12', 'middle'],
    ['6.12.107', 'middle'],
    // A package for cross compilers is not of a suite alone, and 6.12 has everything of 5.12.
    ['5.12', 'middle'],
    ['5.4', 'old'],
    ['7.0', 'newest'],
    ['9.1', 'newest'],
  ])('the nearest suite of %s is %s', (kernel, suite) => {
    expect(nearestSuite(kernel, entries).suite).toBe(suite);
  });

  it('the name of a record without its port is the suite', () => {
    expect(suiteOf({ name: 'bookworm-security-amd64', architecture: 'amd64' })).toBe('bookworm');
    expect(suiteOf({ name: 'trixie-backports', architecture: 'all' })).toBe('trixie-backports');
  });

  it('a version that no suite has gives a note', () => {
    expect(wantedBy('6.1')).toEqual({ suites: ['bookworm'], notes: [] });
    expect(wantedBy('6.5').notes).toEqual([
      expect.stringMatching(/^no known suite has Linux 6\.5; the nearest is trixie with Linux 6\.12\./),
    ]);
  });

  it('a suite is taken as it is, and the newest headers can be in two suites', () => {
    expect(wantedBy('bookworm-backports')).toEqual({ suites: ['bookworm-backports'], notes: [] });
    expect(wantedBy('newest')).toEqual({ suites: ['sid', 'trixie-backports'], notes: [] });
  });

  it.each(['Trixie', '6', '6.1.2.3', '', 'a b', '--help'])('the text %j is refused', (text) => {
    expect(() => wantedBy(text)).toThrow(HeaderSetError);
    expect(() => wantedBy(text)).toThrow(
      /is not a suite of Debian and not a kernel version; write a suite such as bullseye/,
    );
  });
});

describe('errors of apt', () => {
  it.each([
    [
      "E: The repository 'http://x/debian nosuch Release' does not have a Release file.",
      'unknown suite',
      /has no suite 'nosuch'/,
    ],
    [
      "E: Failed to fetch http://x/debian/dists/trixie/InRelease  Could not resolve 'x'",
      'network',
      /Could not resolve 'x'; check the network/,
    ],
    [
      'E: Failed to fetch http://x/InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1).',
      'network',
      /Could not connect/,
    ],
    ['E: Write error - write (28: No space left on device)', 'no space', /free some space, or use --cache/],
    ["E: You don't have enough free space in /x/archives/.", 'no space', /nothing was imported/],
    ['E: Unable to locate package linux-libc-dev', 'no package', /choose another suite/],
  ])('the message %j has its reason', (stderr, reason, message) => {
    const error = aptError('apt-get update', stderr);
    expect(error).toBeInstanceOf(HeaderFetchError);
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(message);
  });
});

const path = process.env['PATH'];

afterEach(() => {
  process.env['PATH'] = path;
});

/** Puts programs in place of apt. They offer packages, by name and port, with their architectures. */
async function replaceApt(offered: Readonly<Record<string, string>>, update = 'exit 0'): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'small.deb'), await debOf({ data: smallSetIn['all architectures'] }));
  const shows = Object.entries(offered).map(([name, port]) => `*" ${name}") echo "Architecture: ${port}";;`);
  const scripts = {
    'apt-get': `#!/bin/sh
echo "$*" >> ${folder}/calls
case "$*" in
indextargets*) echo "http://mirror.example/debian/ ";;
*update) cat $APT_CONFIG > ${folder}/config; cat "\${APT_CONFIG%/*}/sources.list" >> ${folder}/config; ${update};;
*download*) cp ${folder}/small.deb .;;
esac
`,
    'apt-cache': `#!/bin/sh
case " $*" in
${shows.join('\n')}
*) echo "E: No packages found" >&2; exit 100;;
esac
`,
  };
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  process.env['PATH'] = `${folder}:${path}`;
  return folder;
}

const callsIn = (folder: string): string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

describe('headers fetch', () => {
  it('a package for all architectures is downloaded once, and imported as a set', async () => {
    const folder = await replaceApt({ 'linux-libc-dev:amd64': 'all' });
    const cache = join(temporaryFolder(), 'sets');
    const { sets } = await fetchSets('trixie', { cache, arch: ['x86_64', 's390x'] });
    expect(sets.map(({ name, isNew }) => [name, isNew])).toEqual([['linux-libc-dev_6.9.3-1_amd64', true]]);
    expect(callsIn(folder).filter((call) => call.includes('download'))).toEqual(['-qq download linux-libc-dev:amd64']);
    expect(readdirSync(cache)).toEqual(['linux-libc-dev_6.9.3-1_amd64']);
  });

  it('before that, each architecture has the package of its port or one for cross compilers', async () => {
    const folder = await replaceApt({
      'linux-libc-dev:amd64': 'amd64',
      'linux-libc-dev:arm64': 'arm64',
      'linux-libc-dev-riscv64-cross:amd64': 'all',
    });
    const cache = temporaryFolder();
    await fetchSets('bookworm', { cache, arch: ['x86_64', 'i386', 'arm64', 'riscv64'] });
    expect(callsIn(folder).filter((call) => call.includes('download'))).toEqual([
      '-qq download linux-libc-dev:amd64',
      '-qq download linux-libc-dev:arm64',
      '-qq download linux-libc-dev-riscv64-cross:amd64',
    ]);
  });

  it('the report has the note about another version, and how to use the set', async () => {
    await replaceApt({ 'linux-libc-dev:amd64': 'all' });
    expect(await fetchHeaders('6.5', { cache: temporaryFolder(), name: 'mine' })).toMatch(
      /^note: no known suite has Linux 6\.5; the nearest is trixie .*\nmine: Linux 6\.9\.3, .*\n {2}imported; use it with --from .*\/mine$/s,
    );
  });

  it('an architecture without a package is an error, and nothing is imported', async () => {
    await replaceApt({ 'linux-libc-dev:amd64': 'amd64' });
    const cache = temporaryFolder();
    await expect(fetchSets('bookworm', { cache, arch: ['x86_64', 'loongarch64'] })).rejects.toMatchObject({
      name: 'HeaderFetchError',
      reason: 'no package',
      message: expect.stringMatching(/^bookworm: no package has headers for loongarch64, .*; choose a newer suite/),
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('a failed update is an error with its reason, and no folder is left', async () => {
    await replaceApt({}, "echo 'E: Write error - write (28: No space left on device)' >&2; exit 100");
    const cache = temporaryFolder();
    await expect(fetchSets('trixie', { cache })).rejects.toMatchObject({ reason: 'no space' });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('a system without apt is an error that says how to get the headers by hand', async () => {
    process.env['PATH'] = temporaryFolder();
    const fetched = fetchSets('trixie', { cache: temporaryFolder() });
    await expect(fetched).rejects.toMatchObject({ reason: 'no apt' });
    await expect(fetched).rejects.toThrow(/apt-get not found.*give the \.deb to 'headers import'$/);
  });

  it('one name for several packages, and an unknown architecture, are wrong uses', async () => {
    const several = fetchSets('trixie', { name: 'x', arch: ['x86_64', 's390x'] });
    await expect(several).rejects.toThrow(UsageError);
    await expect(fetchSets('trixie', { arch: ['vax'] })).rejects.toThrow(/unknown architecture 'vax'/);
  });
});
