#!/usr/bin/env bash
# Proves that clang_tidy.sh can fail: a room of one source and one header, compiled as one file; clean at first, then with a mistake in each.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/check.sh
. "$here/../check.sh"
build=$work/build
unity=$build/agent/room/unity_0_cxx.cxx

mkdir -p "$work/agent/room" "$build/agent/room"
cp "$here/../../.clang-tidy" "$work"
printf '#include "%s"\n' "$work/agent/room/a.cpp" > "$unity"
printf '[{"directory": "%s", "file": "%s", "command": "clang++-19 -std=c++23 -I%s -c %s"}]\n' "$build" "$unity" "$work" "$unity" \
  > "$build/compile_commands.json"

room() {  # what the header and what the source give
  printf '#pragma once\ninline int* header() { return %s; }\n' "$1" > "$work/agent/room/a.hpp"
  printf '#include "agent/room/a.hpp"\nint* source() { return %s; }\n' "$2" > "$work/agent/room/a.cpp"
}

room nullptr nullptr
check 'a clean room' "$here/clang_tidy.sh" "$build" "$work"
room 0 nullptr
check 'a mistake in a header' says 1 'a.hpp:2:.*modernize-use-nullptr' "$here/clang_tidy.sh" "$build" "$work"
room nullptr 0
check 'a mistake in a source' says 1 'a.cpp:2:.*modernize-use-nullptr' "$here/clang_tidy.sh" "$build" "$work"
finish
