/** The options of `kvm-uapi generate`. */

import { type Command, Option } from 'commander';
import { type ImportExtension, importExtensions } from '../../emit/support.js';
import { UsageError } from '../../errors.js';
import { defaultTarget } from '../../targets/targets.js';
import {
  architectures,
  collect,
  configFor,
  type GivenHeaders,
  headerCommand,
  headersGiven,
  single,
} from '../arguments.js';
import { type GenerateOptions, generate } from '../generate.js';
import { follow } from '../project.js';

interface Given extends GivenHeaders {
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

export const generateCommand: Command = headerCommand('generate', 'write TypeScript bindings for headers')
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
  .action(async (given: Given) => {
    if (given.strict && !given.check) throw new UsageError('--strict needs --check; add --check, or remove --strict');
    const check = given.check ? (await import('../check.js')).check : undefined;
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

function optionsGiven(given: Given): GenerateOptions {
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
