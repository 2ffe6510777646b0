/** The options of `kvm-uapi headers` and of its commands. */

import { type Command, Option } from 'commander';
import { targetNames } from '../../targets/targets.js';
import { collect, single } from '../arguments.js';
import {
  type CacheOptions,
  formsHelp,
  type ImportOptions,
  importHeaders,
  listHeaders,
  removeHeaders,
} from '../headers.js';
import type { FetchOptions } from '../headers-fetch.js';
import { describedCommand, type HelpTexts } from '../help.js';
import { terminalOf } from '../terminal.js';

function setsCommand(name: string, summary: string, texts: HelpTexts): Command {
  return describedCommand(name, summary, texts).addOption(
    single('--cache <dir>', 'folder of imported sets, instead of kvm-uapi/headers in $XDG_CACHE_HOME or ~/.cache'),
  );
}

const listCommand = setsCommand('list', 'list the installed and imported header sets, and the known ones', {
  examples: [['headers list --json', 'prints the sets with their hashes, and the known sets']],
  success: 'the sets are listed',
})
  .option('--json', 'print the sets and the known sets as JSON, with the hashes of the sets')
  .action((options: CacheOptions & { json?: true }) =>
    console.log(listHeaders({ ...options, json: options.json === true, columns: terminalOf().columns })),
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

const fetchCommand = setsCommand(
  'fetch',
  'download the kernel headers of another version through apt, and import them',
  {
    examples: [
      ['headers fetch trixie', 'downloads the headers of a suite of Debian'],
      ['headers fetch 6.1 --arch arm64', 'downloads those of a kernel version for arm64'],
      ['headers fetch newest', 'downloads the newest headers of Debian'],
    ],
    success: 'the sets are imported, or were already imported',
  },
)
  .argument('<version>', 'suite of Debian (trixie), kernel version (6.12), or newest')
  .addOption(
    new Option('--arch <arch>', `target: ${targetNames.join(', ')}; may be repeated (default: x86_64)`).argParser(
      collect,
    ),
  )
  .addOption(single('--name <name>', 'name of the set, instead of the package, version and architecture'))
  .action(async (version: string, options: FetchOptions) => {
    const { fetchHeaders } = await import('../headers-fetch.js');
    if (process.stderr.isTTY) {
      console.error(`reading the package index of ${version} with apt; this can take a minute`);
    }
    console.log(await fetchHeaders(version, options));
  });

const removeCommand = setsCommand('remove', 'remove imported sets', {
  examples: [['headers remove mine', 'removes the set mine; the sets of the system are never removed']],
  success: 'the sets are removed',
})
  .argument('<set...>', 'names of sets')
  .action((names: string[], options: CacheOptions) => console.log(removeHeaders(names, options)));

export const headersCommand: Command = describedCommand(
  'headers',
  'list the header sets of this machine; fetch, import and remove them',
  {
    about: 'List the header sets of this machine, and fetch, import and remove them.',
    examples: [['headers', "lists the sets, as 'headers list' does"]],
    success: 'the command has done its work',
  },
)
  .addCommand(listCommand, { isDefault: true })
  .addCommand(fetchCommand)
  .addCommand(importCommand)
  .addCommand(removeCommand);
