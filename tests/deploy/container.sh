#!/usr/bin/env bash
# Builds the container image with this build's agent, twice, looks at what is in it, and lives with it under podman: process 1, read-only
# root, no rights; scrape, health, reload, orphans, state, end. Last line: N passed, N failed. As root; needs what deploy/packages test
# installs. Where podman cannot run here, the image is judged alone, and that is told.
#
# usage: container.sh BUILD
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath "$1")
# shellcheck source=tests/check.sh
. "$root/tests/check.sh"

command -v podman > /dev/null || { echo 'SKIPPED: podman is not installed'; exit 77; }
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: needs root'; exit 77; }

# A storage and locks of its own. cgroupfs and limits of its own: no systemd need run here, and no right to raise limits is needed.
containers=()
printf '[engine]\nlock_type = "file"\nevents_logger = "none"\n' > "$work/containers.conf"
pod() {
  CONTAINERS_CONF=$work/containers.conf podman --root "$work/storage" --runroot "$work/run" --tmpdir "$work/tmp" --storage-driver vfs \
    --runtime runc --cgroup-manager cgroupfs "$@"
}
clean() {
  [ "${#containers[@]}" = 0 ] || pod rm -f -t 0 "${containers[@]}" > /dev/null 2>&1 || true
  pod rmi -af > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT

# -- the image ------------------------------------------------------------------------------------------------------------

build_image=("$root/deploy/build-image" --version 1.2.3 --agent "$build/agent/app/sfb_backup_exporter")
# with_changed FILE COMMAND...: where the administrator has changed that file.
with_changed() {
  { cat "$1"; echo '# changed'; } > "$work/changed"
  # shellcheck disable=SC2016
  unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$work/changed" "$@"
}
check 'builds, one' "${build_image[@]}" "$work/one"
check 'builds, two, with another openssl.cnf' with_changed /etc/ssl/openssl.cnf "${build_image[@]}" "$work/two"
check 'takes nothing that was changed' says 1 'mech.ntlmssp.conf is not as its Debian package has it' \
  with_changed /etc/gss/mech.d/mech.ntlmssp.conf "${build_image[@]}" "$work/three"
archive=$work/one/sfb-backup-exporter-1.2.3.oci.tar
digest() { tar -xOf "$work/$1/sfb-backup-exporter-1.2.3.oci.tar" index.json | grep -o 'sha256:[0-9a-f]*'; }
check 'equal sources make an equal image' test "$(digest one)" = "$(digest two)"
mkdir "$work/oci" "$work/root"
tar -C "$work/oci" -xf "$archive"
blob() { cat "$work/oci/blobs/sha256/${1#sha256:}"; }
manifest=$(blob "$(digest one)")
config=$(blob "$(jq -r .config.digest <<< "$manifest")")
check 'one layer' test "$(jq '.layers | length' <<< "$manifest")" = 1
blob "$(jq -r '.layers[0].digest' <<< "$manifest")" | tar -C "$work/root" -xz
echo "the image: $(du -sm --apparent-size "$work/root" | cut -f1) MB, $(du -m --apparent-size "$archive" | cut -f1) MB compressed"

is() { [ "$(jq -r "$1" <<< "$config")" = "$2" ] || { echo "$1 is $(jq -r "$1" <<< "$config"), not $2"; return 1; }; }
check 'runs as nobody of this machine' is .config.User 65532:65532
check 'starts the agent' is '.config.Entrypoint | join(" ")' /usr/bin/sfb_backup_exporter
check 'ends by SIGTERM' is .config.StopSignal SIGTERM
check 'label: version' is '.config.Labels["org.opencontainers.image.version"]' 1.2.3
check 'label: title' is '.config.Labels["org.opencontainers.image.title"]' sfb_backup_exporter
check 'label: licence' is '.config.Labels["org.opencontainers.image.licenses"]' Apache-2.0
check 'label: revision' is '.config.Labels["org.opencontainers.image.revision"]' "$(git -C "$root" rev-parse --short=8 HEAD)"
cd "$work/root"
check 'two programs and no more' test "$(find . -path '*bin/*' -printf '%f\n' | sort | xargs)" = 'sfb_backup_exporter ssh'
programs() { find . -type f -perm /111 ! -path './usr/bin/*' ! -name 'ld-linux*' | grep .; }
check 'nothing else can be started' fails programs
setuid() { find . -perm /7000 | grep .; }
check 'no setuid, setgid or sticky file' fails setuid
writable() { find . ! -type l \( -perm /022 -o ! -uid 0 \) ! -path ./var/lib/sfb_backup_exporter | grep .; }
check 'only the state belongs to the account' fails writable
check 'and to it alone' test "$(stat -c '%u:%g %a' var/lib/sfb_backup_exporter)" = '65532:65532 700'
stripped() { ! readelf -S "$1" | grep -q '\.symtab\|\.debug_'; }
check 'the agent is stripped' stripped usr/bin/sfb_backup_exporter
simulated() { find . -iname '*simulator*' | grep .; }
check 'no simulator' fails simulated
check 'CA certificates' test "$(grep -c BEGIN etc/ssl/certs/ca-certificates.crt)" -gt 100
# Every library that a program or module names is there.
complete() {
  local file
  while read -r file; do
    chroot . /lib64/ld-linux-x86-64.so.2 --list "${file#.}" || return 1
  done < <(find ./usr/bin ./usr/lib/x86_64-linux-gnu -type f ! -name gconv-modules)
}
[ "$(uname -m)" != x86_64 ] || check 'all libraries are there' complete
check 'each package has its licence and its entry' diff <(LC_ALL=C ls var/lib/dpkg/status.d) <(LC_ALL=C ls -I sfb-backup-exporter usr/share/doc)
check 'scanners know the distribution' grep -qx 'ID=debian' etc/os-release
logons() { env -C "$root/tests/deploy" SFB_BUILD_DIR="$build" SFB_IMAGE_ROOT="$work/root" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m unittest "container_test.Logons.$1"; }
for method in kerberos ntlm; do
  check "logs on with $method" logons "test_$method"
done
rm usr/lib/x86_64-linux-gnu/libyaml-cpp.so.*
[ "$(uname -m)" != x86_64 ] || check 'a missing library is found' fails complete
cd "$root"

# -- a container ----------------------------------------------------------------------------------------------------------

etc=$work/etc
mkdir -p "$etc" "$work/volume"
cp "$root/config/sfb_backup_exporter.yml" "$etc/"
check 'podman takes the image' pod load -q -i "$archive"
image=localhost/sfb-backup-exporter:1.2.3
# start NAME [PODMAN ARGUMENT...] -- [FLAG...]: no network but a loopback of its own, and all that can be taken away is.
start() {
  local container=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  containers+=("$container")
  pod run -d --name "$container" --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --read-only --read-only-tmpfs=false --cap-drop all \
    --security-opt no-new-privileges --pids-limit 64 --memory 256m -v "$etc:/etc/sfb_backup_exporter:ro" "${options[@]}" "$image" "$@"
}
if ! start probe -- > "$work/probe.output" 2>&1; then
  cat "$work/probe.output"
  echo 'SKIPPED: podman cannot run containers here; the image was not started'
  finish
  exit
fi
pod rm -f -t 0 probe > /dev/null 2>&1

soon() {
  local end=$((SECONDS + 60))
  while ! "$@" > "$work/soon.output" 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      cat "$work/soon.output"
      pod logs agent 2>&1 | tail -n 20
      return 1
    fi
    sleep 0.1
  done
}
pid() { pod inspect -f '{{.State.Pid}}' "$1"; }
ask() { nsenter -t "$(pid agent)" -n curl -fsS -m 5 "$@"; }
said() { pod logs agent 2>&1 | grep "$1"; }

check 'starts' start agent -v state:/var/lib/sfb_backup_exporter --health-cmd 'CMD /usr/bin/sfb_backup_exporter health' --health-interval disable -- --web.enable-lifecycle
check 'listens on loopback unless it is told' soon said 'listening address=127.0.0.1:9943'
check 'answers' soon ask http://127.0.0.1:9943/-/healthy
check 'shows its metrics' soon ask http://127.0.0.1:9943/metrics
check 'has asked its pools' soon ask http://127.0.0.1:9943/-/ready
number=$(pid agent)
status() { grep -qx "$1" "/proc/$number/status" || { cat "/proc/$number/status"; return 1; }; }
check 'is process 1' status "NSpid:.*[[:space:]]1"
check 'is not root' status 'Uid:[[:space:]]65532[[:space:]]65532[[:space:]]65532[[:space:]]65532'
check 'can do nothing special' status 'CapBnd:[[:space:]]0*'
check 'and gets no new rights' status 'NoNewPrivs:[[:space:]]1'
check 'the health check is good' pod healthcheck run agent
check 'the health check by hand' says 0 healthy pod exec agent /usr/bin/sfb_backup_exporter health
check 'and bad where nobody answers' says 1 refused pod exec agent /usr/bin/sfb_backup_exporter health 127.0.0.1:1
check 'ssh can be started' says 0 OpenSSH pod exec agent /usr/bin/ssh -V
check 'and gets as far as the network' says 255 'Connection refused' pod exec agent /usr/bin/ssh -F none -p 1 127.0.0.1
check 'there is no shell' fails pod exec agent /bin/sh -c true
# As the account, in the mounts of the container.
cat > "$work/writable.py" << 'END'
import os, sys
os.chroot(f"/proc/{sys.argv[1]}/root")
os.chdir("/")
os.setgroups([])
os.setgid(65532)
os.setuid(65532)
found = []
for folder, names, _ in os.walk("/"):
    names[:] = [name for name in names if folder != "/" or name not in ("proc", "dev", "sys")]
    try:
        path = os.path.join(folder, ".probe")
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        os.unlink(path)
        found.append(folder)
    except OSError:
        pass
print(*found)
sys.exit(0 if found == ["/var/lib/sfb_backup_exporter"] else 1)
END
check 'nothing is writable but the state' python3 "$work/writable.py" "$number"
check 'the state is kept' soon test -e "$(pod volume inspect -f '{{.Mountpoint}}' state)/state.db"

# As process 1 it gets what lost its parent.
orphan() { nsenter -t "$number" -p sh -c 'sleep 0.1 & exit 0'; }
check 'a process that loses its parent' orphan
alone() { [ -z "$(pgrep -P "$number")" ]; }
check 'is reaped' soon alone

sed -i 's/evaluation_interval: 2m/evaluation_interval: 3m/' "$etc/sfb_backup_exporter.yml"
check 'SIGHUP' pod kill --signal HUP agent
check 'reloads' soon said 'configuration reloaded'
check 'so does POST /-/reload' ask -X POST http://127.0.0.1:9943/-/reload
echo 'nonsense: 1' >> "$etc/sfb_backup_exporter.yml"
check 'a wrong configuration fails the check' says 1 nonsense pod exec agent /usr/bin/sfb_backup_exporter --config.check
check 'and the reload' fails ask -X POST http://127.0.0.1:9943/-/reload
sed -i '$d' "$etc/sfb_backup_exporter.yml"
check 'and it goes on' ask http://127.0.0.1:9943/-/healthy

ended() { [ "$(pod inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' agent)" = "exited 0 false" ]; }
check 'SIGTERM' pod stop -t 30 agent
check 'ends it in time' ended
check 'in good order' said 'msg=stopped'
pod rm agent > /dev/null

# -- without a volume, with that of Kubernetes, under systemd ----------------------------------------------------------------

check 'starts without a volume' start agent --
check 'works without a state, and says why' soon said 'state.folder.*Read-only file system'
check 'and answers' soon ask http://127.0.0.1:9943/-/healthy
pod rm -f -t 30 agent > /dev/null
# As fsGroup leaves a volume.
chown 0:65532 "$work/volume" && chmod 2775 "$work/volume"
check 'starts with a volume of fsGroup' start agent -v "$work/volume:/var/lib/sfb_backup_exporter" -e STATE_DIRECTORY=/var/lib/sfb_backup_exporter/state -- \
  --web.listen-address=:9943 --web.health-listen-address=:9944 --shard=0 --total-shards=1
check 'keeps its state in a folder of its own' soon test -e "$work/volume/state/state.db"
check 'that others cannot read' test "$(stat -c '%u %A' "$work/volume/state" | tr s - | tr S -)" = '65532 drwx------'
check 'Kubernetes finds it healthy' soon ask http://127.0.0.1:9944/-/healthy
check 'restarts' pod restart -t 30 agent
again() { [ "$(said 'state read.*/state pools=' | wc -l)" = 2 ]; }
check 'with that state' soon again
check 'which it may use' fails said state.folder
pod rm -f -t 30 agent > /dev/null

# What Notify=true of the quadlet relies on.
cat > "$work/notify.py" << 'END'
import os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
listener.settimeout(60)
while b"READY=1" not in listener.recv(4096):
    pass
END
python3 "$work/notify.py" "$work/notify" &
listener=$!
soon test -S "$work/notify"
NOTIFY_SOCKET=$work/notify check 'starts for systemd' start agent --sdnotify container --
check 'and tells it that it is ready' wait "$listener"
pod rm -f -t 30 agent > /dev/null

# -- the quadlet -------------------------------------------------------------------------------------------------------------

quadlet=$root/deploy/container/sfb-backup-exporter.container
# Each flag of the agent in it is one, each key is one of Podman 4.9.
flags() { xargs "$build/agent/app/sfb_backup_exporter" --config.check --config.file="$etc/sfb_backup_exporter.yml" < <(sed -n 's/^Exec=//p' "$1"); }
check 'its flags are good' flags "$quadlet"
known='Image|ContainerName|Exec|PublishPort|Notify|Health(Cmd|Interval|Timeout|Retries|StartPeriod|OnFailure)|User|Group|ReadOnly|ReadOnlyTmpfs'
known+='|NoNewPrivileges|DropCapability|PodmanArgs|Volume|Secret'
keys() { ! sed -n '/^\[Container\]/,/^\[Service\]/s/^#\{0,1\}\([A-Z][A-Za-z]*\)=.*/\1/p' "$1" | grep -vxE "$known"; }
check 'its keys are known' keys "$quadlet"
sed 's/^ReadOnly=/ReadOnlyRoot=/' "$quadlet" > "$work/wrong.container"
check 'a misspelt key is found' fails keys "$work/wrong.container"
generator=${SFB_QUADLET:-/usr/libexec/podman/quadlet}
if [ -x "$generator" ]; then
  mkdir "$work/quadlets"
  cp "$quadlet" "$work/quadlets/"
  generated() { QUADLET_UNIT_DIRS=$work/quadlets "$generator" -dryrun > "$work/unit"; }
  check 'podman makes a unit of it' generated
  for part in --sdnotify=container --read-only '--cap-drop all' --security-opt=no-new-privileges '--user 65532:65532'; do
    check "with $part" grep -q -e "^ExecStart=.*$part" "$work/unit"
  done
  cp "$work/wrong.container" "$work/quadlets/sfb-backup-exporter.container"
  check 'and none of a wrong one' fails generated
else
  echo 'SKIPPED: this podman has no quadlet (it came with 4.4): its keys were compared with a list'
fi
finish
