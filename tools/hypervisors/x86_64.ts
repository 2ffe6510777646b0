/** x86-64 with kvm_amd: Debian's kernel for clouds in a machine whose processor has SVM. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';
import { run } from '../lib/programs.js';
import { debianFiles, dependencyFiles, requireProgram } from './downloads.js';
import { firstProcess, hostLibraries, hostPrograms, kernelIn } from './guest-files.js';
import type { Hypervisor } from './hypervisor.js';
import { type Entry, entriesBelow } from './initramfs.js';
import { productEntries, productFolder } from './product.js';

const suites = ['bookworm'];
const port = 'amd64';

/** The modules of KVM, in the order of their dependencies. */
const modules = ['irqbypass', 'kvm', 'kvm-amd'];

/** Test files that run elsewhere, each with its reason. */
const excluded: Readonly<Record<string, string>> = {
  'test/protocol/model': 'needs the model checker Spin',
  'test/protocol/thread-sanitizer': 'needs a compiler',
  'test/runtime/bundle': 'bundles the package, without KVM',
  'test/runtime/docstrings': 'needs no KVM',
  'test/runtime/examples': 'runs the examples of an installed package',
  'test/runtime/page-size': 'needs a compiler',
  'test/runtime/recorded-ioctls': 'needs a compiler',
  'test/runtime/security/native-fuzz': 'needs the sources',
  'test/runtime/xcomp-permission': 'needs Perl',
};

export const x86_64: Hypervisor = {
  name: 'x86_64',
  title: 'x86-64 with kvm_amd',
  lacking: () => {
    if (process.arch !== 'x64') return `this machine is ${process.arch}; the tests use its Node, so it must be x64`;
    return undefined;
  },
  prepare: (scratch, { patterns }) => {
    requireProgram('qemu-system-x86_64', 'qemu-system-x86');
    run('make', ['-s', '-C', join(packageRoot(), 'runtime/native'), 'product', 'hooks', 'trace']);
    const kernel = dependencyFiles({ suites, port, package: 'linux-image-cloud-amd64' }, /^linux-image-\d/);
    const busybox = join(debianFiles({ suites, port, package: 'busybox-static' }), 'bin/busybox');
    const programs = [...hostPrograms([process.execPath, '/usr/bin/env']), ...productEntries(scratch)];
    const entries: [string, Entry][] = [
      ...programs,
      ...hostLibraries(programs),
      ...moduleEntries(kernel),
      // All that make would build is in the archive.
      ['bin/make', { text: '#!/bin/sh\n', executable: true }],
      ...firstProcess(busybox, {
        modules,
        environment: {
          KVM_UAPI_WATCHDOG_MS: '300000',
          KVM_UAPI_EXCLUDED: Object.keys(excluded)
            .map((name) => `${name}.test.js`)
            .join(' '),
        },
        command: vitest(patterns),
        folder: productFolder,
      }),
    ];
    return {
      entries: new Map(entries),
      machine: {
        program: 'qemu-system-x86_64',
        hardware: ['-machine', 'q35', '-cpu', 'max,+svm'],
        // With a thread for each processor, the emulated SVM locks up at times.
        threads: 'single',
        memoryMiB: 4096,
        kernel: kernelIn(kernel),
        console: 'ttyS0',
        // Two processors of a type that Linux does not trust otherwise have one time. kvm_amd then changes TSC offsets itself.
        options: ['tsc=reliable'],
      },
    };
  },
};

function vitest(patterns: readonly string[]): string {
  const config = 'tools/hypervisors/vitest-config.js';
  return `node node_modules/vitest/vitest.mjs run --config ${config} --root /${productFolder} ${patterns.join(' ')}`;
}

function moduleEntries(folder: string): [string, Entry][] {
  const wanted = new Set(modules.map((name) => `${name}.ko`));
  const found = [join(folder, 'lib/modules'), join(folder, 'usr/lib/modules')].filter(existsSync);
  return found.flatMap((each) =>
    entriesBelow(each, '', (path) => wanted.has(path.slice(path.lastIndexOf('/') + 1))).map(
      ([path, entry]): [string, Entry] => [join('modules', path.slice(path.lastIndexOf('/') + 1)), entry],
    ),
  );
}
