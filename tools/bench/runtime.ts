/**
 * Benchmarks with real vCPUs. The loops are compared with the same loops in C and with exits on the main thread. Another
 * benchmark measures how long a process with vCPUs takes to end.
 */

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
import { benchTicks } from './runtime/ticks.js';

export async function benchRuntime(): Promise<Result[]> {
  if (!existsSync('/dev/kvm')) {
    console.error('/dev/kvm not found: the benchmarks with vCPUs are skipped\n');
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
    await benchTicks(),
    ...(await benchTeardown()),
  ];
}
