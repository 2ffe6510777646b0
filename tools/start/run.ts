/**
 * `npm start`: generates bindings from this machine's kvm.h, compares them with the C compiler, runs a guest on them, and kicks
 * a spinning guest out of KVM_RUN a thousand times.
 */

import { generate } from '../../generator/cli/generate.js';
import type { HeaderOptions } from '../../generator/cli/header-options.js';
import { layout } from '../../generator/cli/layout.js';
import { verify } from '../../generator/cli/verify.js';
import { GeneratorError } from '../../generator/errors.js';
import { KvmUnavailableError, RuntimeMissingError } from '../../runtime/index.js';
import { type Bindings, Kvm } from '../../runtime/x86_64.js';
import { realMode, userMode } from '../guests/index.js';
import { useHooks } from '../lib/native-test-hooks.js';
import { inTemporaryFolder } from '../lib/temporary-folder.js';
import { kickCrowd } from '../stress/kicks.js';
import { importBindings } from './import-bindings.js';

const headers: HeaderOptions = { header: ['linux/kvm.h'], arch: 'x86_64', include: [] };
const { CC } = process.env;
const headLines = 7;
const spinning = { guest: userMode.spin, vcpus: 1, mechanism: 'immediate_exit' } as const;
const kicks = { random: 500, perGap: 100 } as const;
/** The control loses kicks for certain, and each lost kick costs this wait. */
const control = { changes: ['flag'], lostAfterMs: 200 } as const;

async function main(): Promise<boolean> {
  return inTemporaryFolder({}, async (out) => {
    console.log(`Generating bindings:\n${generate({ ...headers, out })}\n`);
    const { good, report } = await verify({ ...headers, cc: CC || 'cc' });
    console.log(`Comparing the bindings with the C compiler:\n${report}\n`);
    const text = layout(['kvm_run'], { ...headers, colour: false });
    console.log(
      `The first lines of the layout of struct kvm_run:\n${text.split('\n').slice(0, headLines).join('\n')}\n`,
    );
    return (await runGuests(await importBindings(out))) && good;
  });
}

/** Runs guests on the new bindings. If this machine has no KVM, prints what to do. */
async function runGuests(bindings: Bindings): Promise<boolean> {
  try {
    useHooks();
    using kvm = Kvm.open({ bindings });
    console.log(`Running a guest on these bindings, with KVM API version ${kvm.getApiVersion()}:`);
    console.log(`  the guest prints: ${printed(kvm)}\n`);
    return await kickGuest(kvm);
  } catch (error) {
    if (!(error instanceof KvmUnavailableError || error instanceof RuntimeMissingError)) throw error;
    console.log(`Skipped: running a guest: ${error.message}`);
    return true;
  }
}

function printed(kvm: Kvm): string {
  const { bindings } = kvm;
  using vm = kvm.createVm();
  using guest = realMode.print('hello from a guest').load(vm);
  let text = '';
  for (;;) {
    const exit = guest.vcpu.run();
    if (exit.reason !== bindings.KVM_EXIT_IO) return text;
    text += String.fromCharCode(...exit.data);
  }
}

async function kickGuest(kvm: Kvm): Promise<boolean> {
  console.log('Kicking a spinning guest from another thread, at random phases and in each gap of the kick protocol:');
  const counts = await kickCrowd(kvm, spinning, kicks);
  console.log(`  immediate_exit: ${counts}`);
  const without = await kickCrowd(kvm, { ...spinning, ...control }, { random: 0, perGap: 10 });
  console.log(
    `  control, in which the signal handler does not set the flag: ${without.kicks} kicks: ${without.lost} lost`,
  );
  const good = counts.isClean && counts.kicks >= 1000 && without.lost > 0;
  if (!good) console.log('FAILED: expected no lost kick with immediate_exit, and lost kicks in the control');
  return good;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
