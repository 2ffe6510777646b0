/**
 * The command line. Each file of `commands/` declares the options of one command, and makes one call into the generator.
 * Code that only one command needs is loaded only by that command, because loading takes a large part of a run.
 *
 * Exit codes: 0 for success, 1 for a failed check, 2 for wrong usage or bad input.
 */

import { Command, CommanderError } from 'commander';
import { GeneratorError } from '../errors.js';
import { version } from '../version.js';
import { buildCommand } from './commands/build.js';
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
  .addCommand(buildCommand)
  .addCommand(doctorCommand)
  .addCommand(completionCommand)
  .addHelpText(
    'after',
    "\nExit codes: 0 for success, 1 for a failed check, 2 for a wrong argument or input.\n'kvm-uapi help <command>' shows examples.",
  );

const commands: readonly Command[] = [program, ...program.commands, ...headersCommand.commands];
for (const each of commands) each.exitOverride();

/** Runs the command line with these arguments, and sets the exit code of the process. A process can call it repeatedly. */
export async function main(args: readonly string[]): Promise<void> {
  const isJson = asksForJson(args);
  // With --json, the error is printed as JSON when it arrives.
  for (const each of commands)
    each.configureOutput({ outputError: (text, write) => (isJson ? undefined : write(text)) });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof GeneratorError) process.exitCode = error.exitCode;
    else throw error;
    if (process.exitCode === 0) return;
    if (isJson) console.log(JSON.stringify(reportOf(error), null, 2));
    else if (error instanceof GeneratorError) console.error(`error: ${error.message}`);
  }
}
