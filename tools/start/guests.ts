/** The guests of `npm start`. */

import type { Kvm } from '../../runtime/x86_64.js';
import { realMode, userMode } from '../guests/index.js';
import { kickCrowd, type Progress } from '../stress/kicks.js';
import type { StepResult } from './steps.js';

const spinning = { guest: userMode.spin, vcpus: 1, mechanism: 'immediate_exit' } as const;
const kicks = { random: 500, perGap: 100 } as const;
/** The control loses kicks for certain, and each lost kick costs this wait. */
const control = { changes: ['flag'], lostAfterMs: 200 } as const;

/** Returns what a guest writes to a port. */
export function printed(kvm: Kvm): string {
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

/** Kicks a guest a thousand times, and ten times without the step of the protocol that keeps kicks. */
export async function kickGuest(kvm: Kvm, progress: Progress): Promise<StepResult> {
  const counts = await kickCrowd(kvm, spinning, kicks, progress);
  const without = await kickCrowd(kvm, { ...spinning, ...control }, { random: 0, perGap: 10 });
  const good = counts.isClean && counts.kicks >= 1000 && without.lost > 0;
  const lines = [
    'at random phases, and in each gap of the kick protocol',
    `immediate_exit: ${counts}`,
    `control, in which the signal handler does not set the flag: ${without.kicks} kicks: ${without.lost} lost`,
    ...(good ? [] : ['expected no lost kick with immediate_exit, and lost kicks in the control']),
  ];
  return { text: lines.join('\n'), good };
}
