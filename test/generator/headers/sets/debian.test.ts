/** Debian's real packages: an import has the package's contents and identifies the package. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHeaders } from '../../../../generator/cli/header-options.js';
import { importSet } from '../../../../generator/cli/headers.js';
import { catalogue } from '../../../../generator/headers/sets/catalogue.js';
import { recordFile } from '../../../../generator/headers/sets/description.js';
import { placesIn } from '../../../../generator/headers/sets/forms.js';
import { recordIn } from '../../../../generator/headers/sets/store.js';
import { folderTree } from '../../../../generator/headers/sets/tree.js';
import { kernelFolders } from '../../../../generator/kernel/header-packages.js';
import { modelFromJson, modelToJson } from '../../../../generator/model/json.js';
import { architectures, targetsOf } from '../../../../generator/targets/architectures.js';
import { verify } from '../../../../generator/verify/verify.js';
import { hasCompiler, needsCompiler } from '../../../../tools/lib/gcc.js';
import { type HeaderSetName, headerSet, headerSetNames, whyMissing } from '../../../../tools/lib/header-sets.js';
import { contentsOf, projectRoot, temporaryFolder } from '../../../helpers/cli.js';

const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;

const forms: Readonly<Record<HeaderSetName, string>> = {
  'bullseye-amd64': 'multiarch',
  'bullseye-arm64': 'multiarch',
  'bookworm-amd64': 'multiarch',
  'bookworm-arm64': 'multiarch',
  'bookworm-s390x': 'multiarch',
  trixie: 'all architectures',
  'trixie-s390x-cross': 'cross',
  newest: 'all architectures',
};

/** Returns the package's files, unpacked by Debian's own tool. */
function unpacked(deb: string): string {
  const folder = temporaryFolder();
  const { status, stderr } = spawnSync('dpkg-deb', ['-x', deb, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return folder;
}

/** Returns the hash of a set, computed with sha256sum and sort. */
function hashBy(folder: string, common: string, asm: string): string {
  const script = [
    `{ (cd "${join(folder, common)}" && find ${kernelFolders.join(' ')} -name '*.h' -print0 2>/dev/null | xargs -0 sha256sum);`,
    `(cd "${join(folder, asm)}" && find asm/ -name '*.h' -print0 | xargs -0 sha256sum); } | LC_ALL=C sort -k 2 | sha256sum`,
  ].join(' ');
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  return stdout.slice(0, 64);
}

describe.each(headerSetNames)('%s', (name) => {
  const missing = whyMissing(name);
  const title = missing === undefined ? '' : ` (${missing})`;

  it.skipIf(missing !== undefined)(
    `the set has the kernel version and the architectures of its package${title}`,
    async () => {
      const { version, kernel, architectures: has } = await headerSet(name);
      expect(version.startsWith(`${kernel}-`)).toBe(true);
      const all = targetsOf(architectures.map(({ kernel }) => kernel));
      const port = name.split('-')[1];
      const expected = architectures.find(({ ports }) => port !== undefined && ports.includes(port))?.targets;
      expect(has).toEqual(expected ?? all);
      expect(has.length).toBeGreaterThan(0);
    },
  );

  const noDpkg = hasDpkg ? title : ' (no dpkg-deb here to compare with)';
  it.skipIf(missing !== undefined || !hasDpkg)(
    `the imported set equals the files that dpkg-deb unpacks, and the unpacked files are identified by their hash${noDpkg}`,
    async () => {
      const { deb, root } = await headerSet(name);
      const folder = unpacked(deb);
      const [place, ...others] = placesIn(folderTree(folder));
      expect(others).toEqual([]);
      expect(place?.form).toBe(forms[name]);
      const set = recordIn(root);
      const hashes = [...(place?.asm ?? [])].map(
        ([kernel, asm]) => [kernel, hashBy(folder, place?.common ?? '', asm)] as const,
      );
      const recorded = Object.entries(set?.architectures ?? {}).map(([kernel, { sha256 }]) => [kernel, sha256]);
      expect(Object.fromEntries(recorded)).toEqual(Object.fromEntries(hashes));
      for (const [kernel, hash] of hashes) {
        expect(hashBy(root, 'usr/include', `usr/lib/linux/uapi/${kernel}`)).toBe(hash);
      }
      // Without its control file, the package can only be identified if the catalogue has this version.
      const isRecorded = catalogue().some(({ sha256 }) => Object.values(sha256).includes(hashes[0]?.[1] ?? ''));
      const cache = temporaryFolder();
      const again = await importSet(folder, { cache, name: 'again' });
      if (!isRecorded) return;
      expect(again.set).toEqual(set);
      // The version that imported the record determines the order of its architectures.
      const headersIn = (set: string): unknown => ({ ...contentsOf(set), [recordFile]: undefined });
      expect(headersIn(join(cache, 'again'))).toEqual(headersIn(root));
    },
  );

  it.skipIf(missing !== undefined)(`the import leaves out no folder of headers${title}`, async () => {
    const { leftOut } = await headerSet(name);
    // Architectures of the kernel without a target.
    const others = ['alpha', 'arc', 'm68k', 'parisc', 'sh', 'sparc'];
    expect(leftOut.filter((each) => !others.includes(each))).toEqual([]);
  });

  it.skipIf(missing !== undefined)(`each architecture of the set has only its own mark${title}`, async () => {
    const { root } = await headerSet(name);
    const folder = join(root, 'usr/lib/linux/uapi');
    const kernels = readdirSync(folder);
    expect(kernels.length).toBeGreaterThan(0);
    for (const kernel of kernels) {
      const { stdout } = spawnSync('cat', [join(folder, kernel, 'asm/ptrace.h')], { encoding: 'utf8' });
      const marked = architectures.filter(({ ptraceMark }) => new RegExp(`\\b${ptraceMark}\\b`).test(stdout));
      expect(marked.map((each) => each.kernel)).toEqual([kernel]);
    }
  });

  it('the catalogue has the set with the hashes of that version', async (context) => {
    const entry = catalogue().find((each) => each.name === name);
    expect(entry).toBeDefined();
    if (missing !== undefined) return context.skip(missing);
    const { root, version } = await headerSet(name);
    if (version !== entry?.version) return context.skip(`the mirror offers ${version} now, not ${entry?.version}`);
    const parts = Object.entries(recordIn(root)?.architectures ?? {});
    expect(Object.fromEntries(parts.map(([kernel, { sha256 }]) => [kernel, sha256]))).toEqual(entry.sha256);
    const { package: wanted, architecture, kernel } = entry;
    expect(recordIn(root)?.kernel).toBe(kernel);
    expect(parts.map(([, { origin }]) => origin)).toEqual(
      parts.map(() => ({ kind: 'package', name: wanted, version, architecture })),
    );
  });

  const noCompiler = hasCompiler ? title : ` ${needsCompiler}`;
  const isForX86 = !/arm64|s390x/.test(name);
  if (isForX86)
    it.skipIf(missing !== undefined || !hasCompiler)(
      `the compiler agrees with the model of kvm.h for x86_64${noCompiler}`,
      async () => {
        const { root, kernel } = await headerSet(name);
        const headers = openHeaders({ header: [], arch: 'x86_64', include: [], from: root });
        const model = headers.model('linux/kvm.h');
        expect(model.kernel).toBe(kernel);
        expect(modelToJson(model)).not.toContain(root);
        const { held, total } = await verify(model, { cc: 'cc', includeDirs: headers.includeDirs });
        expect(held).toBe(total);
        expect(total).toBeGreaterThan(4000);
      },
    );
});

describe('the catalogue', () => {
  const entries = catalogue();

  it('the catalogue contains only facts, and each set once', () => {
    expect(entries.length).toBeGreaterThan(headerSetNames.length);
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    for (const entry of entries) {
      // Packages for cross compilers are built from any kernel of a series, and named after the first.
      const kernel = entry.package.endsWith('-cross') ? entry.kernel.split('.').slice(0, 2).join('.') : entry.kernel;
      expect(entry.version).toMatch(new RegExp(`^${kernel.replaceAll('.', '\\.')}[.-]`));
      const kernels = Object.keys(entry.sha256);
      expect(kernels.length).toBeGreaterThan(0);
      for (const kernel of kernels) expect(architectures.map((each) => each.kernel)).toContain(kernel);
      for (const hash of Object.values(entry.sha256)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('the catalogue has the four versions that the bindings are compared with, and the version of the committed bindings', () => {
    const series = entries.map(({ kernel }) => kernel.split('.').slice(0, 2).join('.'));
    expect(series).toEqual(expect.arrayContaining(['5.10', '6.1', '6.12', '7.3']));
    const folder = join(projectRoot, 'generated');
    const models = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.model.json'),
    );
    expect(models.length).toBeGreaterThan(0);
    const recorded = entries.map(({ package: name, version, architecture, kernel }) => {
      return { kernel, origins: [{ kind: 'package', name, version, architecture }] };
    });
    const own: string[] = [];
    for (const path of models) {
      const { header, origins, kernel } = modelFromJson(readFileSync(join(folder, path), 'utf8'), path);
      const packages = origins.filter(({ kind }) => kind === 'package');
      if (packages.length < origins.length) {
        // A header of this repository, which reads those of the package.
        own.push(header);
        expect(recorded.map((each) => each.origins)).toContainEqual(packages);
      } else {
        expect(recorded).toContainEqual({ kernel, origins });
      }
    }
    expect(own).toEqual(['xen/hvm/start_info.h']);
  });
});
