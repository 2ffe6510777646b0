/** The options of `kvm-uapi layout`. */

import type { Command } from 'commander';
import { defaultTarget } from '../../targets/targets.js';
import { type GivenHeaders, headerCommand, oneTarget, projectOf } from '../arguments.js';
import { inProject } from '../project.js';
import { terminalOf } from '../terminal.js';

interface Given extends GivenHeaders {
  readonly arch?: string;
  readonly json?: true;
}

export const layoutCommand: Command = headerCommand(
  'layout',
  'print structs, unions and enums with offsets, sizes and holes',
  {
    examples: [
      ['layout kvm_run', 'prints struct kvm_run in the format of pahole'],
      ['layout kvm_regs kvm_sregs --arch arm64', 'prints two structs for another architecture'],
      ['layout --header linux/if_tun.h --json', 'prints the whole model of a header as JSON'],
    ],
    success: 'the types are printed',
  },
)
  .addOption(oneTarget())
  .argument('[name...]', 'types to print, such as kvm_run or "struct kvm_run"; all types if none is named')
  .option('--json', 'print the model of the header as JSON; with names, the model of these types and what they need')
  .action(async (names: string[], given: Given) => {
    const { layout } = await import('../layout.js');
    await inProject(await projectOf(layoutCommand, given), ({ headers, targets, selection }) => {
      const { colour } = terminalOf();
      const [arch = defaultTarget] = targets;
      console.log(layout(names, { ...headers, arch, selection, json: given.json === true, colour }));
    });
  });
