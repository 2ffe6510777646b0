/**
 * The command line. Each command makes one call into the generator. Code that only one command needs is loaded only by
 * that command, because loading takes a large part of a run.
 *
 * Exit codes: 0 for success, 1 for a failed check, 2 for wrong usage or bad input.
 */

import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { type ImportExtension, importExtensions } from '../emit/support.js';
import { GeneratorError, UsageError } from '../errors.js';
import { packageRoot } from '../headers/disk.js';
import { defaultTarget } from '../targets/targets.js';
import { version } from '../version.js';
import {
  architectures,
  collect,
  configFor,
  type GivenHeaders,
  headerCommand,
  headersGiven,
  projectOf,
  single,
} from './arguments.js';
import { type GenerateOptions, generate } from './generate.js';
import { defaultHeader, headersOf } from './header-options.js';
import {
  type CacheOptions,
  formsHelp,
  type ImportOptions,
  importHeaders,
  listHeaders,
  removeHeaders,
} from './headers.js';
import { follow, keyed, type Project } from './project.js';

const { CC, NO_COLOR } = process.env;

const chosenTargets = `${architectures}; may be repeated (default: the targets of the configuration, or ${defaultTarget})`;

interface GivenToGenerate extends GivenHeaders {
  readonly arch?: readonly string[];
  readonly out?: string;
  readonly support?: string;
  readonly importExtension?: ImportExtension;
  readonly check?: true;
  readonly strict?: true;
  readonly comments?: true;
}

/** The options that say what to generate. With one of them, no configuration is searched. */
const generating = ['header', 'include', 'define', 'from', 'out', 'support', 'importExtension'];

const generateCommand: Command = headerCommand('generate', 'write TypeScript bindings for headers')
  .addOption(
    new Option(
      '--arch <arch>',
      `${architectures}; may be repeated (default: the targets of the configuration, every target with bindings in --out, or ${defaultTarget})`,
    ).argParser(collect),
  )
  .addOption(single('--out <dir>', 'folder to write to (default: generated)'))
  .addOption(
    single(
      '--support <path>',
      'import the support library from this folder, relative to --out, or from a package (default: copies)',
    ),
  )
  .addOption(
    new Option('--import-extension <extension>', "file extension in the output's imports (default: .js)").choices([
      ...importExtensions,
    ]),
  )
  .option('--check', 'write nothing; exit with 1 if the files in --out are not up to date')
  .option('--strict', 'with --check: also exit with 1 if the headers of the distribution differ from the recorded ones')
  .option('--comments', "copy the headers' comments into the docstrings; the comments keep the headers' licence")
  .action(async (given: GivenToGenerate) => {
    if (given.strict && !given.check) throw new UsageError('--strict needs --check; add --check, or remove --strict');
    const check = given.check ? (await import('./check.js')).check : undefined;
    const config = await configFor(generateCommand, given.config, generating);
    const run = (options: GenerateOptions): void => {
      if (!check) {
        console.log(generate(options, config?.file));
        return;
      }
      const { state, report } = check(options);
      console.log(report);
      if (state === 'stale' || (state === 'other headers' && given.strict)) process.exitCode = 1;
    };
    const chosen = given.arch === undefined ? {} : { arch: given.arch };
    if (!config) run(optionsGiven(given));
    else
      follow(config, (options) =>
        run({ ...options, ...chosen, comments: options.comments === true || given.comments === true }),
      );
  });

function optionsGiven(given: GivenToGenerate): GenerateOptions {
  const { arch, out = 'generated', support, importExtension = '.js', comments = false } = given;
  return {
    ...headersGiven(given),
    out,
    importExtension,
    comments,
    ...(arch === undefined ? {} : { arch }),
    ...(support === undefined ? {} : { support }),
  };
}

const layoutCommand: Command = headerCommand('layout', 'print structs, unions and enums with offsets, sizes and holes')
  .addOption(single('--arch <arch>', `${architectures} (default: the first of the configuration, or ${defaultTarget})`))
  .argument('[name...]', 'types to print: kvm_run or "struct kvm_run" (default: all)')
  .option('--json', 'print the model of the header as JSON; with names, the model of these types and what they need')
  .action(async (names: string[], given: GivenHeaders & { readonly arch?: string; readonly json?: true }) => {
    const { layout } = await import('./layout.js');
    await inProject(await projectOf(layoutCommand, given), ({ headers, targets, selection }) => {
      const colour = process.stdout.isTTY === true && NO_COLOR === undefined;
      const [arch = defaultTarget] = targets;
      console.log(layout(names, { ...headers, arch, selection, json: given.json === true, colour }));
    });
  });

const verifyCommand: Command = headerCommand(
  'verify',
  'compile the header with static assertions for every fact of the model',
)
  .addOption(new Option('--arch <arch>', chosenTargets).argParser(collect))
  .addOption(single('--cc <cc>', 'C compiler (default: $CC, or the compiler of the architecture)'))
  .action(async (given: GivenHeaders & { readonly arch?: readonly string[]; readonly cc?: string }) => {
    const { verify } = await import('./verify.js');
    await inProject(await projectOf(verifyCommand, given), async ({ headers, targets, selection }) => {
      const cc = given.cc ?? (CC || undefined);
      for (const arch of targets) {
        const options = { ...headers, arch, selection, ...(cc === undefined ? {} : { cc }) };
        const { good, report } = await verify(options);
        console.log(report);
        if (!good) process.exitCode = 1;
      }
    });
  });

const omissionsCommand: Command = headerCommand(
  'omissions',
  'list the declarations that the bindings do not have, and why',
)
  .addOption(new Option('--arch <arch>', chosenTargets).argParser(collect))
  .option('--json', 'print the omissions as JSON')
  .action(async (given: GivenHeaders & { readonly arch?: readonly string[]; readonly json?: true }) => {
    const { omissions } = await import('./omissions.js');
    await inProject(await projectOf(omissionsCommand, given), (project) => {
      console.log(omissions(project, given.json === true));
    });
  });

const whereCommand: Command = new Command('where')
  .summary('show which architectures have a name, and why the others do not')
  .description('show which architectures have a name, and why the others do not')
  .argument('<name...>', 'ioctls, constants and types, such as KVM_CREATE_PIT2 or kvm_regs')
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
  .action(async (names: string[], given: GivenToWhere) => {
    const { where } = await import('./where.js');
    const config = await configFor(whereCommand, given.config, ['header', 'in']);
    const headers = config
      ? headersOf({ header: config.headers, include: config.include })
      : headersOf({ header: given.header ?? [], include: [] });
    const folder = given.in ?? config?.out ?? join(packageRoot(), 'generated');
    console.log(where(names, { headers: headers.map(({ name }) => name), in: folder, json: given.json === true }));
  });

/** Calls `use`. @throws ConfigError if a pattern or a statement of the configuration matches no name. */
async function inProject(project: Project, use: (project: Project) => void | Promise<void>): Promise<void> {
  try {
    await use(project);
  } catch (error) {
    throw keyed(project.config, error);
  }
}

interface GivenToWhere {
  readonly header?: readonly string[];
  readonly in?: string;
  readonly config?: string;
  readonly json?: true;
}

function setsCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .addOption(
      single('--cache <dir>', 'folder of imported sets (default: kvm-uapi/headers in $XDG_CACHE_HOME or ~/.cache)'),
    );
}

const headersCommand = new Command('headers')
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

const program = new Command('kvm-uapi')
  .description('Typed, zero-copy TypeScript bindings for Linux uapi headers.')
  .version(version)
  .addCommand(generateCommand)
  .addCommand(layoutCommand)
  .addCommand(omissionsCommand)
  .addCommand(verifyCommand)
  .addCommand(whereCommand)
  .addCommand(headersCommand);

for (const each of [program, ...program.commands, ...headersCommand.commands]) each.exitOverride();

// A reader such as `head` closes the pipe when it has read enough. This is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// The module does not await this promise. In the bundle, the modules that a command loads import this module and would
// wait for it forever.
program.parseAsync().catch((error) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof GeneratorError) {
    console.error(`error: ${error.message}`);
    process.exitCode = error.exitCode;
  } else throw error;
});
