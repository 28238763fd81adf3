#!/usr/bin/env bash
# Proves that names.py can fail: a small tree, clean at first, then broken in each way it must find.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/check.sh
. "$here/../check.sh"
tree=$work/tree

fresh() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/agent/net/deep "$tree"/{collectors,config} "$tree"/tests/{simulator,property} \
    "$tree"/tests/unit/{net/deep,config,simulator} "$tree"/tests/integration/net
  touch "$tree"/agent/net/{wire,wire_tap,types}.hpp "$tree"/config/loader.hpp "$tree"/tests/simulator/rules.hpp \
    "$tree"/tests/property/tree.hpp "$tree"/agent/net/main.cpp "$tree"/agent/net/boost_impl.cpp
  printf '%s\n' '// Why.' '#include "agent/net/wire.hpp"' '#include "agent/net/types.hpp"' > "$tree/agent/net/wire.cpp"
  echo '#include "agent/net/wire_tap.hpp"' > "$tree/agent/net/wire_tap.cpp"
  echo '#include "config/loader.hpp"' > "$tree/config/loader.cpp"
  touch "$tree"/tests/unit/net/{wire_test,wire_tap_test,wire_cut_off_test,net_golden_test,rig}.cpp \
    "$tree"/tests/integration/net/types_test.cpp "$tree"/tests/unit/config/config_bad_test.cpp \
    "$tree"/tests/unit/net/deep/deep_test.cpp "$tree"/tests/unit/simulator/rules_test.cpp \
    "$tree"/tests/property/{tree,property_tools}_test.cpp
}

expect() {  # expect EXIT WORDS: what names.py says about the tree
  check "exit $1 $2" says "$1" "$2" python3 "$here/names.py" "$tree"
}

fresh
expect 0 ''
touch "$tree/agent/net/stray.cpp"
expect 1 'agent/net/stray.cpp:1: has no stray.hpp beside it'
fresh
echo '#include "agent/net/types.hpp"' > "$tree/agent/net/wire.cpp"
expect 1 'agent/net/wire.cpp:1: does not include agent/net/wire.hpp first'
fresh
touch "$tree/collectors/all.cpp"
expect 1 'collectors/all.cpp:1: has no all.hpp beside it'
for test in unit/net/golden integration/net/wiretap unit/config/wire unit/net/deep/wire unit/simulator/tree property/rules; do
  fresh
  touch "$tree/tests/${test}_test.cpp"
  expect 1 "tests/${test}_test.cpp:1: is not called after a header of its room"
done
rm -rf "${tree:?}"/*
expect 2 'no sources below'
finish
