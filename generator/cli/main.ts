/**
 * The command line: each command a thin call into the pipeline. What only one of them needs is loaded by that one: loading
 * is a good part of a run. Exit codes: 0 good, 1 a check failed, 2 wrong use or bad input.
 */

import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import type { CheckedConfig } from '../config/config.js';
import { GeneratorError, UsageError } from '../errors.js';
import { packageRoot } from '../headers/disk.js';
import { defaultTarget, targetNames } from '../targets/targets.js';
import { version } from '../version.js';
import { type GenerateOptions, generate } from './generate.js';
import { defaultHeader, type HeaderOptions } from './header-options.js';
import {
  type CacheOptions,
  formsHelp,
  type ImportOptions,
  importHeaders,
  listHeaders,
  removeHeaders,
} from './headers.js';
import type { LayoutOptions } from './layout.js';
import { follow } from './project.js';
import type { VerifyCommandOptions } from './verify.js';
import type { WhereOptions } from './where.js';

const { CC, NO_COLOR } = process.env;

const collect = (value: string, list: readonly string[]): string[] => [...list, value];

function command(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .addOption(
      new Option('--header <header>', `header as an #include spells it; may be repeated (default: ${defaultHeader})`)
        .argParser(collect)
        .default([], ''),
    )
    .addOption(
      new Option('--include <dir>', "include folder, searched before the system's; may be repeated")
        .argParser(collect)
        .default([], ''),
    )
    .option('--from <set>', "header set to read, an imported one's name or a folder (default: the system's headers)");
}

const architectures = `target: ${targetNames.join(', ')}`;
const oneArchitecture = (): Option => new Option('--arch <arch>', architectures).default(defaultTarget);

const generateCommand: Command = command('generate', 'write TypeScript bindings of headers')
  .option('--config <file>', 'configuration to follow (default: kvm-uapi.config.{ts,mts,js,mjs,json}, if one is here)')
  .option('--arch <arch>', `${architectures} (default: those that --out has bindings for, else ${defaultTarget})`)
  .option('--out <dir>', 'folder to write to', 'generated')
  .option(
    '--support <path>',
    'import the support library from this folder, relative to --out, or from a package (default: copies)',
  )
  .option('--check', 'write nothing; exit with 1 when the files in --out are not what they should be', false)
  .option('--strict', 'with --check: exit with 1 also when the headers here are other ones than recorded', false)
  .option('--comments', "put the headers' comments into the docstrings; they have the headers' licence", false)
  .action(async ({ config: named, check: isCheck, strict, ...given }: GenerateCommandOptions) => {
    const check = isCheck ? (await import('./check.js')).check : undefined;
    const run = (options: GenerateOptions): void => {
      if (!check) {
        console.log(generate(options));
        return;
      }
      const { state, report } = check(options);
      console.log(report);
      if (state === 'stale' || (state === 'other headers' && strict)) process.exitCode = 1;
    };
    const config = await configFor(named);
    if (!config) run(given);
    else follow(config, (options) => run({ ...options, comments: options.comments === true || given.comments }));
  });

interface GenerateCommandOptions extends GenerateOptions {
  readonly config?: string;
  readonly check: boolean;
  readonly strict: boolean;
  readonly comments: boolean;
}

/** The configuration that is named, or else the one here where nothing on the command line says what to generate. */
async function configFor(named: string | undefined): Promise<CheckedConfig | undefined> {
  const said = ['header', 'include', 'from', 'arch', 'out', 'support'].find(
    (name) => generateCommand.getOptionValueSource(name) === 'cli',
  );
  if (named !== undefined && said !== undefined) {
    throw new UsageError(`--config says what --${said} says; give one of them`);
  }
  if (said !== undefined) return undefined;
  const { findConfig, loadConfig } = await import('../config/load.js');
  const file = named ?? findConfig('.');
  return file === undefined ? undefined : loadConfig(file);
}

const layoutCommand = command('layout', 'print structs, unions and enums with offsets, sizes and holes')
  .addOption(oneArchitecture())
  .argument('[name...]', 'types to print: kvm_run or "struct kvm_run" (default: all)')
  .option('--json', 'print the whole model of the header as JSON', false)
  .action(async (names: string[], options: HeaderOptions & Pick<LayoutOptions, 'json'>) => {
    const { layout } = await import('./layout.js');
    const colour = process.stdout.isTTY === true && NO_COLOR === undefined;
    console.log(layout(names, { ...options, colour }));
  });

const verifyCommand = command('verify', 'compile static assertions for everything in the model with the real header')
  .addOption(oneArchitecture())
  .option('--cc <cc>', "C compiler (default: $CC, else the architecture's own)", CC || undefined)
  .action(async (options: VerifyCommandOptions) => {
    const { verify } = await import('./verify.js');
    const { good, report } = await verify(options);
    console.log(report);
    if (!good) process.exitCode = 1;
  });

const whereCommand = new Command('where')
  .summary('tell on which architectures something is, and why not on the others')
  .description('tell on which architectures something is, and why not on the others')
  .argument('<name...>', 'ioctls, constants and types: KVM_CREATE_PIT2, kvm_regs')
  .option('--header <header>', 'header that the bindings are of', defaultHeader)
  .addOption(
    new Option('--in <dir>', 'folder of the bindings').default(
      join(packageRoot(), 'generated'),
      'those of this package',
    ),
  )
  .option('--json', 'print the same as JSON', false)
  .action(async (names: string[], options: WhereOptions) => {
    const { where } = await import('./where.js');
    console.log(where(names, options));
  });

function setsCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .option('--cache <dir>', 'folder of imported sets (default: kvm-uapi/headers in $XDG_CACHE_HOME or ~/.cache)');
}

const headersCommand = new Command('headers')
  .summary('list the header sets of this machine; import and remove them')
  .description('List the header sets of this machine, and import and remove them.')
  .addCommand(
    setsCommand('list', 'list the header sets that are installed or imported')
      .option('--json', 'print them as JSON, with their hashes', false)
      .action((options: CacheOptions & { json: boolean }) => console.log(listHeaders(options))),
    { isDefault: true },
  )
  .addCommand(
    setsCommand('import', 'keep the kernel headers of a folder or a Debian package')
      .argument('<source>', 'folder or .deb')
      .option('--name <name>', 'name of the set (default: package, version and architecture)')
      .addHelpText('after', `\n${formsHelp()}`)
      .action(async (source: string, options: ImportOptions) => console.log(await importHeaders(source, options))),
  )
  .addCommand(
    setsCommand('remove', 'remove imported sets')
      .argument('<name...>', 'names of sets')
      .action((names: string[], options: CacheOptions) => console.log(removeHeaders(names, options))),
  );

const program = new Command('kvm-uapi')
  .description('Typed, zero-copy TypeScript bindings for Linux uapi headers.')
  .version(version)
  .addCommand(generateCommand)
  .addCommand(layoutCommand)
  .addCommand(verifyCommand)
  .addCommand(whereCommand)
  .addCommand(headersCommand);

for (const each of [program, ...program.commands, ...headersCommand.commands]) each.exitOverride();

// A reader that has seen enough, such as `head`, closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Not awaited by the module: in the bundle, the modules that a command loads import this one and would wait for it for ever.
program.parseAsync().catch((error) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof GeneratorError) {
    console.error(`error: ${error.message}`);
    process.exitCode = error.exitCode;
  } else throw error;
});
