/** The completion script for fish. */

import { names, types } from './declared.js';
import type { CompletedCommand, CompletedOption, Values } from './tree.js';

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  return `# fish completion for kvm-uapi
# Use it with: kvm-uapi completion fish | source

function __kvm_uapi_header_files
    set -l word (commandline -ct)
    for root in /usr/include /usr/include/*-linux-gnu*
        test -d $root; and for path in $root/$word*
            if test -d $path
                string replace $root/ '' $path/
            else if string match -q '*.h' $path
                string replace $root/ '' $path
            end
        end
    end
    __fish_complete_path $word
end

function __kvm_uapi_sets
    set -l cache $XDG_CACHE_HOME
    test -n "$cache"; or set cache $HOME/.cache
    for path in $cache/kvm-uapi/headers/*/
        basename $path
    end
end

function __kvm_uapi_declared
    set -l headers /usr/include/linux/kvm.h /usr/include/*/asm/kvm.h
    grep -ohE $argv[1] $headers 2>/dev/null | sed 's/.* //' | sort -u
end

complete -c kvm-uapi -f
${commands.flatMap((command) => linesOf(command)).join('\n')}
`;
}

function linesOf({ path, options, values, commands }: CompletedCommand): string[] {
  const here = `complete -c kvm-uapi -n ${quoted(conditionOf(path, commands))}`;
  return [
    ...commands.map(({ name, about }) => `${here} -a ${name} -d ${quoted(about)}`),
    ...options.map((option) => `${here} ${optionText(option)}`),
    ...(path.length > 0 && commands.length === 0 ? valueText(values).map((text) => `${here} ${text}`) : []),
  ];
}

/** The names of the command are given, and no name of a command below it is. */
function conditionOf(path: readonly string[], below: CompletedCommand['commands']): string {
  const given = path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const others =
    below.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below.map(({ name }) => name).join(' ')}`];
  return [...given, ...others].join('; and ');
}

function optionText({ flags, about, values }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const taken = values === null ? [] : values.are === 'texts' ? ['-x'] : ['-x', ...valueText(values)];
  return [...names, ...taken, `-d ${quoted(about)}`].join(' ');
}

function valueText(values: Values): string[] {
  switch (values.are) {
    case 'choices':
      return [`-a ${quoted(values.choices.join(' '))}`];
    case 'files':
      return ["-a '(__fish_complete_path (commandline -ct))'"];
    case 'folders':
      return ["-a '(__fish_complete_directories (commandline -ct))'"];
    case 'headers':
      return ["-a '(__kvm_uapi_header_files)'"];
    case 'sets':
      return ["-a '(__kvm_uapi_sets; __fish_complete_directories (commandline -ct))'"];
    case 'sides':
      return ["-a '(__kvm_uapi_sets; __fish_complete_path (commandline -ct))'"];
    case 'types':
      return [`-a ${quoted(`(__kvm_uapi_declared ${quoted(types)})`)}`];
    case 'names':
      return [`-a ${quoted(`(__kvm_uapi_declared ${quoted(names)})`)}`];
    case 'texts':
      return [];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
