# Prints what an interactive zsh completes. Use: zsh -f complete.zsh SCRIPT LINE...
# A tab is typed after each line. The output of each line ends with the text '<end>'.
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell "PS1='> '; autoload -Uz compinit; compinit -u -D; source ${(q)1}; unsetopt automenu"
# zsh does not show a list while there is input that it has not read. So the key tells when the list is shown.
zpty -w shell "shown() { zle complete-word; zle -R; print -n SHO''WN }; zle -N shown; bindkey '^I' shown"
shift
zpty -w shell "echo REA''DY"
zpty -r -m shell text "*READY*"
for line in "$@"; do
  zpty -w -n shell "$line"$'\t'
  zpty -r -m shell text "*SHOWN*"
  print -r -- "$text<end>"
  # The control character removes the line.
  zpty -w -n shell $'\x15'"echo DO''NE"$'\n'
  zpty -r -m shell text "*DONE*"
done
zpty -d shell
