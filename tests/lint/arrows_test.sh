#!/usr/bin/env bash
# Proves that arrows.py can fail: a small tree of rooms, clean at first, then broken in each way it must find.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/check.sh
. "$here/../check.sh"
tree=$work/tree

fresh() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/agent/{low,high,net} "$tree"/{collectors,config,tests}
  echo 'sfb_room(NAME low SOURCES low.cpp)' > "$tree/agent/low/CMakeLists.txt"
  echo 'sfb_room(NAME high SOURCES high.cpp ROOMS low LIBS fmt::fmt)' > "$tree/agent/high/CMakeLists.txt"
  echo 'sfb_room(NAME net SOURCES net.cpp ROOMS low)' > "$tree/agent/net/CMakeLists.txt"
  echo '#pragma once' | tee "$tree/agent/low/low.hpp" "$tree/agent/high/high.hpp" > "$tree/agent/net/net.hpp"
  echo '#include "agent/low/low.hpp"' > "$tree/agent/high/high.cpp"
  echo '#include <boost/asio.hpp>' > "$tree/agent/net/net.cpp"
}

expect() {  # expect EXIT WORDS: what arrows.py says about the tree
  check "exit $1 $2" says "$1" "$2" python3 "$here/arrows.py" "$tree"
}

fresh
expect 0 ''
echo '#include "agent/high/high.hpp"' > "$tree/agent/low/low.cpp"
expect 1 'agent/low/low.cpp:1: no arrow from low to high'
fresh
echo '#include <boost/asio.hpp>' > "$tree/agent/low/low.cpp"
expect 1 'low must not know Asio'
fresh
mkdir "$tree/agent/engine"
echo 'sfb_room(NAME engine SOURCES engine.cpp core.cpp ROOMS net)' > "$tree/agent/engine/CMakeLists.txt"
echo '#include "agent/net/net.hpp"' | tee "$tree/agent/engine/engine.cpp" > "$tree/agent/engine/core.cpp"
expect 0 ''
echo '#include <boost/asio.hpp>' > "$tree/agent/net/net.hpp"
expect 1 'agent/engine/core.cpp:1: must not reach Asio: agent/engine/core.cpp -> agent/net/net.hpp -> boost/asio.hpp'
fresh
echo '#include "tests/unit/x.hpp"' > "$tree/agent/low/low.cpp"
expect 1 'product code includes tests/unit/x.hpp'
fresh
printf '// line\n%.0s' {1..401} > "$tree/agent/low/long.cpp"
expect 1 '401 lines, at most 400'
fresh
printf '// line\n%.0s' {1..401} > "$tree/agent/low/long_table.cpp"
expect 0 ''
fresh
echo 'sfb_room(NAME low SOURCES low.cpp ROOMS high)' > "$tree/agent/low/CMakeLists.txt"
expect 2 'arrows form a circle'
fresh
mkdir "$tree/agent/stray" && touch "$tree/agent/stray/stray.cpp"
expect 1 'lies in no room'
rm -rf "$tree"/agent/*
expect 2 'no rooms below'
finish
