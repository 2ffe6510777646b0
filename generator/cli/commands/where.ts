/** The options of `kvm-uapi where`. */

import { join } from 'node:path';
import { Command, Option } from 'commander';
import { packageRoot } from '../../headers/disk.js';
import { collect, configFor, single } from '../arguments.js';
import { defaultHeader, headersOf } from '../header-options.js';

interface Given {
  readonly header?: readonly string[];
  readonly in?: string;
  readonly config?: string;
  readonly json?: true;
}

export const whereCommand: Command = new Command('where')
  .summary('show which architectures have a name and since when, and why the others do not')
  .description('show which architectures have a name and since which kernel version, and why the others do not')
  .argument('<name...>', 'ioctls, constants, types and members, such as KVM_CREATE_PIT2, kvm_regs or kvm_run.io.port')
  .addOption(
    new Option(
      '--header <header>',
      `header of the bindings; may be repeated (default: the headers of the configuration, or ${defaultHeader})`,
    ).argParser(collect),
  )
  .addOption(
    single('--in <dir>', 'folder of the bindings (default: the folder of the configuration, or of this package)'),
  )
  .addOption(single('--config <file>', 'configuration file (default: the one in this folder, if it exists)'))
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
