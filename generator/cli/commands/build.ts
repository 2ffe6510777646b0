/** `kvm-uapi build`: builds the native runtime. */

import type { Command } from 'commander';
import { describedCommand } from '../help.js';

export const buildCommand: Command = describedCommand('build', 'build the native runtime for this machine', {
  about:
    'Build the native runtime for this machine, in the installed package. The package has the runtime for Linux on x64 and arm64 with glibc. On other machines, and with musl, build it once. Needs a C++17 compiler ($CXX or c++) and make.',
  examples: [
    ['build', 'builds with c++'],
    ['build && kvm-uapi doctor', 'builds, and checks that the runtime can be loaded and that KVM works'],
  ],
  success: 'the runtime is built, and Node can load it',
}).action(async () => {
  const { build } = await import('../build.js');
  console.log(await build());
});
