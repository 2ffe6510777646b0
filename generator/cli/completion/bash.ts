/** The completion script for bash. */

import { names, types } from './declared.js';
import type { CompletedCommand, Values } from './tree.js';

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const subcommands = commands.flatMap(({ path, commands: below }) =>
    below.length === 0 ? [] : [`    '${path.join(' ')}') names='${below.map(({ name }) => name).join(' ')}' ;;`],
  );
  return `# bash completion for kvm-uapi
# Use it with: source <(kvm-uapi completion bash)

_kvm_uapi_header_files() {
  local root
  for root in /usr/include /usr/include/*-linux-gnu*; do
    [[ -d $root ]] && (cd "$root" && compgen -f -X '!*.h' -- "$1"; compgen -d -S / -- "$1")
  done | sort -u
}

_kvm_uapi_sets() {
  local set
  for set in "\${XDG_CACHE_HOME:-$HOME/.cache}"/kvm-uapi/headers/*/; do
    [[ -d $set ]] && basename "$set"
  done
}

_kvm_uapi_declared() {
  grep -ohE "$1" /usr/include/linux/kvm.h /usr/include/{,*-linux-gnu*/}asm/kvm.h 2>/dev/null | sed 's/.* //' | sort -u
}

_kvm_uapi_names() {
  local names=''
  case $1 in
${subcommands.join('\n')}
  esac
  printf '%s' "$names"
}

_kvm_uapi() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path='' word index values options
  # bash gives the text '--arch=' as the words '--arch' and '='.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ " $(_kvm_uapi_names "$path") " == *" $word "* ]]; then path=\${path:+$path }$word; fi
  done
  options='' values=texts
  case $path in
${commands.map(commandCase).join('\n')}
  esac
  if [[ $previous == -* ]]; then
    case "$path $previous" in
${commands.flatMap(optionCases).join('\n')}
    *) previous='' ;;
    esac
  else
    previous=''
  fi
  COMPREPLY=()
  if [[ -z $previous ]]; then
    if [[ $cur == -* ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
      return
    fi
    word=$(_kvm_uapi_names "$path")
    if [[ -n $word ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
      return
    fi
  fi
  case $values in
    texts) ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    sets)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -W "$(_kvm_uapi_sets)" -- "$cur"; compgen -d -- "$cur") ;;
    sides)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -W "$(_kvm_uapi_sets)" -- "$cur"; compgen -f -- "$cur") ;;
    types) mapfile -t COMPREPLY < <(compgen -W "$(_kvm_uapi_declared '${types}')" -- "$cur") ;;
    names) mapfile -t COMPREPLY < <(compgen -W "$(_kvm_uapi_declared '${names}')" -- "$cur") ;;
    headers)
      compopt -o nospace 2>/dev/null
      if [[ $cur == [./]* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.h' -- "$cur"; compgen -d -S / -- "$cur")
      else
        mapfile -t COMPREPLY < <(_kvm_uapi_header_files "$cur")
      fi ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur") ;;
  esac
}

complete -F _kvm_uapi kvm-uapi
`;
}

function commandCase({ path, options, values }: CompletedCommand): string {
  const flags = options.flatMap((option) => option.flags).join(' ');
  return `    '${path.join(' ')}') options='${flags}' values='${words(values)}' ;;`;
}

function optionCases({ path, options }: CompletedCommand): string[] {
  return options.flatMap(({ flags, values }) =>
    values === null
      ? []
      : [`    ${flags.map((flag) => `'${[...path, flag].join(' ')}'`).join('|')}) values='${words(values)}' ;;`],
  );
}

function words(values: Values): string {
  return values.are === 'choices' ? values.choices.join(' ') : values.are;
}
