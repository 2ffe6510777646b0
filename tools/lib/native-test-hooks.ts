/**
 * The addon with test hooks, `build/kvm_uapi_hooks.node`. This addon can hold a thread in a gap of the kick protocol, and it
 * can leave out a step of the protocol. The product has no hooks.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Addon, addon, packageRoot } from '../../runtime/addon.js';
import { RuntimeMissingError, type VcpuHandle } from '../../runtime/index.js';

/** A gap of the protocol, by the name of the step after it. runtime/native/hooks.h lists the gaps. */
export type Gap = string;

/** A change of the protocol, by the name of the step that it leaves out. runtime/native/hooks.h lists the changes. */
export type Change = string;

interface AddonHooks {
  readonly gaps: readonly Gap[];
  readonly changes: readonly Change[];
  holdGap(id: number, gap: Gap): boolean;
  releaseGap(id: number): void;
  awaitGap(id: number, milliseconds: number): boolean;
  setChanged(id: number, change: Change, changed: boolean): boolean;
  sent(id: number): number;
  refused(id: number): number;
  stray(id: number): void;
  kickAside(id: number): void;
  isKickingAside(id: number): boolean;
}

/** Builds the addon with the hooks if it is missing or stale. After this call, this process and its Workers use this addon. */
export function useHooks(): void {
  const { KVM_UAPI_ADDON } = process.env;
  // The environment can name another addon. It is the addon with sanitizers, which has the hooks too.
  if (KVM_UAPI_ADDON !== undefined) return;
  const cwd = packageRoot();
  const built = spawnSync('make', ['-s', '-C', 'runtime/native', 'hooks'], { cwd, encoding: 'utf8' });
  if (built.status !== 0) {
    const why = built.error?.message ?? built.stderr.trim();
    throw new RuntimeMissingError(cwd, `the native runtime cannot be built: ${why}; Debian: apt-get install g++ make`);
  }
  Object.assign(process.env, { KVM_UAPI_ADDON: join(cwd, 'build', 'kvm_uapi_hooks.node') });
}

const addonHooks = (): AddonHooks => addon() as Addon & AddonHooks;

/** Returns the names of all gaps, in the order of the steps. Call `useHooks` before. */
export const gaps = (): readonly Gap[] => addonHooks().gaps;

/** Returns the names of all changes. The last change is a mistake. Call `useHooks` before. */
export const changes = (): readonly Change[] => addonHooks().changes;

/** The hooks of one vCPU. */
export class Hooks {
  readonly #addon = addonHooks();
  readonly #id: number;

  constructor(vcpu: VcpuHandle) {
    this.#id = vcpu.id;
  }

  /** Holds the gap: a thread that arrives at the gap waits there. */
  hold(gap: Gap): void {
    requireKnown(this.#addon.holdGap(this.#id, gap), gap);
  }

  /** Waits until a thread is in the gap, for at most this many milliseconds. Returns whether there is such a thread. */
  isHeld(milliseconds: number): boolean {
    return this.#addon.awaitGap(this.#id, milliseconds);
  }

  /** Lets the thread in the gap continue. */
  release(): void {
    this.#addon.releaseGap(this.#id);
  }

  /** Makes a change, or undoes it. */
  change(change: Change, changed = true): void {
    requireKnown(this.#addon.setChanged(this.#id, change, changed), change);
  }

  /** How many signals were sent to the thread. */
  get sent(): number {
    return this.#addon.sent(this.#id);
  }

  /** How many of the sent signals the kernel refused. */
  get refused(): number {
    return this.#addon.refused(this.#id);
  }

  /** Sends a signal without a request. */
  stray(): void {
    this.#addon.stray(this.#id);
  }

  /** Kicks from a new thread, which can wait in a gap. */
  kickAside(): void {
    this.#addon.kickAside(this.#id);
  }

  /** Whether a thread of `kickAside` has not returned yet. */
  get isKickingAside(): boolean {
    return this.#addon.isKickingAside(this.#id);
  }
}

function requireKnown(isKnown: boolean, name: string): void {
  if (!isKnown) throw new Error(`'${name}': unknown gap or change; runtime/native/hooks.h lists the known ones`);
}
