#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Nights that go well and nights that do not, with a suite that is made up and everything else real:
#   nightly_test.sh SCRIPTS/NIGHTLY HEAPWISE MAKE_SESSION
set -euo pipefail
nightly=$1 real=$2 make_session=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/nights"
ln -s nights "$work/out"  # as where they are kept on another disk
failures=0

# `heapwise suite` writes the session it is told of and ends as it is told to.
cat >"$work/heapwise" <<STUB
#!/usr/bin/env bash
if [ "\$1" != suite ]; then exec "$real" "\$@"; fi
while [ "\$1" != --json ]; do shift; done
if [ -n "\${SESSION:-}" ]; then "$make_session" "\$2" \$SESSION; fi
exit "\${SUITE_EXIT:-0}"
STUB
chmod +x "$work/heapwise"

check() {  # check SENTENCE COMMAND…
  local sentence=$1
  shift
  if "$@"; then return; fi
  echo "FAILED: $sentence"
  sed 's/^/    /' "$work/said" || true
  failures=$((failures + 1))
}

night() {  # night EXPECTED-EXIT-CODE FLAG…: with SESSION and SUITE_EXIT of the environment
  local expected=$1 code=0
  shift
  HEAPWISE=$work/heapwise "$nightly" --out "$work/out" --baselines "$work/base" "$@" \
    >"$work/said" 2>&1 || code=$?
  check "a night of session '${SESSION:-}' ends with $expected, not $code" [ "$code" = "$expected" ]
  sleep 1.1  # nights are called by the second
}

said() { grep -q -- "$1" "$work/said"; }
baseline() { cat "$work"/base/*.json | md5sum; }
nights() { find "$work/out/" -maxdepth 1 -name '*.json' | wc -l; }
last() { find "$work/out/" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1; }

SESSION="1" SUITE_EXIT=130 night 3
check "a first night that was cut short becomes no baseline" [ -z "$(ls "$work/base")" ]
check "and is none of the nights" [ "$(nights)" = 0 ]

SESSION="1" night 0
check "the first complete night becomes the baseline" [ "$(find "$work/base" -name '*.json' | wc -l)" = 1 ]
first=$(baseline)
for made in summary.md report.html compare.md result.json; do
  check "a night leaves $made" [ -s "$(last)/$made" ]
done
check "a night leaves the trend" [ -s "$work/out/trend.html" ]

SESSION="2 jemalloc" night 1 --accept
check "a regression is never accepted" [ "$(baseline)" = "$first" ]
check "the summary names what is worse" grep -q jemalloc "$(last)/summary.md"
check "JUnit has the failure" grep -q "<failure" "$(last)/junit.xml"

SESSION="3" SUITE_EXIT=130 night 3 --accept
check "a night that was cut short is not accepted" [ "$(baseline)" = "$first" ]
check "nor compared" [ ! -e "$(last)/compare.json" ]
check "nor one of the nights" [ "$(nights)" = 2 ]

SESSION="" SUITE_EXIT=2 night 2
check "a suite that could not begin says so" said "cut short (exit 2)"

SESSION="4" night 0
check "a night without regression leaves the baseline alone" [ "$(baseline)" = "$first" ]
SESSION="5" night 0 --accept --keep 2
check "with --accept it becomes the baseline" [ "$(baseline)" != "$first" ]
check "samples are kept of the last nights only" [ "$(find "$work/out/" -name result.json | wc -l)" = 2 ]
check "and of none of the older ones that were cut short" [ -z "$(find "$work/out/" -name partial.json)" ]
check "figures are kept of all" [ "$(nights)" = 4 ]

code=0
"$nightly" --frobnicate >"$work/said" 2>&1 || code=$?
check "a wrong flag is a usage error" [ "$code" = 2 ]

accepted=$(baseline)
chmod -x "$work/heapwise"
night 2
check "a heapwise that cannot be run is not found out after hours" said "there is no program"
chmod +x "$work/heapwise"
night 2 --fail-over much
check "nor is a limit that is no number" said "--fail-over wants a number"

# What shows a night fails; a pipe to nowhere is as good as a full disk.
sed -i '2i case "$1 $*" in report*" -o "* | trend*) exit 2 ;; esac' "$work/heapwise"
SESSION="7 jemalloc" night 1
check "a report that fails does not hide a regression" grep -q jemalloc "$(last)/summary.md"
check "and is said" said "no report.html"
[ "$(baseline)" = "$accepted" ] || failures=$((failures + 1))

exec 8>"$work/out/.lock"
flock 8
SESSION="6" night 2
check "two nights at a time are refused" said "another night"

[ "$failures" = 0 ] && echo "all nights as expected"
exit "$failures"
