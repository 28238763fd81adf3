#!/usr/bin/env bash
# Makes the Debian packages and lives with them under a real systemd in a Debian of their own (mmdebstrap, systemd-nspawn): install,
# the first hour of the documents, reload, watchdog, socket, upgrade, purge. Last line: N passed, N failed. As root; needs what
# deploy/packages test installs.
#
# usage: deb.sh [BUILD]   With a build folder its programs are packed, as CI does. Without one, at night, the packages are built as they
#                         are shipped, twice, and compared.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

umask 022
debs=$work/debs
left_out=()
if [ -n "${1:-}" ]; then
  check 'packs' "$root/deploy/build-deb" --programs "$(realpath "$1")" --work "$work/packed" "$debs"
  # What only the flags of the packages do.
  left_out=(--suppress-tags=hardening-no-bindnow --suppress-tags=hardening-no-fortify-functions)
else
  check 'builds' "$root/deploy/build-deb" "$debs"
  # Elsewhere, later, as somebody else. What was compiled may come from ccache, with CCACHE_DISABLE=1 it does not.
  again() { (umask 027 && LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$root/deploy/build-deb" --work "$work/elsewhere" "$work/again"); }
  check 'builds again in another folder' again
  check 'and the packages are the same, byte for byte' diff -r "$debs" "$work/again"
fi
if ! compgen -G "$debs/*.deb" > /dev/null; then
  finish
  exit 1
fi
package() { ls "$debs/$1"_*.deb; }
for name in sfb-backup-exporter sfb-backup-client sfb-backup-simulator; do
  check "$name is there" package "$name"
  check "$name for debuggers is there" package "$name-dbgsym"
done

# -- what is in them ----------------------------------------------------------------------------------------------------

check 'lintian finds nothing' lintian --fail-on error,warning,info "${left_out[@]}" --allow-root "$debs"/*.deb
holds() { dpkg-deb -c "$(package "$1")" | awk '{print $6}' | grep -x "\./$2"; }
check 'the agent' holds sfb-backup-exporter usr/bin/sfb_backup_exporter
check 'its unit' holds sfb-backup-exporter lib/systemd/system/sfb-backup-exporter.service
check 'its account' holds sfb-backup-exporter usr/lib/sysusers.d/sfb-backup-exporter.conf
check 'the rules' holds sfb-backup-exporter usr/share/sfb_backup_exporter/prometheus/alerts.yml
check 'the script for Windows' holds sfb-backup-exporter usr/share/sfb_backup_exporter/windows/Export-BackupStatus.ps1
check 'the client' holds sfb-backup-client usr/bin/Get-CsBackupServiceStatus
check 'the simulator' holds sfb-backup-simulator usr/bin/sfb_backup_simulator
for page in exporter_usr/share/man/man8/sfb_backup_exporter.8 exporter_usr/share/man/man5/sfb_backup_exporter.yml.5 \
  client_usr/share/man/man1/Get-CsBackupServiceStatus.1 simulator_usr/share/man/man1/sfb_backup_simulator.1; do
  check "the manual page ${page##*/}" holds "sfb-backup-${page%%_*}" "${page#*_}.gz"
done
for name in sfb-backup-exporter sfb-backup-client; do
  check "no simulator in $name" fails holds "$name" '.*simulator.*'
done
conffiles() { dpkg-deb --ctrl-tarfile "$(package sfb-backup-exporter)" | tar -xO ./conffiles; }
check 'the configuration is a conffile' grep -qx /etc/sfb_backup_exporter/sfb_backup_exporter.yml <(conffiles)
check 'the flags are a conffile' grep -qx /etc/default/sfb-backup-exporter <(conffiles)
for name in sfb-backup-exporter sfb-backup-client sfb-backup-simulator; do
  dpkg-deb -x "$(package "$name")" "$work/tree"
done
stripped() { ! readelf -S "$1" | grep -q '\.symtab\|\.debug_'; }
for program in sfb_backup_exporter Get-CsBackupServiceStatus sfb_backup_simulator; do
  check "$program is stripped" stripped "$work/tree/usr/bin/$program"
done
check 'all links of the documents lead somewhere' "$root/tests/deploy/links.py" "$work/tree"

# -- a Debian to live in ------------------------------------------------------------------------------------------------

if [ "$(id -u)" != 0 ] || ! unshare --mount true; then
  echo 'SKIPPED: not root, or not allowed to mount: the packages were built and looked at, and not installed'
  finish
  exit
fi
bookworm=$work/bookworm
# The mirror that this machine uses.
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | grep -m1 .)
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy)"
# By apt, which knows how this machine gets there.
if ! /usr/lib/apt/apt-helper download-file "$mirror/dists/bookworm/InRelease" "$work/InRelease" > "$work/mirror" 2>&1; then
  tail -n 3 "$work/mirror"
  echo 'SKIPPED: the mirror of Debian does not answer: the packages were built and looked at, and not installed'
  finish
  exit
fi
check 'a Debian' mmdebstrap --mode=root --variant=apt --include=systemd-sysv --skip=cleanup/apt/lists --dpkgopt=force-unsafe-io \
  --aptopt='Acquire::Languages "none"' ${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} bookworm "$bookworm" \
  "deb $mirror bookworm main"
printf '#!/bin/sh\nexit 101\n' > "$bookworm/usr/sbin/policy-rc.d" # nothing starts in a chroot
chmod 755 "$bookworm/usr/sbin/policy-rc.d"
mkdir "$bookworm/debs"
cp "$debs"/sfb-backup-exporter_*.deb "$debs"/sfb-backup-client_*.deb "$debs"/sfb-backup-simulator_*.deb "$bookworm/debs/"
# A newer version of the agent, to upgrade to: the same files and another configuration.
dpkg-deb -R "$(package sfb-backup-exporter)" "$work/newer"
sed -i 's/^Version: .*/Version: 99.0/' "$work/newer/DEBIAN/control"
echo '# newer' >> "$work/newer/etc/sfb_backup_exporter/sfb_backup_exporter.yml"
(cd "$work/newer" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
check 'a newer version' dpkg-deb --root-owner-group -z1 -b "$work/newer" "$bookworm/debs/newer.deb"

apt() { chroot "$bookworm" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
# adds NAME: the package, with what it depends on and no more
adds() { apt apt-get install -qq -y --no-install-recommends "/debs/$(basename "$(package "$1")")" < /dev/null; }
# shellcheck disable=SC2016
known() { apt dpkg-query -W -f '${db:Status-Status}\n' "$1" | grep -qx installed; }
check 'the client installs with what it depends on' adds sfb-backup-client
check 'and runs' apt Get-CsBackupServiceStatus --version
check 'and needs no agent' fails known sfb-backup-exporter
check 'the agent installs with what it depends on' adds sfb-backup-exporter
check 'and runs' apt sfb_backup_exporter --version
check 'and brings no simulator' fails test -e "$bookworm/usr/bin/sfb_backup_simulator"
check 'the simulator installs with what it depends on' adds sfb-backup-simulator
check 'and runs' apt sfb_backup_simulator --version
# For the first hour: what its page names, and a KDC.
check 'its tools' apt apt-get install -qq -y --no-install-recommends curl openssl apache2-utils iproute2 krb5-kdc krb5-admin-server
rm "$bookworm/usr/sbin/policy-rc.d"
check 'is enabled' test -L "$bookworm/etc/systemd/system/multi-user.target.wants/sfb-backup-exporter.service"
check 'the socket is not' fails test -e "$bookworm/etc/systemd/system/sockets.target.wants/sfb-backup-exporter.socket"
check 'has an account' grep -q '^sfb-backup-exporter:' "$bookworm/etc/passwd"

# The checks of deb_inside.sh, as a service of that Debian's own systemd, which then ends it.
cp "$root/tests/deploy/deb_inside.sh" "$root/tests/check.sh" "$bookworm/debs/"
cp "$root/tests/golden/export/healthy-2019-depth2.clixml" "$bookworm/debs/export.clixml"
cat > "$bookworm/etc/systemd/system/checks.service" << 'END'
[Unit]
After=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/bash /debs/deb_inside.sh
ExecStopPost=/bin/sh -c 'systemctl --no-block poweroff > /dev/null 2>&1'
StandardOutput=append:/debs/output
StandardError=inherit
TimeoutStartSec=800
END
ln -s ../checks.service "$bookworm/etc/systemd/system/multi-user.target.wants/checks.service"
ln -sf /lib/systemd/system/multi-user.target "$bookworm/etc/systemd/system/default.target"
timeout 900 systemd-nspawn -q -b -D "$bookworm" --register=no --keep-unit --private-network --link-journal=no < /dev/null > "$work/boot" 2>&1 || true
if [ -s "$bookworm/debs/output" ]; then
  sed '$d' "$bookworm/debs/output"
  read -r inside _ wrong _ <<< "$(tail -n 1 "$bookworm/debs/output")"
  passed=$((passed + inside))
  failed=$((failed + wrong))
else
  check 'systemd came up in it' false
  tail -n 40 "$work/boot"
fi
check 'the checks inside were all made' test -e "$bookworm/debs/finished"
finish
