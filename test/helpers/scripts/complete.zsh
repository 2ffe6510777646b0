# Prints what an interactive zsh completes. Use: zsh -f complete.zsh SCRIPT LINE...
# A tab is typed after each line. The output of each line ends with the text '<end>'.
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell "PS1='> '; autoload -Uz compinit; compinit -u -D; source ${(q)1}; unsetopt automenu; bindkey '^I' complete-word"
shift
zpty -w shell "echo REA''DY"
zpty -r -m shell text "*READY*"
for line in "$@"; do
  zpty -w -n shell "$line"$'\t'
  # The control character removes the line. zsh reads it after the completion has ended.
  zpty -w -n shell $'\x15'"echo DO''NE"$'\n'
  zpty -r -m shell text "*DONE*"
  print -r -- "$text<end>"
done
zpty -d shell
