#!/usr/bin/env bash
# Counting for shell tests: to be sourced. The test calls `check` for each thing it checks and `finish` at its end.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# check NAME COMMAND...: the command must succeed. Its output is shown only when it does not.
check() {
  local name=$1
  shift
  if "$@" >"$work/check.output" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    sed 's/^/  /' "$work/check.output"
  fi
}

fails() { ! "$@"; }

# says EXIT WORDS COMMAND...: the command exits with EXIT, and its output has WORDS (as grep reads them; '' for none).
says() {
  local wanted=$1 words=$2 code=0
  shift 2
  "$@" >"$work/says.output" 2>&1 || code=$?
  cat "$work/says.output"
  if [ "$code" != "$wanted" ]; then
    echo "exit $code, expected $wanted"
    return 1
  fi
  grep -q -e "$words" "$work/says.output" || [ -z "$words" ] || { echo "without \"$words\""; return 1; }
}

# finish: the last line of the test, and its verdict.
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# The counting itself first: a test that cannot fail proves nothing.
check 'this line is expected' false >"$work/probe"
if [ "$passed $failed" != '0 1' ] || ! grep -q '^FAILED: this line' "$work/probe"; then
  echo 'FAILED: tests/check.sh does not count failures'
  exit 1
fi
failed=0
