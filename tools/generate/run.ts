/**
 * `npm run generate`: runs `kvm-uapi generate` for the committed bindings: those of `linux/kvm.h`, and those of the headers that
 * describe how an x86-64 guest is started and its devices. It uses Debian's newest headers, independent
 * of the installed headers. If the arguments name a source of headers, it uses that source.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../generator/headers/disk.js';
import { modelFromJson } from '../../generator/model/json.js';
import { headerSet, whyMissing } from '../lib/header-sets.js';

const [, , ...args] = process.argv;

async function source(): Promise<string[]> {
  if (args.some((arg) => /^--(?:from|include)(?:=|$)/.test(arg))) return [];
  const missing = whyMissing('newest');
  if (missing === undefined) {
    const { root, version } = await headerSet('newest');
    if (!args.includes('--check') || recordedVersion() === version) return ['--from', root];
    console.log(`Debian has newer headers (${version}) than the bindings, so the installed headers are used`);
    return [];
  }
  // The output can still be compared with the committed models.
  if (args.includes('--check')) {
    console.log(`the newest headers are not available, so the installed headers are used: ${missing}`);
    return [];
  }
  throw new Error(
    `the newest headers are not available: ${missing}; use --from to name other headers (docs/header-sets.md)`,
  );
}

/** Returns the version of the headers that the committed bindings were made from. */
function recordedVersion(): string | undefined {
  const path = join(packageRoot(), 'generated/x86_64/linux/kvm.model.json');
  const [origin] = modelFromJson(readFileSync(path, 'utf8'), path).origins;
  return origin?.kind === 'package' ? origin.version : undefined;
}

/** The options of the second run. An option that chooses headers or targets is meant for `linux/kvm.h` alone. */
const guestHeaders = [
  'asm/bootparam.h',
  'asm/e820.h',
  'asm/processor-flags.h',
  'headers/boot/include/xen/hvm/start_info.h',
  'linux/serial_reg.h',
  'linux/virtio_blk.h',
  'linux/virtio_config.h',
  'linux/virtio_console.h',
  'linux/virtio_ids.h',
  'linux/virtio_mmio.h',
  'linux/virtio_ring.h',
];

function guestOptions(): string[] {
  const headers = guestHeaders.map((header) => (header.startsWith('headers/') ? join(packageRoot(), header) : header));
  return ['--arch', 'x86_64', ...headers.flatMap((header) => ['--header', header])];
}

function generate(options: readonly string[], from: readonly string[]): number {
  // The committed bindings share the support library with the runtime. Other output has copies of the library.
  const support = args.some((arg) => /^--out(?:=|$)/.test(arg)) ? [] : ['--support', '../support'];
  const cli = join(packageRoot(), 'dist/bin/kvm-uapi.js');
  const command = [cli, 'generate', ...options, ...support, ...args, ...from];
  return spawnSync(process.execPath, command, { stdio: 'inherit' }).status ?? 2;
}

try {
  const from = await source();
  const choosesHeaders = args.some((arg) => /^--(?:arch|config|header)(?:=|$)/.test(arg));
  const runs = choosesHeaders ? [[]] : [[], guestOptions()];
  process.exitCode = Math.max(...runs.map((options) => generate(options, from)));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
