/** The page size is that of the machine, as the C library says, and not 4096. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf } from '../helpers/cli.js';
import { hasKvm, needsKvm, runScript } from '../helpers/vcpus.js';

/** Tells the addon, and nothing else in the process, that pages have 16 KiB. */
const shim = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
long sysconf(int name) {
  static long (*real)(int);
  Dl_info caller;
  if (real == 0) real = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
  if (name == _SC_PAGESIZE && dladdr(__builtin_return_address(0), &caller) != 0 &&
      strstr(caller.dli_fname, "kvm_uapi") != 0) {
    return 16384;
  }
  return real(name);
}
`;

describe.skipIf(!hasKvm)(`the page size ${needsKvm}`, () => {
  it('every check of whole pages asks for the page size of the machine', async () => {
    const folder = folderOf({ 'page-size.c': shim });
    execFileSync('cc', ['-shared', '-fPIC', '-o', 'page-size.so', 'page-size.c', '-ldl'], { cwd: folder });
    // A sanitizer would have to be the first library.
    const env = { LD_PRELOAD: join(folder, 'page-size.so'), KVM_UAPI_ADDON: '' };
    expect(await runScript('page-size', { env })).toEqual({
      pageSize: 0x4000,
      create: 'GuestMemory.create: size 4096; it must be a positive multiple of 16384',
      hugePages: expect.stringMatching(
        /: hugePageSize 16384; it must be a power of two, and more than the page size 16384$/,
      ),
      guestAddress: expect.stringMatching(/ they must be multiples of 16384, /),
      offset: expect.stringMatching(/ they must be multiples of 16384, /),
      slot: 0,
      move: 'Vm.moveMemory: guestAddress 4096; it must be a multiple of 16384',
      discard: expect.stringMatching(/ both must be multiples of the page size 16384, /),
      allocate: expect.stringMatching(/ both must be multiples of the page size 16384, /),
    });
  });
});
