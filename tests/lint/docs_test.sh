#!/usr/bin/env bash
# Proves that docs.py can fail: a small tree of documents, clean at first, then broken in each way it must find.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/check.sh
. "$here/../check.sh"
tree=$work/tree
ext=md # the names below are not this project's documents

fresh() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/room "$tree"/tests/golden/data "$tree"/deploy "$tree"/build
  cat > "$tree/TOP.$ext" << END
# Top

## How it \`runs\` (fast)
[room](room/READ.$ext#wide-doors), [folder](room), [here](#top)

\`\`\`
# no heading
[fenced](nowhere)
\`\`\`
\`[quoted](nowhere)\`
[outside](https://example.org/nowhere.html)
[by name][r]

[r]: room/READ.$ext
END
  printf '%s\n' '# Room' '' '## Wide doors' '' '## Wide doors' "[up](../TOP.$ext#how-it-runs-fast), [2](#wide-doors-1)" \
    > "$tree/room/READ.$ext"
  printf '%s\n' "// See READ.$ext and TOP.$ext (READ.$ext, \"Wide doors\")." "// https://example.org/their.$ext" \
    > "$tree/room/room.cpp"
  printf '%s\n' "url: file:///usr/share/doc/sfb-backup-exporter/READ.$ext#wide-doors" "path: \$here/READ.$ext" \
    > "$tree/deploy/rules.yml"
  echo "what a server said: nowhere.$ext" > "$tree/tests/golden/data/answer.txt"
  echo "built from nowhere.$ext" > "$tree/build/log.txt"
  printf 'nowhere.%s\0' "$ext" > "$tree/room/binary"
}

expect() {  # expect EXIT WORDS: what docs.py says about the tree; nothing where it finds nothing
  check "exit $1 $2" says "$1" "$2" python3 "$here/docs.py" "$tree"
  [ "$1" != 0 ] || check 'no words' test ! -s "$work/says.output"
}

broken() {  # broken FILE LINE TEXT: one more line makes the lint say TEXT
  fresh
  printf '%s\n' "$2" >> "$tree/$1"
  expect 1 "$3"
}

fresh
expect 0 ''
broken room/room.cpp "// (design.$ext 5.2)" "room/room.cpp:3: names design.$ext, which does not exist"
broken room/room.cpp "// see room/TOP.$ext" "names room/TOP.$ext, which does not exist"
broken room/room.cpp "// READ.$ext, \"Narrow doors\"" "names READ.$ext, \"Narrow doors\", a heading that does not exist"
broken room/room.cpp "// READ.$ext#narrow-doors" "names READ.$ext#narrow-doors, a heading that does not exist"
broken deploy/rules.yml "url: file:///usr/share/doc/sfb-backup-exporter/gone.$ext" "which does not exist"
broken deploy/rules.yml "url: file:///usr/share/doc/sfb-backup-exporter/READ.$ext#gone" "a heading that does not exist"
broken deploy/rules.yml "path: \$here/gone.$ext" "names \$here/gone.$ext, which does not exist"
broken "TOP.$ext" "see gone.$ext" "names gone.$ext, which does not exist"
broken "TOP.$ext" '[x](room/gone.cpp)' "TOP.$ext:15: links to room/gone.cpp, which leads nowhere"
broken "TOP.$ext" '[y]: gone' 'links to gone, which leads nowhere'
broken "TOP.$ext" '[x](../room)' 'links to ../room, which leads nowhere'
broken "TOP.$ext" '[x](#no-heading)' 'links to #no-heading, a heading that does not exist'
broken "TOP.$ext" "[x](room/READ.$ext#wide-doors-2)" 'a heading that does not exist'
broken "TOP.$ext" "$(printf 'word %.0s' {1..25})" "125 characters, at most 120"
broken "TOP.$ext" "| $(printf '\303\244%.0s' {1..118}) |" "122 characters, at most 120"
fresh
printf '%s\n' "$(printf 'x%.0s' {1..121})" "$(printf '\303\244 %.0s' {1..60})" >> "$tree/TOP.$ext"
expect 0 ''
rm -rf "${tree:?}"/*
expect 2 'no documents below'
finish
