/** The completion script for zsh. */

import { names, types } from './declared.js';
import type { CompletedCommand, CompletedOption, Values } from './tree.js';

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef kvm-uapi
# zsh completion for kvm-uapi
# Use it with: source <(kvm-uapi completion zsh)
# or write it to a file called _kvm-uapi in a folder of $fpath.

_kvm_uapi_header_files() {
  local -a roots
  roots=(/usr/include /usr/include/*-linux-gnu*(N/))
  _files -W roots -g '*.h' || _files -g '*.h'
}

_kvm_uapi_sets() {
  local -a sets
  sets=(\${XDG_CACHE_HOME:-$HOME/.cache}/kvm-uapi/headers/*(N/:t))
  compadd -a sets
}

_kvm_uapi_set_or_folder() { _alternative 'sets:set:_kvm_uapi_sets' 'folders:folder:_files -/' }

_kvm_uapi_set_or_file() { _alternative 'sets:set:_kvm_uapi_sets' 'files:file:_files' }

_kvm_uapi_declared() {
  local -a found
  found=(\${(f)"$(grep -ohE "$1" /usr/include/linux/kvm.h /usr/include/*/asm/kvm.h(N) 2>/dev/null | sed 's/.* //' | sort -u)"})
  compadd -a found
}

_kvm_uapi_types() { _kvm_uapi_declared '${types}' }

_kvm_uapi_all_names() { _kvm_uapi_declared '${names}' }

${commands.map(functionOf).join('\n\n')}

if [ "$funcstack[1]" = _kvm-uapi ] || [ "$funcstack[1]" = _kvm_uapi ]; then
  _kvm_uapi "$@"
else
  compdef _kvm_uapi kvm-uapi
fi
`;
}

function functionOf({ path, options, values, commands }: CompletedCommand): string {
  const lines = options.map(optionText);
  const name = functionName(path);
  if (commands.length === 0) {
    // An argument that zsh cannot complete would keep it from completing an option that only one option begins.
    const rest = values.are === 'texts' ? [] : [quoted(`*:argument:${actionOf(values)}`)];
    return `${name}() {\n  _arguments ${[...lines, ...rest].join(' \\\n    ')}\n}`;
  }
  const below = commands.map(({ name: each, about }) => `    ${quoted(`${each.replaceAll(':', '\\:')}:${about}`)}`);
  const cases = commands
    .filter((each) => each.name !== 'help')
    .map((each) => `        ${each.name}) ${functionName([...path, each.name])} ;;`);
  return `${name}() {
  local state line
  local -a names
  names=(
${below.join('\n')}
  )
  _arguments -C ${[...lines, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')}
  case $state in
    command) _describe command names ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}`;
}

function functionName(path: readonly string[]): string {
  return ['_kvm_uapi', ...path.map((name) => name.replaceAll('-', '_'))].join('_');
}

/** An option may be repeated, because the declarations do not say which options may. */
function optionText({ flags, about, values }: CompletedOption): string {
  const explained = `[${about.replace(/[[\]\\:]/g, '\\$&')}]`;
  const taken = values === null ? '' : `:value:${actionOf(values)}`;
  return flags
    .map((flag) => quoted(`*${flag}${values !== null && flag.startsWith('--') ? '=' : ''}${explained}${taken}`))
    .join(' ');
}

function actionOf(values: Values): string {
  switch (values.are) {
    case 'choices':
      return `(${values.choices.join(' ')})`;
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'headers':
      return '_kvm_uapi_header_files';
    case 'sets':
      return '_kvm_uapi_set_or_folder';
    case 'sides':
      return '_kvm_uapi_set_or_file';
    case 'types':
      return '_kvm_uapi_types';
    case 'names':
      return '_kvm_uapi_all_names';
    case 'texts':
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
