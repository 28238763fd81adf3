#!/usr/bin/env bash
# Every header compiles alone. Those of a .cpp with the same name are its first include, so the preset dev shows it (tests/nightly); the
# others are compiled here. usage: headers.sh BUILD_DIR (for the flags of the build)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: headers.sh BUILD_DIR}
[ -f "$build/compile_commands.json" ]
check() {
  clang++-19 -std=c++23 -fsyntax-only -Wall -Wextra -Werror -Wno-pragma-once-outside-header -I. \
    -DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_BEAST_SEPARATE_COMPILATION -DBOOST_ASIO_NO_DEPRECATED -x c++ "$1"
}
export -f check
alone=()
while IFS= read -r header; do
  source=${header%.hpp}.cpp
  if [ ! -f "$source" ]; then
    alone+=("$header")
  elif [ "$(grep -m 1 '^#include' "$source")" != "#include \"$header\"" ]; then
    alone+=("$header")
  fi
done < <(find agent collectors config -name '*.hpp' | sort)
# shellcheck disable=SC2016 # $1 is the inner shell's
printf '%s\0' "${alone[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$1"' _
