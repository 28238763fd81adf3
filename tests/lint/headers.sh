#!/usr/bin/env bash
# Every header compiles alone. usage: headers.sh BUILD_DIR (for the flags of the build)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: headers.sh BUILD_DIR}
[ -f "$build/compile_commands.json" ]
check() {
  clang++-19 -std=c++23 -fsyntax-only -Wall -Wextra -Werror -Wno-pragma-once-outside-header -I. \
    -DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_BEAST_SEPARATE_COMPILATION -DBOOST_ASIO_NO_DEPRECATED -x c++ "$1"
}
export -f check
# shellcheck disable=SC2016 # $1 is the inner shell's
find agent collectors config -name '*.hpp' -print0 | sort -z | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$1"' _
