/** The options of `kvm-uapi generate`. */

import { type Command, Option } from 'commander';
import { type ImportExtension, importExtensions } from '../../emit/support.js';
import { UsageError } from '../../errors.js';
import { defaultTarget } from '../../targets/targets.js';
import { chosenTargets, configFor, type GivenHeaders, headerCommand, headersGiven, single } from '../arguments.js';
import { type GenerateOptions, generate, generateJson } from '../generate.js';
import { follow } from '../project.js';

interface Given extends GivenHeaders {
  readonly arch?: readonly string[];
  readonly out?: string;
  readonly support?: string;
  readonly importExtension?: ImportExtension;
  readonly check?: true;
  readonly strict?: true;
  readonly comments?: true;
  readonly json?: true;
}

/** The options that say what to generate. With one of them, no configuration is searched. */
const generating = ['header', 'include', 'define', 'from', 'out', 'support', 'importExtension'];

export const generateCommand: Command = headerCommand('generate', 'write TypeScript bindings for headers', {
  about:
    'Write TypeScript bindings for headers. All files are written, or none. Without --arch and without a configuration, the bindings that --out already has are written again.',
  examples: [
    ['generate', `writes ./generated/${defaultTarget}/linux/kvm.ts, or what kvm-uapi.config.ts says`],
    ['generate --header linux/vhost.h --arch arm64 --out bindings', 'writes ./bindings/arm64/linux/vhost.ts'],
    ['generate --header ./mydev.h --define MYDEV_VERSION=2', 'reads a header of your own'],
    ['generate --check', 'for continuous integration: fails if the written files are not up to date'],
  ],
  success: 'the bindings are written; with --check: they are up to date',
  failure: 'with --check: the bindings are not up to date; nothing was changed',
})
  .addOption(chosenTargets())
  .addOption(single('--out <dir>', 'folder to write to, instead of ./generated'))
  .addOption(
    single(
      '--support <path>',
      'import the support library from this folder, relative to --out, or from a package, instead of copying it',
    ),
  )
  .addOption(
    new Option(
      '--import-extension <extension>',
      "file extension in the output's imports: .js, or .ts for Node's type stripping",
    ).choices([...importExtensions]),
  )
  .option('--check', 'write nothing; exit with 1 if the files in --out are not up to date')
  .option('--strict', 'with --check: also exit with 1 if the headers of the distribution differ from the recorded ones')
  .option('--comments', "copy the headers' comments into the docstrings; the comments keep the headers' licence")
  .option('--json', 'print the result as JSON')
  .action(async (given: Given) => {
    if (given.strict && !given.check) throw new UsageError('--strict needs --check; add --check, or remove --strict');
    const check = given.check ? (await import('../check.js')).check : undefined;
    const config = await configFor(generateCommand, given.config, generating);
    const run = (options: GenerateOptions): void => {
      if (!check) {
        console.log(given.json ? generateJson(options) : generate(options, config?.file));
        return;
      }
      const { state, report, headers } = check(options);
      console.log(given.json ? JSON.stringify({ schema: 'kvm-uapi/check/1', state, headers }, null, 2) : report);
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
