/** riscv64: Debian's kernel, whose KVM is a module, and Debian's Node, in a machine whose processor has the extension H. */

import { join } from 'node:path';
import { packageRoot } from '../../runtime/addon.js';
import { run } from '../lib/programs.js';
import { debianFiles, dependencyFiles, downloadDebian, requireProgram } from './downloads.js';
import { firstProcess, kernelIn } from './guest-files.js';
import type { Hypervisor } from './hypervisor.js';
import { type Entry, entriesBelow } from './initramfs.js';
import { productFolder, programEntries } from './product.js';

const suites = ['trixie'];
const port = 'riscv64';
const compiler = 'riscv64-linux-gnu-g++';

/** The packages with the libraries that Node and the addon need. npm has no Node for this processor. */
const libraries = [
  ...[
    'libnode115',
    'libbrotli1',
    'libcares2',
    'libicu76',
    'libnghttp2-14',
    'libssl3t64',
    'libuv1t64',
    'zlib1g',
    'libzstd1',
  ],
  ...['libstdc++6', 'libgcc-s1', 'libatomic1', 'libc6'],
];
/** The packages with modules that Debian's Node reads from files instead of its program. */
const modules = ['node-acorn', 'node-cjs-module-lexer', 'node-minimatch', 'node-undici'];

export const riscv64: Hypervisor = {
  name: 'riscv64',
  title: 'riscv64 with Linux 6.12',
  lacking: () => undefined,
  prepare: (scratch, { kicks }) => {
    requireProgram('qemu-system-riscv64', 'qemu-system-misc');
    requireProgram(compiler, 'g++-riscv64-linux-gnu');
    const out = join(packageRoot(), 'node_modules/.cache/kvm-uapi/riscv64');
    const native = join(packageRoot(), 'runtime/native');
    run('make', ['-s', '-C', native, `CXX=${compiler}`, `OUT=${out}`, 'product', 'hooks']);
    const names = ['linux-image-riscv64', 'busybox-static', 'nodejs', ...libraries, ...modules];
    downloadDebian(names.map((name) => ({ suites, port, package: name })));
    const files = (name: string): string => debianFiles({ suites, port, package: name });
    const image = dependencyFiles({ suites, port, package: 'linux-image-riscv64' }, /^linux-image-\d/);
    const entries: [string, Entry][] = [
      ['bin/node', { from: join(files('nodejs'), 'usr/bin/node') }],
      ...libraries.flatMap((name) =>
        entriesBelow(join(files(name), `usr/lib/${port}-linux-gnu`), 'lib', (path) => /^[^/]*\.so\.\d+$/.test(path)),
      ),
      ...modules.flatMap((name) =>
        entriesBelow(join(files(name), 'usr/share/nodejs'), 'usr/share/nodejs', (path) => path.endsWith('.js')),
      ),
      // busybox unpacks the module, which is compressed with xz.
      ...entriesBelow(image, '', (path) => path.endsWith('/kvm.ko.xz')).map(([, entry]): [string, Entry] => [
        'modules/kvm.ko',
        entry,
      ]),
      ...programEntries(scratch, out),
      ['bin/make', { text: '#!/bin/sh\n', executable: true }],
      ...firstProcess(join(files('busybox-static'), 'usr/bin/busybox'), {
        modules: ['kvm'],
        environment: { KVM_UAPI_WATCHDOG_MS: '900000' },
        command: `node tools/hypervisors/probe-riscv64.js ${kicks}`,
        folder: productFolder,
      }),
    ];
    return {
      entries: new Map(entries),
      machine: {
        program: 'qemu-system-riscv64',
        hardware: ['-machine', 'virt', '-cpu', 'rv64,h=true,x-ssaia=true'],
        threads: 'multi',
        memoryMiB: 2048,
        kernel: kernelIn(image),
        console: 'ttyS0',
        options: [],
      },
    };
  },
};
