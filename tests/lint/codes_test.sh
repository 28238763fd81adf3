#!/usr/bin/env bash
# Proves that codes.py can fail: a small tree, clean at first, then broken in each way it must find.
# shellcheck disable=SC2016 # backquotes are those of Markdown
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/check.sh
. "$here/../check.sh"
tree=$work/tree
page=$tree/deploy/runbooks/codes.md

fresh() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/agent/{clixml,remote/session} "$tree"/{collectors,config} "$tree/deploy/runbooks"
  echo 'fail("file.missing", "a.b is no code", "state.db");' > "$tree/config/x.cpp"
  echo 'fail("xml.syntax"); fail("xml.trailing");' > "$tree/agent/x.hpp"
  echo '"cli" + error.code' > "$tree/agent/clixml/clixml.cpp"
  echo 'fail(code("timeout")); fmt::format("{}.closing", options_.transport);' > "$tree/agent/remote/session/x.cpp"
  printf '%s\n' '- `old.code`: of another section.' '' '## All codes' '' '- `file.missing`, `xml.syntax`,' \
    '  `xml.trailing`: like `other.word`.' '- `clixml.trailing`: a' '- `winrm.timeout`, `ssh.timeout`: b' \
    '- `winrm.closing`, `ssh.closing`: c' '' '## Rights' '- `more.code`: of another section.' > "$page"
}

expect() {  # expect EXIT WORDS: what codes.py says about the tree
  check "exit $1 $2" says "$1" "$2" python3 "$here/codes.py" "$tree"
}

fresh
expect 0 ''
echo 'fail("file.new_one");' >> "$tree/config/x.cpp"
expect 1 'config/x.cpp:2: file.new_one has no entry'
fresh
echo 'fail(lost("extras"));' >> "$tree/agent/remote/session/x.cpp"
expect 1 'agent/remote/session/x.cpp:2: ssh.extras has no entry'
fresh
sed -i '/clixml.trailing/d' "$page"
expect 1 'agent/clixml/clixml.cpp:1: clixml.trailing has no entry'
fresh
sed -i 's/`xml.syntax`,/`xml.syntax`, `gone.code`,/' "$page"
expect 1 'deploy/runbooks/codes.md:5: no source has gone.code'
fresh
sed -i 's/`winrm.closing`,/`winrm.closing`, `file.missing`,/' "$page"
expect 1 'file.missing has two entries'
fresh
sed -i '/All codes/d' "$page"
expect 2 'has no section'
rm -rf "${tree:?}"/{agent,collectors,config}/*
expect 2 'no codes below'
finish
