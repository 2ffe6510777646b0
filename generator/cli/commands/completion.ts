/** `kvm-uapi completion`: prints the completion script of a shell. */

import { Argument, type Command } from 'commander';
import type { Shell } from '../completion/scripts.js';
import { describedCommand } from '../help.js';

const shells: readonly Shell[] = ['bash', 'zsh', 'fish'];

export const completionCommand: Command = describedCommand('completion', 'print the completion script of a shell', {
  about:
    'Print a script that makes a shell complete commands, options, architectures, headers, header sets, types and files. The script is about this version of the program.',
  examples: [
    ['completion bash > ~/.local/share/bash-completion/completions/kvm-uapi', 'for bash'],
    ['completion zsh > ~/.zfunc/_kvm-uapi', 'for zsh, if ~/.zfunc is a folder of $fpath'],
    ['completion fish > ~/.config/fish/completions/kvm-uapi.fish', 'for fish'],
  ],
  success: 'the script is printed',
})
  .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices([...shells]))
  .action(async (shell: Shell) => {
    const { completionFor } = await import('../completion/scripts.js');
    console.log(completionFor(shell, completionCommand.parent ?? completionCommand).trimEnd());
  });
