/** Real vCPUs, compared with the same loops in C and with exits on the main thread; and how fast a process with them ends. */

import { existsSync } from 'node:fs';
import type { Result } from './harness.js';
import { benchCalls } from './runtime/calls.js';
import { benchExits } from './runtime/exits.js';
import { benchKicks } from './runtime/kicks.js';
import { benchMechanisms } from './runtime/mechanisms.js';
import { buildNative, startLoop } from './runtime/native.js';
import { benchRegisters } from './runtime/registers.js';
import { benchTeardown } from './runtime/teardown.js';
import { benchThreads } from './runtime/threads.js';

export async function benchRuntime(): Promise<Result[]> {
  if (!existsSync('/dev/kvm')) {
    console.log('No /dev/kvm here: what concerns real vCPUs is not measured.\n');
    return [];
  }
  buildNative();
  using loop = startLoop();
  return [
    ...(await benchExits(loop)),
    await benchCalls(loop),
    await benchRegisters(),
    ...(await benchKicks(loop)),
    await benchThreads(),
    ...(await benchMechanisms()),
    ...(await benchTeardown()),
  ];
}
