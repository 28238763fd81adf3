#!/usr/bin/env bash
# Every C++ file is formatted as .clang-format says.
set -euo pipefail
cd "$(dirname "$0")/../.."
find agent collectors config tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 | sort -z | xargs -0 clang-format-19 --dry-run -Werror
