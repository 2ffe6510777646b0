/** The options of `kvm-uapi headers` and of its commands. */

import { Command } from 'commander';
import { single } from '../arguments.js';
import {
  type CacheOptions,
  formsHelp,
  type ImportOptions,
  importHeaders,
  listHeaders,
  removeHeaders,
} from '../headers.js';

function setsCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .addOption(
      single('--cache <dir>', 'folder of imported sets (default: kvm-uapi/headers in $XDG_CACHE_HOME or ~/.cache)'),
    );
}

export const headersCommand: Command = new Command('headers')
  .summary('list the header sets of this machine; import and remove them')
  .description('List the header sets of this machine, and import and remove them.')
  .addCommand(
    setsCommand('list', 'list the installed and imported header sets')
      .option('--json', 'print the sets as JSON, with their hashes')
      .action((options: CacheOptions & { json?: true }) =>
        console.log(listHeaders({ ...options, json: options.json === true })),
      ),
    { isDefault: true },
  )
  .addCommand(
    setsCommand('import', 'import the kernel headers of a folder or a Debian package')
      .argument('<source>', 'folder or .deb')
      .addOption(single('--name <name>', 'name of the set (default: package, version and architecture)'))
      .addHelpText('after', `\n${formsHelp()}`)
      .action(async (source: string, options: ImportOptions) => console.log(await importHeaders(source, options))),
  )
  .addCommand(
    setsCommand('remove', 'remove imported sets')
      .argument('<name...>', 'names of sets')
      .action((names: string[], options: CacheOptions) => console.log(removeHeaders(names, options))),
  );
