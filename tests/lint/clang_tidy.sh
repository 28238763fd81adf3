#!/usr/bin/env bash
# The checks of .clang-tidy, the compiler's warnings among them, over every file of the product. Each file is read alone, with no
# precompiled header: so it includes what it uses, which CI's build of a room as one file cannot show.
set -euo pipefail
cd "$(dirname "$0")/../.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset lint > "$log" 2>&1 || { cat "$log"; exit 1; }
build=build/lint
if ! run-clang-tidy-19 -quiet -p "$build" -j "$(nproc)" "$PWD/(agent|collectors|config)/.*\.cpp$" > "$log" 2>&1; then
  grep -E '(error|warning):' "$log" | sort -u | head -n 100
  exit 1
fi
