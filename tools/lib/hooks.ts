/** The addon with test hooks, `build/kvm_uapi_hooks.node`: it can hold a thread in a gap of the kick protocol, and leave
 * a step of it out. The product has none of this. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Native, native, packageRoot } from '../../runtime/addon.js';
import { RuntimeMissingError, type SharedVcpu } from '../../runtime/index.js';

/** In front of the step of this name, see runtime/native/kick.h. */
export const gaps = ['K2', 'K3', 'R1', 'R2', 'R4', 'R5', 'R7'] as const;
export type Gap = (typeof gaps)[number];

/** Steps that can be left out; the last one is a mistake that can be made. */
export type Change =
  | 'K1'
  | 'K2'
  | 'K3'
  | 'R1'
  | 'R3'
  | 'R5'
  | 'R6'
  | 'R7'
  | 'flag'
  | 'landing'
  | 'forget'
  | 'one_in_flight'
  | 'thread_mask'
  | 'mask_inside'
  | 'heartbeat'
  | 'clear_before_entry';

interface NativeHooks {
  holdGap(id: number, gap: Gap | ''): boolean;
  awaitGap(id: number, milliseconds: number): boolean;
  setChanged(id: number, change: Change, changed: boolean): boolean;
  sent(id: number): number;
  refused(id: number): number;
  stray(id: number): void;
  kickAside(id: number): void;
  isKickingAside(id: number): boolean;
}

/** Builds the addon with the hooks where it is missing or old, and has this process and its Workers use it. */
export function useHooks(): void {
  const { KVM_UAPI_ADDON } = process.env;
  // One that was given has them too: that under sanitizers.
  if (KVM_UAPI_ADDON !== undefined) return;
  const cwd = packageRoot();
  const built = spawnSync('make', ['-s', '-C', 'runtime/native', 'hooks'], { cwd, encoding: 'utf8' });
  if (built.status !== 0) {
    const why = built.error?.message ?? built.stderr.trim();
    throw new RuntimeMissingError(`the native runtime cannot be built: ${why}; Debian: apt-get install g++ make`);
  }
  Object.assign(process.env, { KVM_UAPI_ADDON: join(cwd, 'build', 'kvm_uapi_hooks.node') });
}

/** The hooks of one vCPU. */
export class Hooks {
  readonly #native = native() as Native & NativeHooks;
  readonly #id: number;

  constructor(vcpu: SharedVcpu) {
    this.#id = vcpu.id;
  }

  /** Whoever comes to the gap stays there. */
  hold(gap: Gap): void {
    known(this.#native.holdGap(this.#id, gap), gap);
  }

  /** Whether somebody is in the gap, waiting so many milliseconds for it. */
  isHeld(milliseconds: number): boolean {
    return this.#native.awaitGap(this.#id, milliseconds);
  }

  release(): void {
    this.#native.holdGap(this.#id, '');
  }

  change(change: Change, changed = true): void {
    known(this.#native.setChanged(this.#id, change, changed), change);
  }

  /** How many signals were sent to the thread. */
  get sent(): number {
    return this.#native.sent(this.#id);
  }

  /** How many of them the kernel did not take. */
  get refused(): number {
    return this.#native.refused(this.#id);
  }

  /** A signal that nobody has asked for. */
  stray(): void {
    this.#native.stray(this.#id);
  }

  /** A kick by a thread of its own, which a gap may hold. */
  kickAside(): void {
    this.#native.kickAside(this.#id);
  }

  /** Whether such a thread is still at it. */
  get isKickingAside(): boolean {
    return this.#native.isKickingAside(this.#id);
  }
}

function known(isKnown: boolean, name: string): void {
  if (!isKnown) throw new Error(`the addon knows no '${name}'`);
}
