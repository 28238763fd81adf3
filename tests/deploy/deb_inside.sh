#!/bin/bash
# The half of deb.sh that runs within a Debian with systemd, which is thrown away afterwards.
cd /debs || exit 1
set -uo pipefail
# shellcheck source=tests/check.sh
. ./check.sh

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/debs
unit=sfb-backup-exporter
yaml=/etc/sfb_backup_exporter/sfb_backup_exporter.yml
# soon COMMAND...: it succeeds within a minute.
soon() {
  local end=$((SECONDS + 60))
  while [ $SECONDS -lt $end ]; do
    "$@" > /run/soon && return 0
    sleep 0.1
  done
  cat /run/soon
  journalctl -n 20 --no-pager -u $unit
  return 1
}
property() { systemctl show -P "$1" $unit; }
is() { [ "$(property "$1")" = "$2" ] || { echo "$1 is $(property "$1"), not $2"; return 1; }; }
answers() { curl -fsS -m 5 "http://127.0.0.1:9943$1"; }

check 'starts at boot' soon is ActiveState active
check 'tells that it is ready' is Type notify
check 'and what it does' grep -q '^watches [0-9]* pools\?$' <(property StatusText)
check 'answers' answers /-/healthy
pid=$(property MainPID)
check 'as its own account' test "$(stat -c %U "/proc/$pid")" = sfb-backup-exporter
check 'its exposure is at most 1.2' systemd-analyze security --threshold=12 --no-pager $unit
check 'keeps a state' soon test -e /var/lib/sfb_backup_exporter/state.db
check 'the client asks it' says 1 . Get-CsBackupServiceStatus -PoolFqdn atl-cs-001.litwareinc.com

# -- the first hour, as its page has it ----------------------------------------------------------------------------------

etc=/etc/sfb_backup_exporter
page=/usr/share/doc/sfb-backup-exporter/deploy/first-hour.md
# example TEXT: the page's YAML with that text. commands TEXT: its commands with it. does TEXT: these are done, in the folder that the
# page names.
example() { awk -v text="$1" '/^```yaml/ { on = 1; block = ""; next } /^```/ { if (on && index(block, text)) printf "%s", block; on = 0 } on { block = block $0 "\n" }' "$page"; }
commands() { awk -v text="$1" '/^    / { block = block substr($0, 5) "\n"; next } { if (index(block, text)) printf "%s", block; block = "" }' "$page"; }
does() {
  local block
  block=$(commands "$1")
  [ -n "$block" ] && (cd $etc && bash -euc "$block")
}
status() { [ "$(property StatusText)" = "$1" ] || { property StatusText; return 1; }; }
metric() { answers /metrics | grep -Fx "$1"; }
mkdir saved lab
cp -a $etc /etc/default/$unit saved/

check 'a token is made' does 'openssl rand'
example 'transport: push' > $yaml
check 'a pool that is pushed' does '# watches 1 pool'
check 'is watched' soon status 'watches 1 pool'
sed "s/\(ExportedAt\">\)[^<]*/\1$(date -u +%Y-%m-%dT%H:%M:%S.0000000Z)/" export.clixml > $etc/atl-cs-001.litwareinc.com.clixml
check 'the export is taken' says 0 '^HTTP/1.1 204' does 'curl -i -T'
check 'and good' soon metric 'sfb_backup_service_working{pool="atl-cs-001.litwareinc.com"} 1'

# A domain controller and a front end. The agent's own name leads to an address of the network: who comes from there is not local.
ip address add 192.0.2.10/32 dev lo
echo '127.0.0.1 localhost dc1.litwareinc.com chi-fe-001.litwareinc.com' >> /etc/hosts
echo '192.0.2.10 agent.example.com' >> /etc/hosts
cat > lab/krb5.conf << 'END'
[libdefaults]
  default_realm = LITWAREINC.COM
[realms]
  LITWAREINC.COM = {
    database_name = /debs/lab/principal
    key_stash_file = /debs/lab/stash
    kdc_listen = 127.0.0.1:88
    kdc_tcp_listen = 127.0.0.1:88
  }
END
cat > lab/scenario.yml << 'END'
control: 127.0.0.1:5999
listeners: [{name: chicago, listen: '127.0.0.1:5985', keytab: http.keytab, authenticate: [Negotiate, Kerberos], encryption: required}]
pools: {chi-cs-001.litwareinc.com: {}}
END
realm() {
  export KRB5_CONFIG=/debs/lab/krb5.conf KRB5_KDC_PROFILE=/debs/lab/krb5.conf
  kdb5_util create -s -P master &&
    kadmin.local addprinc -pw Monitor-1ng svc-sfbmon &&
    kadmin.local addprinc -randkey HTTP/chi-fe-001.litwareinc.com &&
    kadmin.local ktadd -norandkey -k lab/http.keytab HTTP/chi-fe-001.litwareinc.com
}
check 'a realm' eval '(realm)'
KRB5_CONFIG=/debs/lab/krb5.conf KRB5_KDC_PROFILE=/debs/lab/krb5.conf krb5kdc -n > lab/kdc.log 2>&1 &
servers=$!
KRB5_CONFIG=/debs/lab/krb5.conf sfb_backup_simulator lab/scenario.yml > lab/simulator.log 2>&1 &
servers+=" $!"
check 'a front end' soon grep -q 'endpoint=control' lab/simulator.log
check 'the password is written' does 'stdin monitoring' <<< Monitor-1ng
check 'as the page says' test "$(stat -c '%U %a' $etc/monitoring.password)" = 'sfb-backup-exporter 600'
# The page's lines, each beneath its section.
example 'transport: winrm' | awk 'NR == FNR { if (/^[a-z]/) section = $1; else more[section] = more[section] $0 "\n"; next }
  { print } $1 in more { printf "%s", more[$1]; delete more[$1] }
  END { for (section in more) printf "%s\n%s", section, more[section] }' - $yaml > lab/both.yml
cp lab/both.yml $yaml
check 'a front end is asked' says 0 'kerberos' does 'evaluate chi-cs-001'
check 'a pool of winrm' does '# watches 2 pools'
check 'is watched too' soon status 'watches 2 pools'
check 'and good, from within the unit' soon metric 'sfb_backup_service_working{pool="chi-cs-001.litwareinc.com"} 1'
logons() { curl -fsS -m 5 http://127.0.0.1:5999/status | grep -o '"logons_by_method": *{[^}]*}'; }
check 'by Kerberos alone' grep -qx '"logons_by_method": *{"kerberos": *[0-9]*}' <(logons)

hash=$(does 'openssl req' <<< $'Scrape-1ng\nScrape-1ng' 2> lab/openssl.log)
check 'a certificate and the hash of a password' grep -qx '[$]2y[$]12[$][./A-Za-z0-9]*' <<< "$hash"
example basic_auth_users | sed "s|prometheus: .*|prometheus: $hash|" > $etc/web.yml
check 'the web configuration belongs to the agent' does 'chmod 640'
commands 'ARGS=' > /etc/default/$unit
check 'is used after a restart' does 'systemctl restart'
securely() { curl -sS -m 5 -o lab/answer -w '%{http_code}' --cacert $etc/server.crt "${@:2}" "https://agent.example.com:9943$1"; }
check 'whoever has no password gets nothing' test "$(securely /metrics)" = 401
check 'Prometheus does' test "$(securely /metrics -u prometheus:Scrape-1ng)" = 200
check 'with what was there before' grep -Fqx 'sfb_backup_service_working{pool="atl-cs-001.litwareinc.com"} 1' lab/answer
check 'the command is told where and who' says 0 BackupModules does SFB_BACKUP_EXPORTER_URL <<< Scrape-1ng
# The user of step 6 in the examples of steps 2 and 4.
sed -i "s|^basic_auth_users:|&\n  alice: $hash|" $etc/web.yml
sed -i "s|^authorization:|&\n$(example 'users: {alice' | sed -n 2p)|" $yaml
check 'somebody who may ask' does 'reload sfb-backup-exporter\n'
her_page() { securely / -u alice:Scrape-1ng && grep -F atl-cs-001.litwareinc.com lab/answer; }
check 'sees the pools from elsewhere' soon her_page

# The key from systemd, as the page for production has it.
production=/usr/share/doc/sfb-backup-exporter/deploy/README.md
dropin=/etc/systemd/system/$unit.service.d
key=/etc/ssl/private/agent.example.com.key
install -m 0600 $etc/server.key $key && rm $etc/server.key
mkdir -p $dropin
page=$production commands LoadCredential= > $dropin/override.conf
sed -i "s|^tls_server_config:.*|$(page=$production example key_file)|" $etc/web.yml
systemctl daemon-reload
checked() { runuser -u $unit -- sfb_backup_exporter --config.check --web.config.file=$etc/web.yml; }
check 'a key of root comes from systemd' systemctl restart $unit
check 'and is used' test "$(securely /metrics -u prometheus:Scrape-1ng)" = 200
check 'is found by a check' says 0 '' checked
check 'and by a reload' systemctl reload $unit
cp $etc/server.crt lab/older.crt
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $key -out $etc/server.crt -subj /CN=agent.example.com \
  -addext subjectAltName=DNS:agent.example.com 2> lab/openssl.log
check 'is signalled of another one' systemctl reload $unit
refused() { curl -fsS -m 5 --cacert lab/older.crt -u prometheus:Scrape-1ng https://agent.example.com:9943/metrics | grep -Fx 'sfb_backup_exporter_web_config_last_reload_successful 0'; }
check 'which it does not see' soon refused
check 'a restart does' systemctl restart $unit
check 'and uses it' test "$(securely /metrics -u prometheus:Scrape-1ng)" = 200
systemctl stop $unit
check 'without the service a check does not find it' says 1 'key_file: there is no such file' checked
rm -r $dropin $key
systemctl daemon-reload

rm -r $etc
cp -a saved/sfb_backup_exporter $etc
cp -a saved/$unit /etc/default/$unit
check 'and back to the example' systemctl restart $unit
# shellcheck disable=SC2086
kill $servers

# -- reload -------------------------------------------------------------------------------------------------------------

sed -i 's/evaluation_interval: 2m/evaluation_interval: 3m/' $yaml
reloads() { journalctl --no-pager -u $unit | grep -c 'configuration reloaded'; }
pid=$(property MainPID)
before=$(reloads)
check 'a good configuration is taken' systemctl reload $unit
reloaded() { [ "$(reloads)" -gt "$before" ]; }
check 'and used' soon reloaded
cp $yaml used.yml
echo 'nonsense: 1' >> $yaml
check 'a bad one fails the reload' fails systemctl reload $unit
mistake() { journalctl --no-pager -u $unit | grep 'nonsense'; }
check 'with its mistake in the journal' soon mistake
check 'and the agent goes on' is MainPID "$pid"
check 'with what it had' answers /-/healthy
cp used.yml $yaml
check 'the corrected one is taken' systemctl reload $unit

# -- watchdog -----------------------------------------------------------------------------------------------------------

mkdir -p /run/systemd/system/$unit.service.d
printf '[Service]\nWatchdogSec=2s\nRestartSec=100ms\n' > /run/systemd/system/$unit.service.d/test.conf
systemctl daemon-reload
check 'restarts' systemctl restart $unit
pid=$(property MainPID)
kill -STOP "$pid"
another() { is ActiveState active && [ "$(property MainPID)" != "$pid" ]; }
check 'one that hangs is started anew' soon another
rm -r /run/systemd/system/$unit.service.d
systemctl daemon-reload
systemctl restart $unit

# -- the socket unit, and upgrades with it -------------------------------------------------------------------------------

sed -i 's/^ARGS=.*/ARGS="--web.systemd-socket"/' /etc/default/$unit
systemctl stop $unit
check 'the socket can be enabled' systemctl enable -q --now $unit.socket
check 'a connection starts the service' answers /-/healthy
check 'which has the address from systemd' is ActiveState active
cp $yaml mine.yml
pid=$(property MainPID)
check 'upgrades' dpkg --force-confold -i newer.deb
check 'the edited configuration stays' cmp mine.yml $yaml
check 'the new one lies beside it' grep -qx '# newer' $yaml.dpkg-dist
check 'the new program runs' another
check 'and answers at the socket' answers /-/healthy
check 'which systemd still holds' systemctl is-active $unit.socket
check 'the state stays' test -e /var/lib/sfb_backup_exporter/state.db
echo secret > /etc/sfb_backup_exporter/monitoring.password
# Scrapes go on meanwhile: none starts it again.
while [ ! -e quiet ]; do answers /-/healthy; done > /run/scrapes 2>&1 &
scrapes=$!
check 'is removed' dpkg -r $unit
touch quiet
wait $scrapes
check 'and stopped' is ActiveState inactive
check 'and nothing listens' says 7 '' answers /-/healthy
check 'the configuration stays until a purge' cmp mine.yml $yaml
check 'the state too' test -e /var/lib/sfb_backup_exporter/state.db
check 'is installed again' dpkg --force-confold -i newer.deb
check 'and answers at the socket again' answers /-/healthy
check 'is purged' dpkg -P $unit
check 'and nothing listens any more' says 7 '' answers /-/healthy
check 'with its configuration' fails test -e $yaml
check 'and its state' fails test -e /var/lib/sfb_backup_exporter
check 'not with what somebody put there' test -e /etc/sfb_backup_exporter/monitoring.password
check 'the account stays, so that nobody gets its number' getent passwd $unit
check 'nothing of it is left in systemd' fails systemctl cat $unit
check 'the others can be purged' dpkg -P sfb-backup-client sfb-backup-simulator
left() { find / -xdev \( -path /proc -o -path /debs -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /tmp -o -path /run \) -prune -o -iname '*sfb?backup*' -print | grep -v '^/etc/sfb_backup_exporter$'; }
check 'nothing else is left' fails left
touch finished
finish
