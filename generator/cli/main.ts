/**
 * The command line. Each file of `commands/` declares the options of one command, and makes one call into the generator.
 * Code that only one command needs is loaded only by that command, because loading takes a large part of a run.
 *
 * Exit codes: 0 for success, 1 for a failed check, 2 for wrong usage or bad input.
 */

import { Command, CommanderError } from 'commander';
import { GeneratorError } from '../errors.js';
import { version } from '../version.js';
import { completionCommand } from './commands/completion.js';
import { diffCommand } from './commands/diff.js';
import { doctorCommand } from './commands/doctor.js';
import { generateCommand } from './commands/generate.js';
import { headersCommand } from './commands/headers.js';
import { impactCommand } from './commands/impact.js';
import { initCommand } from './commands/init.js';
import { layoutCommand } from './commands/layout.js';
import { omissionsCommand } from './commands/omissions.js';
import { verifyCommand } from './commands/verify.js';
import { whereCommand } from './commands/where.js';
import { asksForJson, reportOf } from './error-report.js';

const program = new Command('kvm-uapi')
  .description('Typed, zero-copy TypeScript bindings for Linux uapi headers.')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .version(version)
  .addCommand(initCommand)
  .addCommand(generateCommand)
  .addCommand(diffCommand)
  .addCommand(impactCommand)
  .addCommand(layoutCommand)
  .addCommand(omissionsCommand)
  .addCommand(verifyCommand)
  .addCommand(whereCommand)
  .addCommand(headersCommand)
  .addCommand(doctorCommand)
  .addCommand(completionCommand)
  .addHelpText(
    'after',
    "\nExit codes: 0 for success, 1 for a failed check, 2 for a wrong argument or input.\n'kvm-uapi help <command>' shows examples.",
  );

const isJson = asksForJson(process.argv.slice(2));

for (const each of [program, ...program.commands, ...headersCommand.commands]) {
  each.exitOverride();
  // With --json, the error is printed as JSON when it arrives.
  if (isJson) each.configureOutput({ outputError: () => undefined });
}

// A reader such as `head` closes the pipe when it has read enough. This is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// The module does not await this promise. In the bundle, the modules that a command loads import this module and would
// wait for it forever.
program.parseAsync().catch((error) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof GeneratorError) process.exitCode = error.exitCode;
  else throw error;
  if (process.exitCode === 0) return;
  if (isJson) console.log(JSON.stringify(reportOf(error), null, 2));
  else if (error instanceof GeneratorError) console.error(`error: ${error.message}`);
});
