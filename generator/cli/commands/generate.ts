/** The options of `kvm-uapi generate`. */

import { relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { configNames } from '../../config/names.js';
import { type ImportExtension, importExtensions } from '../../emit/support.js';
import { UsageError } from '../../errors.js';
import { filesOnDisk } from '../../headers/disk.js';
import { defaultTarget } from '../../targets/targets.js';
import { chosenTargets, configFor, type GivenHeaders, headerCommand, headersGiven, single } from '../arguments.js';
import { type GenerateOptions, generate, generateJson, regenerate } from '../generate.js';
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
  readonly watch?: true;
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
    ['generate --watch --header ./mydev.h', 'generates again after each change of the header'],
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
  .addOption(
    new Option(
      '--watch',
      'generate again when a header or the configuration changes, until Control-C; then exit with 0',
    ).conflicts(['check', 'json']),
  )
  .action(async (given: Given) => {
    if (given.strict && !given.check) throw new UsageError('--strict needs --check; add --check, or remove --strict');
    if (given.watch) return watchBindings(given);
    const check = given.check ? (await import('../check.js')).check : undefined;
    await withOptions(given, (options, config) => {
      if (!check) {
        console.log(given.json ? generateJson(options) : generate(options, config));
        return;
      }
      const { state, report, headers } = check(options);
      console.log(given.json ? JSON.stringify({ schema: 'kvm-uapi/check/1', state, headers }, null, 2) : report);
      if (state === 'stale' || (state === 'other headers' && given.strict)) process.exitCode = 1;
    });
  });

/** Calls `use` with the options that the arguments or the configuration give, and the file of the configuration. */
async function withOptions<T>(given: Given, use: (options: GenerateOptions, config?: string) => T): Promise<T> {
  const config = await configFor(generateCommand, given.config, generating);
  if (!config) return use(optionsGiven(given));
  const chosen = given.arch === undefined ? {} : { arch: given.arch };
  return follow(config, (options) =>
    use({ ...options, ...chosen, comments: options.comments === true || given.comments === true }, config.file),
  );
}

const staleModule =
  'Node does not load a changed .js or .mjs configuration again: start the command again, or use a .ts configuration';

async function watchBindings(given: Given): Promise<void> {
  const { watch } = await import('../watch.js');
  const end = new AbortController();
  process.once('SIGINT', () => end.abort());
  let isFirst = true;
  await watch({
    files: filesOnDisk,
    paths: given.config === undefined ? configNames.map((name) => resolve(name)) : [resolve(given.config)],
    signal: end.signal,
    run: (files) =>
      withOptions(given, (options, config) =>
        isFirst ? generate({ ...options, files }, config) : regenerate({ ...options, files }),
      ),
    report: ({ text, isError, changed, watched }) => {
      if (changed.length > 0) console.log(`\n${changed.map((path) => relative('.', path)).join(', ')} changed`);
      if (changed.some((path) => /\.config\.m?js$/.test(path))) console.log(staleModule);
      // One stream keeps the order of errors and results.
      console.log(isError ? `error: ${text}` : text);
      isFirst &&= isError;
      console.log(`watching ${watched} files; Control-C ends the watch`);
    },
  });
}

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
