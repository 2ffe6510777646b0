/** The options of `kvm-uapi headers` and of its commands. */

import type { Command } from 'commander';
import { single } from '../arguments.js';
import {
  type CacheOptions,
  formsHelp,
  type ImportOptions,
  importHeaders,
  listHeaders,
  removeHeaders,
} from '../headers.js';
import { describedCommand, type HelpTexts } from '../help.js';

function setsCommand(name: string, summary: string, texts: HelpTexts): Command {
  return describedCommand(name, summary, texts).addOption(
    single('--cache <dir>', 'folder of imported sets, instead of kvm-uapi/headers in $XDG_CACHE_HOME or ~/.cache'),
  );
}

const listCommand = setsCommand('list', 'list the installed and imported header sets', {
  examples: [['headers list --json', 'prints the sets with their hashes']],
  success: 'the sets are listed',
})
  .option('--json', 'print the sets as JSON, with their hashes')
  .action((options: CacheOptions & { json?: true }) =>
    console.log(listHeaders({ ...options, json: options.json === true })),
  );

const importCommand = setsCommand('import', 'import the kernel headers of a folder or a Debian package', {
  about: 'Import the kernel headers of a folder or a Debian package, completely or not at all.',
  examples: [
    ['headers import linux-libc-dev_6.12.6-1_amd64.deb', 'imports a package; --from then accepts its name'],
    ['headers import ./usr --name mine', "imports what the kernel's 'make headers_install' has written"],
  ],
  success: 'the set is imported, or was already imported',
})
  .argument('<source>', 'folder or .deb')
  .addOption(single('--name <name>', 'name of the set, instead of the package, version and architecture'))
  .addHelpText('after', `\n${formsHelp()}`)
  .action(async (source: string, options: ImportOptions) => console.log(await importHeaders(source, options)));

const removeCommand = setsCommand('remove', 'remove imported sets', {
  examples: [['headers remove mine', 'removes the set mine; the sets of the system are never removed']],
  success: 'the sets are removed',
})
  .argument('<name...>', 'names of sets')
  .action((names: string[], options: CacheOptions) => console.log(removeHeaders(names, options)));

export const headersCommand: Command = describedCommand(
  'headers',
  'list the header sets of this machine; import and remove them',
  {
    about: 'List the header sets of this machine, and import and remove them.',
    examples: [['headers', "lists the sets, as 'headers list' does"]],
    success: 'the command has done its work',
  },
)
  .addCommand(listCommand, { isDefault: true })
  .addCommand(importCommand)
  .addCommand(removeCommand);
