// Counts the resources of a process, by kind.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const kinds = [
  [/^\/dev\/kvm$/, '/dev/kvm'],
  [/^anon_inode:kvm-vm$/, 'kvm-vm'],
  [/^anon_inode:kvm-vcpu/, 'kvm-vcpu'],
  [/^\/memfd:/, 'memfd'],
];

export function census() {
  const files = {};
  for (const fd of readdirSync('/proc/self/fd')) {
    const kind = kinds.find(([pattern]) => pattern.test(linkOf(fd)));
    if (kind) files[kind[1]] = (files[kind[1]] ?? 0) + 1;
  }
  const mappings = readFileSync('/proc/self/maps', 'utf8').split('\n').length;
  return { files, mappings, residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

function linkOf(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // This was the file descriptor of the directory listing. It is closed now.
    return '';
  }
}

/**
 * Collects garbage until the condition holds, for at most a limited number of rounds. Finalizers run in later turns of
 * the event loop.
 */
export async function collectUntil(isSo = () => false) {
  for (let round = 0; round < 50 && !isSo(); round++) {
    globalThis.gc();
    await setImmediate();
  }
}
