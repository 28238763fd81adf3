#!/usr/bin/python3
"""A directory for tests: a Samba AD domain controller of one process on an address of its own in 127.0.0.0/8. 7 s from nothing, under 1 s
from the snapshot that the first one leaves in the build folder.

    with Directory(folder) as directory:
        directory.kinit("svc-sfbmon", PASSWORD)
        keytab = directory.keytab("server.keytab", "HTTP/localhost")

By hand:  ad.py up FOLDER [ADDRESS]   prints the environment of a client;   ad.py down FOLDER
Its accounts are in populate.py. It needs root, because the ports of a DC are below 1024; `unshare -Urn` gives that, too."""

import contextlib
import hashlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tarfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "e2e"))

import kdc  # noqa: E402
import lab  # noqa: E402

REALM, PASSWORD = "LITWAREINC.COM", "Monitor-1ng"
PYTHON = "/usr/bin/python3"
PORTS = (53, 88, 135, 389, 464, 3268)
NSS_WRAPPER = pathlib.Path("/usr/lib/x86_64-linux-gnu/libnss_wrapper.so")
# Provisioning sets NT ACLs on sysvol, which needs CAP_SYS_ADMIN; nobody reads sysvol here.
NO_ACLS = """import sys, samba.provision
samba.provision.setsysvolacl = lambda *arguments, **options: None
from samba.netcmd.main import cmd_sambatool
sys.exit(cmd_sambatool()._run("samba-tool", *sys.argv[1:]) or 0)
"""
SMB_CONF = """[global]
  netbios name = DC1
  realm = {realm}
  workgroup = LITWAREINC
  server role = active directory domain controller
  server services = rpc, ldap, cldap, kdc, dns
  dcerpc endpoint servers = -winreg -srvsvc
  interfaces = {address}/8
  bind interfaces only = yes
  dns forwarder =
  disable netbios = yes
  tls enabled = no
  binddns dir = {folder}/bind-dns
  cache directory = {folder}/cache
  lock directory = {folder}
  private dir = {folder}/private
  state directory = {folder}/state
  pid directory = {folder}/run
  ncalrpc dir = {folder}/run/ncalrpc
  log level = 1 auth_audit:3
  {more}
[sysvol]
  path = {folder}/state/sysvol
[netlogon]
  path = {folder}/state/sysvol/litwareinc.com/scripts
"""


def why_not():
    """Why there can be no DC here; empty: there can."""
    if lost := kdc.missing(("samba", "samba-tool", "kinit", "kvno", "ldapsearch")):
        return f"not installed: {', '.join(lost)} (deploy/packages test)"
    if os.geteuid() != 0:
        return "a DC needs root for its ports"
    return ""


def why_not_ldap():
    """The same for programs that find the DC by its name, as Kerberos for LDAP needs it."""
    return why_not() or ("" if NSS_WRAPPER.exists() else "libnss-wrapper is not installed (deploy/packages test)")


def free_address():
    """An address of this machine whose ports nobody has."""
    while True:
        address = f"127.{random.randint(64, 254)}.{random.randint(0, 255)}.{random.randint(2, 254)}"
        with contextlib.suppress(OSError), contextlib.ExitStack() as sockets:
            for port in PORTS:
                sockets.enter_context(contextlib.closing(socket.socket())).bind((address, port))
            return address


class Directory(kdc.Realm):
    """Use as a context manager; ends it by pid. `options`: further lines of smb.conf, such as `kdc default domain supported enctypes`."""

    def __init__(self, folder, address=None, options=None):
        # libkrb5 refuses RC4 by itself; that a DC gives it is for tests to see.
        super().__init__(pathlib.Path(folder).resolve() / "ad", REALM, address or free_address())
        self.options, self.process = options or {}, None

    def __enter__(self):
        self._fill()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    # --- the process

    def start(self):
        """Also again, after stop."""
        self._write_conf()
        with open(self.folder / "log.dc", "ab") as log:
            self.process = subprocess.Popen(["samba", "-i", "-M", "single", f"--configfile={self.folder}/etc/smb.conf"], env=self.environment(),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        (self.folder / "run/dc.pid").write_text(f"{self.process.pid}\n", encoding="ascii")
        with lab.ended_on_failure(self.process):
            lab.wait_for(self._answers, lambda: f"the DC to answer:\n{self.log()[-3000:]}")

    def stop(self):
        if self.process is not None:
            lab.stop(self.process)  # its exit status is 127 then

    def log(self):
        """Each logon with user, status and mechanism: `Auth: [Kerberos KDC,...] ... status [NT_STATUS_WRONG_PASSWORD]`."""
        path = self.folder / "log.dc"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the DC ended with {self.process.returncode}:\n{self.log()[-3000:]}")
        if subprocess.run(["ldapsearch", "-x", "-H", f"ldap://{self.address}", "-s", "base", "-b", ""], capture_output=True, check=False).returncode:
            return False
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection((self.address, 88), timeout=1)):
            return True
        return False

    # --- what is in it

    def populate(self, *arguments):
        return kdc.run([PYTHON, HERE / "populate.py", self.folder, *arguments], self.environment())

    def set(self, account, attribute, *values):
        self.populate("set", account, attribute, *values)

    def get(self, account, attribute):
        return self.populate("get", account, attribute).split()

    def new_password(self, account, password):
        """A new key, a new kvno."""
        self.populate("password", account, password)

    def bad_passwords(self, account):
        """How many since the last good one: three lock it."""
        return int((self.get(account, "badPwdCount") or ["0"])[0])

    def named(self, folder):
        """The environment of a program that finds this DC by its name, dc1.litwareinc.com."""
        hosts = pathlib.Path(folder) / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{self.address} dc1.litwareinc.com\n", encoding="ascii")
        return {"LD_PRELOAD": str(NSS_WRAPPER), "NSS_WRAPPER_HOSTS": str(hosts)}

    def lock(self, account="locked"):
        """By wrong passwords, as everywhere."""
        for _ in range(3):
            with contextlib.suppress(AssertionError):
                self.kinit(account, "Wrong-1", self.folder / "nobody.ccache")

    def keytab(self, name, principal):
        """A file with the keys that the account (or the account of the SPN) has now. More go beside them."""
        path = self.folder / name
        kdc.run(["samba-tool", "domain", "exportkeytab", path, f"--principal={principal}", f"--configfile={self.folder}/etc/smb.conf"], self.environment())
        path.chmod(0o644)
        return path

    # --- from nothing, or from a snapshot

    def _fill(self):
        if not (self.folder / "private").exists():
            snapshot = self._snapshot()
            if snapshot.exists():
                with tarfile.open(snapshot) as archive:
                    archive.extractall(self.folder)
            else:
                self._provision()
                self._pack(snapshot)
        for name in ("run/ncalrpc", "etc"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "run/ncalrpc").chmod(0o755)

    def _snapshot(self):
        """What it depends on is in the name."""
        version = subprocess.run(["samba", "--version"], capture_output=True, text=True, check=True).stdout
        parts = (version, NO_ACLS, SMB_CONF, (HERE / "populate.py").read_text(encoding="utf-8"))
        return lab.BUILD / "lab" / f"ad-{hashlib.sha256(''.join(parts).encode()).hexdigest()[:16]}.tar.gz"

    def _pack(self, snapshot):
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        beside = snapshot.with_suffix(f".{os.getpid()}")
        with tarfile.open(beside, "w:gz", compresslevel=1) as archive:
            archive.add(self.folder, arcname=".")
        beside.rename(snapshot)  # whole, also for others who make one

    def _provision(self):
        (self.folder / "etc").mkdir(exist_ok=True)
        (self.folder / "run/ncalrpc").mkdir(parents=True, exist_ok=True)
        (self.folder / "etc/empty.conf").touch()  # else Debian's own is mixed in
        tool = self.folder / "samba-tool"
        tool.write_text(NO_ACLS, encoding="ascii")
        kdc.run([PYTHON, tool, "domain", "provision", f"--configfile={self.folder}/etc/empty.conf", f"--realm={REALM}", "--domain=LITWAREINC",
                 "--server-role=dc", "--dns-backend=SAMBA_INTERNAL", "--adminpass=Adm1n-Passw0rd", "--host-name=dc1", f"--host-ip={self.address}",
                 f"--targetdir={self.folder}", f"--option=interfaces={self.address}/8", "--option=bind interfaces only=yes"],
                dict(os.environ, PATH=kdc.PATH), timeout=120)
        self._write_conf()
        self.populate("all")

    def _write_conf(self):
        # Provisioning's own names a DNS forwarder of this machine.
        more = "\n  ".join(f"{key} = {value}" for key, value in self.options.items())
        (self.folder / "etc/smb.conf").write_text(SMB_CONF.format(realm=REALM, address=self.address, folder=self.folder, more=more), encoding="utf-8")
        self.write_conf()


def main(act, folder, address=None):
    if reason := why_not():
        sys.exit(reason)
    if act == "up":
        directory = Directory(folder, address)
        directory.__enter__()
        print(f"export KRB5_CONFIG={directory.folder}/krb5.conf  # the DC is {directory.address}")
        return
    pid = int((pathlib.Path(folder).resolve() / "ad/run/dc.pid").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGTERM)
    while pathlib.Path(f"/proc/{pid}").exists():
        time.sleep(0.02)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("up", "down"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
