/** The completion scripts of the shells. */

import type { Command } from 'commander';
import { bashCompletion } from './bash.js';
import { fishCompletion } from './fish.js';
import { type CompletedCommand, commandsOf } from './tree.js';
import { zshCompletion } from './zsh.js';

export type Shell = 'bash' | 'fish' | 'zsh';

const scripts: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  fish: fishCompletion,
  zsh: zshCompletion,
};

/** Returns the script for a shell. `program` is the command at the top. */
export function completionFor(shell: Shell, program: Command): string {
  return scripts[shell](commandsOf(program));
}
