#!/usr/bin/env bash
# The checks of .clang-tidy over every file of the product. usage: clang_tidy.sh BUILD_DIR
set -euo pipefail
build=${1:?usage: clang_tidy.sh BUILD_DIR}
cd "$(dirname "$0")/../.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! run-clang-tidy-19 -quiet -p "$build" -j "$(nproc)" "$PWD/(agent|collectors|config)/.*\.cpp$" > "$log" 2>&1; then
  grep -E '(error|warning):' "$log" | sort -u | head -n 100
  exit 1
fi
