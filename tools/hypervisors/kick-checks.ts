/** Checks of kicks in a virtual machine: a wrong protocol must lose them, and the right one must not. */

import assert from 'node:assert/strict';
import type { Mechanism } from '../../runtime/x86_64.js';
import type { AnyGuest, AnyKvm } from '../guests/index.js';
import { gaps } from '../lib/native-test-hooks.js';
import { KickedVcpu } from '../stress/kicked-vcpu.js';
import { kickCrowd, kickInGap } from '../stress/kicks.js';
import { check } from './checks.js';

export interface KickChecks {
  /** The architecture of the bindings. */
  readonly bindings: string;
  /** A guest that never exits by itself. */
  readonly spin: AnyGuest;
  /** A guest that exits all the time. */
  readonly exits: AnyGuest;
  /** The number of kicks for each mechanism. */
  readonly kicks: number;
}

const mechanisms: readonly Mechanism[] = ['immediate_exit', 'signal_mask'];

/** Steps without which the protocol loses each kick in the gap before R4, the entry into the kernel. */
const neededSteps = ['flag', 'clear_before_entry'] as const;
const controlKicks = 10;
/** The emulated machine takes some 10 ms for a kick that is not lost. */
const controlLostAfterMs = 2000;
const lostAfterMs = 60_000;

/** Does all checks of kicks, and prints a row for each. */
export async function checkKicks(kvm: AnyKvm, { bindings, spin, exits, kicks }: KickChecks): Promise<void> {
  for (const step of neededSteps) {
    await check(`control: without the step '${step}', kicks in the gap before R4 are lost`, async () => {
      const options = { mechanism: 'immediate_exit', changes: [step], lostAfterMs: controlLostAfterMs } as const;
      await using kicked = new KickedVcpu(kvm, spin, { ...options, bindings });
      await kicked.started();
      kickInGap([kicked], 'R4', controlKicks);
      assert.equal(kicked.counts.lost, controlKicks, kicked.counts.toString());
      return `${kicked.counts.lost} of ${kicked.counts.kicks}`;
    });
  }
  for (const mechanism of mechanisms) {
    for (const guest of [spin, exits]) {
      await check(`kicks with ${mechanism}, guest '${guest.name}'`, async () => {
        // Each guest gets half of the kicks: nine of ten at a random phase, and the rest in the gaps.
        const random = Math.ceil((kicks / 2) * 0.9);
        const perGap = Math.ceil((kicks / 2 - random) / gaps().length);
        const crowd = { guest, vcpus: 1, mechanism, lostAfterMs, bindings };
        let given = 0;
        const progress = (more: number): void => {
          given += more;
          // A line without a mark is shown only with --verbose.
          console.log(`${mechanism}, guest '${guest.name}': ${given} of ${kicks / 2} kicks`);
        };
        const counts = await kickCrowd(kvm, crowd, { random, perGap }, progress);
        assert.ok(counts.isClean, counts.toString());
        return counts.toString();
      });
    }
  }
}
