/** The completion script for zsh. */

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
  const names = commands.map(({ name: each, about }) => `    ${quoted(`${each.replaceAll(':', '\\:')}:${about}`)}`);
  const below = commands
    .filter((each) => each.name !== 'help')
    .map((each) => `        ${each.name}) ${functionName([...path, each.name])} ;;`);
  return `${name}() {
  local state line
  local -a names
  names=(
${names.join('\n')}
  )
  _arguments -C ${[...lines, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')}
  case $state in
    command) _describe command names ;;
    argument)
      case $line[1] in
${below.join('\n')}
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
    case 'texts':
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
