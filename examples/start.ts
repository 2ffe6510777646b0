/** `npm start`: the main job, whole. Bindings of this machine's kvm.h, held against its C compiler; a guest that runs on
 * them; and a spinning guest that is got out of KVM_RUN a thousand times. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from '../generator/commands/generate.js';
import type { HeaderOptions } from '../generator/commands/headers.js';
import { layout } from '../generator/commands/layout.js';
import { verify } from '../generator/commands/verify.js';
import { GeneratorError } from '../generator/errors.js';
import { realMode, userMode } from '../guests/index.js';
import { type Bindings, Kvm, KvmUnavailableError, RuntimeMissingError } from '../runtime/index.js';
import { importBindings } from './import-bindings.js';
import { type KickReport, kickSpinningGuest, percentile } from './kicks.js';

const headers: HeaderOptions = { header: ['linux/kvm.h'], arch: 'x86_64', include: [] };
const { CC } = process.env;
const headLines = 7;
const kicks = { anywhere: 500, gap: 500 } as const;
const control = { anywhere: 0, gap: 20 } as const;

async function main(): Promise<boolean> {
  const out = mkdtempSync(join(tmpdir(), 'kvm-uapi-'));
  try {
    console.log(`Generating bindings\n${generate({ ...headers, out })}\n`);
    const { good, report } = await verify({ ...headers, cc: CC || 'cc' });
    console.log(`Verifying against the C compiler\n${report}\n`);
    const text = layout(['kvm_run'], { ...headers, json: false, colour: false });
    console.log(`The head of struct kvm_run\n${text.split('\n').slice(0, headLines).join('\n')}\n`);
    return (await runGuests(await importBindings(out))) && good;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The second half, on bindings that were generated a moment ago. Where there is no KVM, it says what to do. */
async function runGuests(bindings: Bindings): Promise<boolean> {
  try {
    useAddonWithHooks();
    using kvm = Kvm.open({ bindings });
    console.log(`Running a guest on these bindings, KVM API version ${kvm.apiVersion()}`);
    console.log(`it prints: ${printed(kvm)}\n`);
    return await kickGuest(kvm);
  } catch (error) {
    if (!(error instanceof KvmUnavailableError || error instanceof RuntimeMissingError)) throw error;
    console.log(`No guest can run here: ${error.message}`);
    return true;
  }
}

/** The addon's variant with the test hooks, which can hold a vCPU between its last check and KVM_RUN. */
function useAddonWithHooks(): void {
  const folder = fileURLToPath(new URL('../../runtime/native', import.meta.url));
  const built = spawnSync('make', ['-s', '-C', folder, 'hooks'], { encoding: 'utf8' });
  if (built.status !== 0) {
    const why = built.error?.message ?? built.stderr.trim();
    throw new RuntimeMissingError(`the native runtime cannot be built: ${why}; Debian: apt-get install g++ make`);
  }
  Object.assign(process.env, { KVM_UAPI_ADDON: join(folder, '..', '..', 'build', 'kvm_uapi_hooks.node') });
}

function printed(kvm: Kvm): string {
  const { KVM_EXIT_IO } = kvm.bindings;
  using vm = kvm.createVm();
  using guest = realMode.print('hello from a guest').load(vm);
  const { vcpu } = guest;
  let text = '';
  while (vcpu.run() === 'exit' && vcpu.kvmRun.exit_reason === KVM_EXIT_IO) {
    text += String.fromCharCode(vcpu.shared.getUint8(vcpu.kvmRun.io.$data_offset));
  }
  return text;
}

async function kickGuest(kvm: Kvm): Promise<boolean> {
  const total = kicks.anywhere + kicks.gap;
  console.log(
    `Kicking a spinning guest ${total} times from another thread, half of them between the last check and KVM_RUN`,
  );
  using vm = kvm.createVm();
  const report = await kickSpinningGuest(userMode.spin, vm, kicks);
  console.log(describe('with immediate_exit', report));
  const shares = [0.5, 0.9, 0.99, 1].map(
    (share) => `p${share * 100} ${percentile(report.latencies, share).toFixed(0)} µs`,
  );
  console.log(`  from kick to return: ${shares.join(', ')}`);
  using other = kvm.createVm();
  const without = await kickSpinningGuest(userMode.spin, other, { ...control, withoutFlag: true });
  console.log(describe('control, signal without the flag', without));
  const good = report.lost === 0 && report.kicks === total && without.lost > 0;
  if (!good) console.log('This is not as it must be: none may be lost with the flag, some must be without it.');
  return good;
}

function describe(name: string, { kicks: count, placed, lost }: KickReport): string {
  return `  ${name}: ${count} kicks, ${placed} of them placed, ${lost} lost`;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
