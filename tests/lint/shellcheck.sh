#!/usr/bin/env bash
# Every shell script, found by its first line.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t scripts < <(grep -rlE '^#!.*\b(bash|sh)$' .ci deploy tests | sort)
[ "${#scripts[@]}" -gt 5 ] || { echo "only ${#scripts[@]} scripts found" >&2; exit 1; }
shellcheck "${scripts[@]}"
