#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What bash offers behind the words given, by the completion that is installed.
#
#   completion_test.sh COMPLETION HEAPWISE
set -euo pipefail
source "$1"
PATH=$(dirname "$2"):$PATH
failures=0

# expect WANTED WORD…: what is offered for the last word, in alphabetical order, begins so; where
# WANTED is empty, nothing is offered.
expect() {
  local wanted=$1 got
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  compopt() { :; }
  _heapwise
  got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
  if [[ $got != "$wanted"* || (-z $wanted && ${#COMPREPLY[@]} -ne 0) ]]; then
    echo "for '$*' bash offers '$got' and not '$wanted'"
    failures=$((failures + 1))
  fi
}

expect 'recommend record' heapwise reco
expect 'check' heapwise trace ch
expect '--force' heapwise record --f
expect 'none recorded trace' heapwise replay --clock ''
expect '' heapwise record -- --f
expect '' heapwise no-such-command --f
exit "$failures"
