/** The options of `kvm-uapi doctor`. */

import type { Command } from 'commander';
import { describedCommand } from '../help.js';
import { terminalOf } from '../terminal.js';

export const doctorCommand: Command = describedCommand(
  'doctor',
  'check what the generator and the runtime need on this machine',
  {
    about:
      'Check what the generator and the runtime need on this machine: Node, the addon, /dev/kvm, the capabilities of KVM, kernel headers and a C compiler. Each problem comes with what to do.',
    examples: [
      ['doctor', 'prints what is good, what could be better (notice) and what is wrong (problem)'],
      ['doctor --json', 'prints the findings and the capabilities of KVM as JSON'],
    ],
    success: 'everything that the package needs is there',
    failure: 'something that the package needs is wrong',
  },
)
  .option('--json', 'print the findings as JSON')
  .action(async (given: { readonly json?: true }) => {
    const [{ probeMachine }, { doctor, doctorJson }] = await Promise.all([
      import('../doctor/probes.js'),
      import('../doctor.js'),
    ]);
    const machine = probeMachine({});
    const { good, report } = given.json ? doctorJson(machine) : doctor(machine, terminalOf());
    console.log(report);
    if (!good) process.exitCode = 1;
  });
