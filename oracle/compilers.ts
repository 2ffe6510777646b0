/** The compilers that the targets' facts come from: whether they are here, and what brings them. */

import { spawnSync } from 'node:child_process';
import type { Target } from '../generator/layout/target.js';

export interface Compiler {
  readonly cc: string;
  readonly flags: readonly string[];
}

export function compilerOf({ compiler }: Target): Compiler {
  const [cc, ...flags] = compiler.command;
  return { cc, flags };
}

/** Whether a target's compiler is here, and is one for that target. */
export function isInstalled(target: Target): boolean {
  const { cc, flags } = compilerOf(target);
  const { status, stdout } = spawnSync(cc, [...flags, '-dumpmachine'], { encoding: 'utf8' });
  if (status !== 0) return false;
  const processor = stdout.split('-')[0]?.replace(/^i[456]86$/, 'i386');
  return processor === target.debian.multiarch.split('-')[0];
}
