#!/bin/bash
# check_page.py must accept the pages of write_pages and refuse each of them after one small change.
# usage: check_page_test.sh PATH_OF_WRITE_PAGES
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/check.sh
. "$here/../check.sh"
"$1" "$work"

for page in pools awkward; do
  check "the unchanged page $page is accepted" "$here/check_page.py" "$work/$page.txt" "$work/$page.om"
done

# refused FORMAT SED_SCRIPT EXPECTED_WORDS: the page "pools" with one change must be refused for that.
refused() {
  cp "$work/pools.txt" "$work/wrong.txt"
  cp "$work/pools.om" "$work/wrong.om"
  sed -i -e "$2" "$work/wrong.$1"
  if cmp -s "$work/pools.$1" "$work/wrong.$1"; then
    echo 'the script changes nothing'
    return 1
  fi
  says 1 "$3" "$here/check_page.py" "$work/wrong.txt" "$work/wrong.om"
}
wrong() { check "refused as $1: $2" refused "$@"; }

first='pool="pool00000.litwareinc.com"'
wrong txt "s/^\(sfb_backup_up{$first} \)1/\10/" 'sfb_backup_up.*0.0 in text, 1.0 in OpenMetrics'
wrong txt "s/^\(sfb_backup_last_evaluation_duration_seconds{$first} \)1.834/\11.8340000000000003/" '1.8340000000000003 in text'
wrong txt "/^sfb_backup_up{$first}/d" 'only in the OpenMetrics page: sfb_backup_up'
wrong om "/^sfb_backup_up{$first}/d" 'only in the text page: sfb_backup_up'
wrong txt "/^sfb_backup_up{$first}/p" 'comes twice'
wrong om "/^sfb_backup_up{$first}/p" 'comes twice'
wrong txt "s/^sfb_backup_up{$first}/sfb_backup_up{$first,site=\"x\"}/" "only in the text page: sfb_backup_up.*site='x'"
wrong txt "s/^\(sfb_backup_up{$first} 1\)/\1 1795460645000/" 'has a timestamp'
wrong txt "s/^\(# HELP sfb_backup_up \).*/\1Something else./" 'HELP of sfb_backup_up differs'
wrong txt '/^# HELP sfb_backup_up /d' 'promtool'
wrong txt 's/^# TYPE sfb_backup_up gauge/# TYPE sfb_backup_up counter/' 'sfb_backup_up is a counter'
wrong txt 's/^# TYPE sfb_backup_module_export_state gauge/# TYPE sfb_backup_module_export_state stateset/' 'promtool'
wrong txt '/^# TYPE sfb_backup_up /{h;d};/^sfb_backup_up{pool="pool00003/G' 'below the family\|comes twice'
wrong txt '/^# HELP sfb_backup_up /{h;d};/^# TYPE sfb_backup_up /G' 'HELP of sfb_backup_up is out of order'
wrong txt '$ s/$/\r/' 'a carriage return'
wrong txt '5 s/^/\n/' 'an empty line'
wrong txt '1 s/^/# Hello\n/' 'a comment that is no metadata'
wrong txt "s/litwareinc.com\"} 1795460645.123/litwareinc.com} 1795460645.123/" 'refuses it'
wrong om '/^# EOF/d' 'refuses it'
wrong om '$ s/$/\nsfb_backup_up 1/' 'refuses it'
wrong om '/^# TYPE sfb_backup_evaluation_interval_seconds /{h;d};/^# UNIT sfb_backup_evaluation_interval_seconds /G' 'TYPE of sfb_backup_evaluation_interval_seconds is out of order'
wrong om 's/^# UNIT sfb_backup_evaluation_interval_seconds seconds/# UNIT sfb_backup_evaluation_interval_seconds minutes/' 'refuses it'
wrong om 's/^# TYPE sfb_backup_evaluations counter/# TYPE sfb_backup_evaluations gauge/' 'sfb_backup_evaluations_total is a counter, in OpenMetrics a unknown'
wrong om "s/^\(sfb_backup_module_export_state{$first.*\"FinalState\"}\) 1/\1 2/" 'refuses it'
wrong om 's/le="1.0"/le="1"/' 'only in the text page: .*le=.1.0'
wrong om 's/le="+Inf"} 9/le="+Inf"} 4/' 'refuses it'

# Own counters of a running process differ between two scrapes: their values alone may be ignored.
sed -e "s/^\(sfb_backup_up{$first} \)1/\10/" "$work/pools.txt" > "$work/wrong.txt"
check '--ignore-values ignores them' "$here/check_page.py" "$work/wrong.txt" "$work/pools.om" --ignore-values '^sfb_backup_up$'

finish
