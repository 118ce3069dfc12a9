#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The layer check notices what it is there for: each kind of offence, in a tree made for it.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{base,traces,workloads,allocators,bench/{plan,replay,session},results/report}
fine() { "$check" "$tree" >/dev/null || { echo "a clean tree is refused $1"; exit 1; }; }
offends() {
  if "$check" "$tree" >"$tree/said"; then echo "not noticed: $1"; exit 1; fi
  grep -q "$2" "$tree/said" || { echo "wrong words for $1:"; cat "$tree/said"; exit 1; }
}

echo '#include "base/error.h"' >"$tree/traces/good.cc"
fine "at first"
echo '#include "bench/session/replay.h"' >"$tree/results/bad.cc"
offends "results including bench" 'results/bad.cc:1'
rm "$tree/results/bad.cc"
printf '\n#include <vector>\n' >"$tree/bench/replay/bad.cc"
offends "a container in the measured process" 'bench/replay/bad.cc:2'
rm "$tree/bench/replay/bad.cc"
echo '#include "bench/replay/slots.h"' >"$tree/bench/session/bad.cc"
offends "the CLI's side including the replay" 'bench/session/bad.cc:1'
rm "$tree/bench/session/bad.cc"
fine "at last"
