# SPDX-License-Identifier: MIT
# Completion of heapwise for bash; for zsh after: autoload bashcompinit && bashcompinit
#
# What can be completed is asked of heapwise itself, so it is always what this version has.

# The commands that a --help names.
_heapwise_commands() {
  "${words[0]}" "$@" --help 2>/dev/null |
    sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\)  .*/\1/p'
}

# The options that a --help names.
_heapwise_options() {
  "${words[0]}" "$@" --help 2>/dev/null | grep -oE '^  (-[a-zA-Z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

# The values in braces behind an option, as in "--clock TEXT:{none,recorded,trace}".
_heapwise_values() {
  local option=$1
  shift
  "${words[0]}" "$@" --help 2>/dev/null | sed -n "s/^.*$option [A-Z]*:{\([^}]*\)}.*/\1/p" | tr , '\n'
}

_heapwise() {
  local words=("${COMP_WORDS[@]}") current=${COMP_WORDS[COMP_CWORD]}
  local previous=${COMP_WORDS[COMP_CWORD - 1]} path=() word choices
  for word in "${words[@]:1:COMP_CWORD-1}"; do
    # Behind two dashes stands the user's own command.
    if [ "$word" = -- ]; then
      compopt -o default
      COMPREPLY=()
      return
    fi
    [[ $word == -* ]] && continue
    case " $(_heapwise_commands "${path[@]}" | tr '\n' ' ')" in
      *" $word "*) path+=("$word") ;;
      *) break ;;
    esac
  done
  choices=$(_heapwise_values "$previous" "${path[@]}")
  if [[ $previous != -* || -z $choices ]]; then
    if [[ $current == -* ]]; then
      choices=$(_heapwise_options "${path[@]}")
    else
      choices=$(_heapwise_commands "${path[@]}")
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  # Where no word fits, files do.
  [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default 2>/dev/null
}

complete -F _heapwise heapwise
