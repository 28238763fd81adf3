#!/usr/bin/env bash
# The checks of .clang-tidy, the compiler's warnings among them, over every file of the product, a room at a time as CI compiles it: its
# headers are then read once and not for each file, a tenth of the time. Each file alone is compiled at night (tests/nightly).
# usage: clang_tidy.sh BUILD_DIR (its compile_commands.json) [ROOT]
set -euo pipefail
build=$(realpath "${1:?usage: clang_tidy.sh BUILD_DIR [ROOT]}")
cd "${2:-$(dirname "$0")/../..}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! run-clang-tidy-19 -quiet -p "$build" -j "$(nproc)" "^($PWD|$build)/(agent|collectors|config)/.*\.c(pp|xx)$" > "$log" 2>&1; then
  grep -E '(error|warning):' "$log" | sort -u | head -n 100
  exit 1
fi
