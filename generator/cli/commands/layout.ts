/** The options of `kvm-uapi layout`. */

import type { Command } from 'commander';
import { defaultTarget } from '../../targets/targets.js';
import { architectures, type GivenHeaders, headerCommand, projectOf, single } from '../arguments.js';
import { inProject } from '../project.js';
import { terminalOf } from '../terminal.js';

interface Given extends GivenHeaders {
  readonly arch?: string;
  readonly json?: true;
}

export const layoutCommand: Command = headerCommand(
  'layout',
  'print structs, unions and enums with offsets, sizes and holes',
)
  .addOption(single('--arch <arch>', `${architectures} (default: the first of the configuration, or ${defaultTarget})`))
  .argument('[name...]', 'types to print: kvm_run or "struct kvm_run" (default: all)')
  .option('--json', 'print the model of the header as JSON; with names, the model of these types and what they need')
  .action(async (names: string[], given: Given) => {
    const { layout } = await import('../layout.js');
    await inProject(await projectOf(layoutCommand, given), ({ headers, targets, selection }) => {
      const { colour } = terminalOf();
      const [arch = defaultTarget] = targets;
      console.log(layout(names, { ...headers, arch, selection, json: given.json === true, colour }));
    });
  });
