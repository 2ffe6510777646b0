/**
 * Downloads packages of Debian through apt, from the mirror that this system uses. apt works in a folder of the caller with
 * a configuration of its own, so the system does not change and no administrator is needed.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HeaderFetchError } from '../../errors.js';
import { knownSuites } from './suites.js';

/** What apt reads: the packages of some suites for some ports. */
export interface AptSource {
  /** Such as `trixie`. The newest version of a package in these suites is taken. */
  readonly suites: readonly string[];
  /** Debian ports, such as `amd64`. The index of each port has the packages for all ports. */
  readonly ports: readonly string[];
}

export interface Apt {
  /**
   * Returns the port of the newest version of a package, or `all`. Returns undefined if the suites do not have the
   * package for the port.
   */
  architectureOf(name: string, port: string): string | undefined;
  /** Downloads a package into a new folder below the folder of apt. Returns the path of the file. */
  download(name: string, port: string): string;
}

/** The remedy if apt cannot be used. */
const byHand =
  "or download the package linux-libc-dev of the wanted suite in another way, and give the .deb to 'headers import'";

/** Opens apt in a folder, and reads the indexes of the source. @throws HeaderFetchError with the reason. */
export function openApt(folder: string, source: AptSource): Apt {
  const own = resolve(folder);
  const APT_CONFIG = configured(own, source, mirror());
  const run = (command: string, args: readonly string[], cwd = own): string =>
    runApt(command, args, { cwd, APT_CONFIG });
  run('apt-get', ['-qq', '-o', 'APT::Update::Error-Mode=any', 'update']);
  return {
    architectureOf(name, port) {
      const { stdout } = start('apt-cache', ['show', '--no-all-versions', `${name}:${port}`], { cwd: own, APT_CONFIG });
      return /^Architecture: (.+)$/m.exec(stdout)?.[1];
    },
    download(name, port) {
      const staged = mkdtempSync(join(own, 'download-'));
      run('apt-get', ['-qq', 'download', `${name}:${port}`], staged);
      const file = readdirSync(staged).find((each) => each.endsWith('.deb'));
      if (file === undefined)
        throw new HeaderFetchError('network', `apt-get download ${name}: no package was downloaded; try again`);
      return join(staged, file);
    },
  };
}

interface Mirror {
  readonly uri: string;
  /** The options of a line in `sources.list`. */
  readonly options: string;
}

/** Returns the mirror of Debian's main archive in this machine's configuration of apt. */
function mirror(): Mirror {
  const text = runApt('apt-get', ['indextargets', '--format', '$(REPO_URI) $(SIGNED_BY)'], {});
  const [, uri, key] = /^(\S+\/debian\/)(?: (\/\S+))?/m.exec(text) ?? [];
  if (uri === undefined) {
    const problem = 'the configuration of apt has no mirror of Debian; add one to the sources of apt';
    throw new HeaderFetchError('no mirror', `${problem}, ${byHand}`);
  }
  return { uri, options: key === undefined ? '' : `[signed-by=${key}] ` };
}

/** Writes apt's configuration, with all of apt's folders in `folder`. Returns the path of the configuration. */
function configured(folder: string, { suites, ports }: AptSource, { uri, options }: Mirror): string {
  const files = {
    'sources.list': suites.map((suite) => `deb ${options}${uri} ${suite} main\n`).join(''),
    // By default, backports have a lower priority than a suite. Here, the newest version is needed.
    preferences: 'Package: *\nPin: release *\nPin-Priority: 500\n',
    'apt.conf': `APT::Architecture "${ports[0]}";
APT::Architectures { ${ports.map((port) => `"${port}"; `).join('')}};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::http::Timeout "30";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "${folder}/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "${folder}";
Dir::State::status "/dev/null";
Dir::Cache "${folder}/cache";
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Post-Invoke;
`,
  };
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return join(folder, 'apt.conf');
}

interface Start {
  readonly cwd?: string;
  /** The path of the configuration. Without it, apt uses that of the system. */
  readonly APT_CONFIG?: string;
}

function start(command: string, args: readonly string[], { cwd, APT_CONFIG }: Start): ReturnType<typeof spawnText> {
  const env = { ...process.env, LC_ALL: 'C', ...(APT_CONFIG === undefined ? {} : { APT_CONFIG }) };
  const ended = spawnText(command, args, { env, ...(cwd === undefined ? {} : { cwd }) });
  if (ended.error)
    throw new HeaderFetchError(
      'no apt',
      `${command} not found, so nothing was downloaded; use a Debian system, ${byHand}`,
    );
  return ended;
}

function spawnText(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly error?: Error | undefined;
} {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { status, stdout: stdout ?? '', stderr: stderr ?? '', error };
}

function runApt(command: string, args: readonly string[], options: Start): string {
  const { status, stdout, stderr } = start(command, args, options);
  if (status === 0) return stdout;
  throw aptError(`${command} ${args.join(' ')}`, stderr);
}

/** Returns the error for what apt printed in the C locale. */
export function aptError(command: string, stderr: string): HeaderFetchError {
  const line = /^[EW]: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n')[0] ?? '';
  const suite = /The repository '\S+ (\S+) Release' does not have a Release file/.exec(stderr)?.[1];
  if (suite !== undefined) {
    return new HeaderFetchError(
      'unknown suite',
      `the mirror of this system has no suite '${suite}'; the known suites are ${knownSuites.join(', ')}`,
    );
  }
  if (/No space left on device|enough free space/.test(stderr)) {
    return new HeaderFetchError(
      'no space',
      `${line}; nothing was imported; free some space, or use --cache to choose a folder on another file system`,
    );
  }
  if (/Unable to locate package|No packages found|Can't (?:find|select)/.test(stderr)) {
    return new HeaderFetchError('no package', `${command}: ${line}; choose another suite`);
  }
  return new HeaderFetchError(
    'network',
    `the mirror of this system cannot be read: ${line}; check the network and the proxy of apt, ${byHand}`,
  );
}
