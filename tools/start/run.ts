/** `npm start`: the main job, whole. Bindings of this machine's kvm.h, held against its C compiler; a guest that runs on
 * them; and a spinning guest that is got out of KVM_RUN a thousand times. */

import { generate } from '../../generator/cli/generate.js';
import type { HeaderOptions } from '../../generator/cli/header-options.js';
import { layout } from '../../generator/cli/layout.js';
import { verify } from '../../generator/cli/verify.js';
import { GeneratorError } from '../../generator/errors.js';
import { type Bindings, Kvm, KvmUnavailableError, RuntimeMissingError } from '../../runtime/index.js';
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
/** In the control losses are certain and each costs a wait. */
const control = { changes: ['flag'], lostAfterMs: 200 } as const;

async function main(): Promise<boolean> {
  return inTemporaryFolder({}, async (out) => {
    console.log(`Generating bindings\n${generate({ ...headers, out })}\n`);
    const { good, report } = await verify({ ...headers, cc: CC || 'cc' });
    console.log(`Verifying against the C compiler\n${report}\n`);
    const text = layout(['kvm_run'], { ...headers, json: false, colour: false });
    console.log(`The head of struct kvm_run\n${text.split('\n').slice(0, headLines).join('\n')}\n`);
    return (await runGuests(await importBindings(out))) && good;
  });
}

/** The second half, on bindings that were generated a moment ago. Where there is no KVM, it says what to do. */
async function runGuests(bindings: Bindings): Promise<boolean> {
  try {
    useHooks();
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

function printed(kvm: Kvm): string {
  const { bindings } = kvm;
  using vm = kvm.createVm();
  using guest = realMode.print('hello from a guest').load(vm);
  const { vcpu } = guest;
  let text = '';
  while (vcpu.run() === 'exit' && vcpu.exit.reason === bindings.KVM_EXIT_IO)
    text += String.fromCharCode(...vcpu.exit.data);
  return text;
}

async function kickGuest(kvm: Kvm): Promise<boolean> {
  console.log('Kicking a spinning guest from another thread, at any time and in each gap between two steps');
  const counts = await kickCrowd(kvm, spinning, kicks);
  console.log(`  with immediate_exit: ${counts}`);
  const without = await kickCrowd(kvm, { ...spinning, ...control }, { random: 0, perGap: 10 });
  console.log(`  control, signal without the flag: ${without.kicks} kicks, ${without.lost} of them lost`);
  const good = counts.isClean && counts.kicks >= 1000 && without.lost > 0;
  if (!good) console.log('This is not as it must be: none may be lost with the flag, some must be without it.');
  return good;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
