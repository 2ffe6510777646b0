/** The options of `kvm-uapi where`. */

import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { packageRoot } from '../../headers/disk.js';
import { collect, configFor, single } from '../arguments.js';
import { headersOf } from '../header-options.js';
import { describedCommand } from '../help.js';

interface Given {
  readonly header?: readonly string[];
  readonly in?: string;
  readonly config?: string;
  readonly json?: true;
}

export const whereCommand: Command = describedCommand(
  'where',
  'show which architectures have a name and since when, and why the others do not',
  {
    about:
      'Show which architectures have a name and since which kernel version, and why the others do not. It reads the bindings of the configuration in this folder. Without a configuration, it reads those of this package.',
    examples: [
      ['where KVM_CREATE_PIT2', 'shows the architectures that have the ioctl'],
      ['where kvm_run.immediate_exit', 'shows the first kernel version that has a member'],
      ['where kvm_regs --in ./generated', 'reads bindings of your own'],
    ],
    success: 'the name is found',
  },
)
  .argument('<name...>', 'ioctls, constants, types and members, such as KVM_CREATE_PIT2, kvm_regs or kvm_run.io.port')
  .addOption(new Option('--header <header>', 'header of the bindings; may be repeated').argParser(collect))
  .addOption(single('--in <dir>', 'folder of the bindings'))
  .addOption(single('--config <file>', 'configuration file to use instead of the one in this folder'))
  .option('--json', 'print the result as JSON')
  .action(async (names: string[], given: Given) => {
    const { where } = await import('../where.js');
    const config = await configFor(whereCommand, given.config, ['header', 'in']);
    const headers = config
      ? headersOf({ header: config.headers, include: config.include })
      : headersOf({ header: given.header ?? [], include: [] });
    const folder = given.in ?? config?.out ?? join(packageRoot(), 'generated');
    console.log(where(names, { headers: headers.map(({ name }) => name), in: folder, json: given.json === true }));
  });
