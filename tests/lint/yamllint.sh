#!/usr/bin/env bash
# Every YAML file but those that are wrong on purpose.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t files < <(find . -path ./build -prune -o \( -name '*.yml' -o -name '*.yaml' \) -print | grep -v -e '^./tests/config/bad/' -e '^./tests/fuzz/corpus/' | sort)
[ "${#files[@]}" -gt 3 ] || { echo "only ${#files[@]} files found" >&2; exit 1; }
yamllint --strict "${files[@]}"
