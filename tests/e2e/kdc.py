"""A Kerberos realm for a test: MIT's KDC on a free port of 127.0.0.1, ready in a fifth of a second; and KDCs that something is wrong with.

    with Kdc(folder) as kdc:
        kdc.add("svc-sfbmon", "hunter2")
        keytab = kdc.service("HTTP/localhost")
        kdc.kinit("svc-sfbmon", "hunter2", folder / "ticket.ccache")
"""

import contextlib
import datetime
import os
import pathlib
import shutil
import socket
import socketserver
import subprocess
import threading
import time

import lab

REALM = "LITWAREINC.COM"
TOOLS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "kvno", "klist")
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
AES = "aes256-cts-hmac-sha1-96:normal,aes128-cts-hmac-sha1-96:normal"
AES_SHA2 = "aes256-cts-hmac-sha384-192:normal"
RC4 = "arcfour-hmac:normal"


def missing(tools=TOOLS):
    """Those that are not installed; a test says so and is skipped."""
    return [tool for tool in tools if shutil.which(tool, path=PATH) is None]


def krb5_conf(realm, kdcs, hosts=("localhost",), **libdefaults):
    """A krb5.conf that asks nobody but these KDCs (ADDRESS:PORT), by TCP first."""
    defaults = {"default_realm": realm, "dns_lookup_realm": "false", "dns_lookup_kdc": "false", "rdns": "false",
                "dns_canonicalize_hostname": "false", "udp_preference_limit": "1", **libdefaults}
    lines = ["[libdefaults]", *(f"  {key} = {value}" for key, value in defaults.items()), "[realms]", f"  {realm} = {{",
             *(f"    kdc = {kdc}" for kdc in kdcs), "  }", "[domain_realm]", *(f"  {host} = {realm}" for host in hosts), ""]
    return "\n".join(lines)


def run(command, environment, **options):
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, timeout=options.pop("timeout", lab.WAIT), check=False,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Realm:
    """What a client needs of a realm: `address`, `realm`, and a krb5.conf in `folder`."""

    def __init__(self, folder, realm, address):
        self.folder, self.realm, self.address = pathlib.Path(folder), realm, address
        self.folder.mkdir(parents=True, exist_ok=True)

    def write_conf(self, *kdcs, **libdefaults):
        (self.folder / "krb5.conf").write_text(krb5_conf(self.realm, kdcs or (self.address,), **libdefaults), encoding="utf-8")

    def environment(self, **more):
        """That of a program which knows this realm and no other, and has no ticket."""
        return {**os.environ, "PATH": PATH, "KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5CCNAME": f"FILE:{self.folder}/none.ccache",
                "KRB5RCACHENAME": f"file2:{self.folder}/rcache", "KRB5_KTNAME": f"FILE:{self.folder}/none.keytab", **more}

    def kinit(self, principal, password=None, ccache=None, keytab=None, options=(), conf=None):
        """A ticket by password or keytab; the cache's path. `conf`: another krb5.conf."""
        ccache = pathlib.Path(ccache or self.folder / f"{principal.replace('/', '-')}.ccache")
        by = ["-k", "-t", keytab] if keytab else []
        run(["kinit", "-c", f"FILE:{ccache}", *by, *options, principal], self.environment(**({"KRB5_CONFIG": str(conf)} if conf else {})), input=f"{password}\n")
        return ccache

    def kvno(self, service, ccache):
        """The number of the service's key as the KDC says it."""
        return int(run(["kvno", "-c", f"FILE:{ccache}", service], self.environment()).rsplit("=", 1)[1])


class Kdc(Realm):
    """MIT's KDC. Use as a context manager; ends it by pid. With `udp=False` it listens on TCP alone, as behind a firewall."""

    def __init__(self, folder, realm=REALM, enctypes=AES, udp=True, max_life="10h"):
        super().__init__(pathlib.Path(folder) / "kdc", realm, None)
        self.enctypes, self.udp, self.max_life = enctypes, udp, max_life
        self.process = None

    def __enter__(self):
        self._configure(lab.free_port())
        self._run("kdb5_util", "create", "-s", "-r", self.realm, "-P", "master")
        for attempt in range(5):  # somebody else may have its port for UDP
            self._configure(lab.free_port())
            self.start()
            if self.process.poll() is None:
                return self
        raise AssertionError(f"the KDC ended with {self.process.returncode}:\n{self.log()}")

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Also again, after stop: the same port, the same keys."""
        with open(self.folder / "kdc.out", "wb") as out:
            self.process = subprocess.Popen(["krb5kdc", "-n", "-r", self.realm], env=self._server(), stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT)
        with lab.ended_on_failure(self.process):
            lab.wait_for(lambda: self.process.poll() is not None or self._listens(), lambda: f"the KDC to listen:\n{self.log()}")

    def stop(self):
        if self.process is not None:
            lab.stop(self.process)

    def log(self):
        """Each request with its outcome: `AS_REQ ... ISSUE`, `PREAUTH_FAILED`, ..."""
        return "".join(path.read_text(encoding="utf-8", errors="replace") for name in ("kdc.log", "kdc.out") if (path := self.folder / name).exists())

    def _listens(self):
        host, port = self.address.split(":")
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection((host, int(port)), timeout=1)):
            return True
        return False

    def _configure(self, port):
        self.address = f"127.0.0.1:{port}"
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n  kdc_listen = {self.address if self.udp else chr(34) * 2}\n  kdc_tcp_listen = {self.address}\n"
            f"[realms]\n  {self.realm} = {{\n    database_name = {self.folder}/principal\n    key_stash_file = {self.folder}/stash\n"
            f"    acl_file = {self.folder}/acl\n    supported_enctypes = {self.enctypes.replace(',', ' ')}\n    max_life = {self.max_life}\n  }}\n"
            f"[logging]\n  kdc = FILE:{self.folder}/kdc.log\n", encoding="utf-8")
        names = " ".join(one.split(":")[0] for one in self.enctypes.split(","))
        self.write_conf(allow_rc4="true", permitted_enctypes=names)

    def _server(self):
        return self.environment(KRB5_KDC_PROFILE=str(self.folder / "kdc.conf"))

    def _run(self, *command):
        return run(command, self._server())

    def admin(self, *queries):
        """What kadmin.local says to each."""
        return [self._run("kadmin.local", "-r", self.realm, "-q", query) for query in queries]

    def add(self, principal, password=None, enctypes=None, options=""):
        """A principal; without a password its key is random. `options` as addprinc has them (`-expire now`)."""
        key = f"-pw {password}" if password else "-randkey"
        self.admin(f"addprinc {key} -e {enctypes or self.enctypes} {options} {principal}")

    def change(self, principal, options):
        """modprinc: `-allow_tix` disables, `-expire yesterday` ends it, `-pwexpire yesterday` its password."""
        self.admin(f"modprinc {options} {principal}")

    def new_key(self, principal, password=None, enctypes=None):
        """A new kvno; keytabs there are do not have it."""
        self.admin(f"cpw {f'-pw {password}' if password else '-randkey'} -e {enctypes or self.enctypes} {principal}")

    def keytab(self, name, *principals):
        """A file with the keys that these have now; the same file may get more, as after a change."""
        path = self.folder / name
        self.admin(*(f"ktadd -norandkey -k {path} {principal}" for principal in principals))
        path.chmod(0o644)
        return path

    def service(self, spn="HTTP/localhost", enctypes=None, name="server.keytab"):
        """A service and its keytab."""
        self.add(spn, enctypes=enctypes)
        return self.keytab(name, spn)


def der(tag, *contents):
    body = b"".join(contents)
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)]) if len(body) < 256 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def krb_error(code, realm=REALM, sname=("krbtgt", REALM), skew=0.0, text=None):
    """A KRB-ERROR (RFC 4120 5.9.1). `skew`: how far the KDC's clock is from this one, in seconds."""
    number = lambda value: der(0x02, value.to_bytes(4, "big").lstrip(b"\0") if value > 127 else bytes([value]))
    general = lambda value: der(0x1B, value.encode())
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
    name = der(0x30, der(0xA0, number(2)), der(0xA1, der(0x30, *(general(part) for part in sname))))
    fields = [der(0xA0, number(5)), der(0xA1, number(30)), der(0xA4, der(0x18, when.strftime("%Y%m%d%H%M%SZ").encode())), der(0xA5, number(0)),
              der(0xA6, number(code)), der(0xA9, general(realm)), der(0xAA, name)]
    return der(0x7E, der(0x30, *fields, *([der(0xAB, general(text))] if text else [])))


class KdcProxy(Realm):
    """A KDC before the real one, for what real ones cannot be made to say, and for silence. Use as a context manager.

    `as_error`, `tgs_error`: a KRB-ERROR instead of the answer: its number of RFC 4120 (8 duplicate principal, 12 policy, 14 enctype, 29
    unavailable: the client tries others for 20 s, 37 skew, 52 too big for UDP). `silent`: it takes connections, and datagrams if it began so, and says nothing. `delay`: seconds
    before each answer. All may be changed at any time. `asked`: how many AS and TGS requests came."""

    KINDS = {0x6A: "AS", 0x6C: "TGS"}

    def __init__(self, folder, behind=None, realm=REALM, as_error=None, tgs_error=None, silent=False, delay=0.0, skew=0.0):
        self.behind, self.as_error, self.tgs_error = behind, as_error, tgs_error
        self.silent, self.delay, self.skew = silent, delay, skew
        self.asked = {"AS": 0, "TGS": 0}
        self._closing = threading.Event()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    proxy._talk(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

        self._server = Server(("127.0.0.1", 0), Handler)
        port = self._server.server_address[1]
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if silent:
            self._datagrams.bind(("127.0.0.1", port))  # taken and never read; else they are refused
        super().__init__(pathlib.Path(folder) / f"kdc-proxy-{port}", realm, f"127.0.0.1:{port}")
        self.write_conf()

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._datagrams.close()

    def _talk(self, client):
        while len(head := _read(client, 4)) == 4:
            message = _read(client, int.from_bytes(head, "big"))
            kind = self.KINDS.get(message[0], "AS")
            self.asked[kind] += 1
            while self.silent and not self._closing.is_set():
                time.sleep(0.02)
            if self._closing.wait(self.delay):
                return
            error = self.as_error if kind == "AS" else self.tgs_error
            answer = krb_error(error, self.realm, skew=self.skew) if error else self._ask(head + message)
            client.sendall(len(answer).to_bytes(4, "big") + answer)

    def _ask(self, framed):
        host, port = self.behind.split(":")
        with contextlib.closing(socket.create_connection((host, int(port)), timeout=lab.WAIT)) as server:
            server.sendall(framed)
            return _read(server, int.from_bytes(_read(server, 4), "big"))


def _read(connection, size):
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


def dead_address():
    """ADDRESS:PORT that refuses at once: no KDC is there."""
    return f"127.0.0.1:{lab.free_port()}"
