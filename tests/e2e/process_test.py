"""The agent as a process: signals from the first moment on, missing and broken standard streams, what its memory shows to others."""

import base64
import contextlib
import ctypes
import itertools
import os
import re
import resource
import signal
import subprocess
import time
import unittest

import lab
from lab import LabTest

ATL, CHI = "atl.example.com", "chi.example.com"
PASSWORD = "Zq7-unmistakable-9Kd"
IN_OPEN = 0x20


def signals(process, which):
    """The signals in SigBlk, SigIgn or SigCgt of a process, as numbers."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        mask = int(re.search(rf"(?m)^{which}:\s*([0-9a-f]+)$", status.read())[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


class Opened:
    """Tells when somebody opens a file."""

    def __init__(self, path):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_CLOEXEC)
        if self.fd < 0 or self.libc.inotify_add_watch(self.fd, os.fsencode(path), IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def wait(self):
        os.read(self.fd, 4096)
        os.close(self.fd)


class ProcessTest(LabTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.drop_status(ATL)
        self.drop_status(CHI)
        self.port = lab.free_port()
        self.at_port = lab.Agent(self.folder)
        self.at_port.address = f"127.0.0.1:{self.port}"

    def start(self, prefix=(), **options):
        """The agent on self.port. `prefix` is a command that becomes the agent."""
        process = subprocess.Popen([*prefix, lab.AGENT, f"--config.file={self.folder}/agent.yml", f"--web.listen-address=127.0.0.1:{self.port}"],
                                   **{"stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, **options})
        self.addCleanup(lab.stop, process, signal.SIGKILL)
        return process

    def serves(self, process):
        def probe():
            self.assertIsNone(process.poll(), f"ended with {process.returncode}")
            with contextlib.suppress(OSError):
                return self.at_port.ready()
            return False
        self.wait(probe, "the agent to serve")
        self.assertEqual(self.at_port.value(f'sfb_backup_up{{pool="{ATL}"}}'), 1)

    def reloads(self):
        return self.at_port.value("sfb_backup_exporter_config_last_reload_success_timestamp_seconds")


class Signals(ProcessTest):
    def test_reloads_while_it_starts(self):
        """Many pools, so that reading the configuration takes a while; SIGHUP comes all the time from its opening on."""
        pools = {f"p{i}.example.com": f"p{i ^ 1}.example.com" for i in range(600)}
        self.configure({**self.POOLS, **pools})
        log = self.folder / "agent.log"
        with open(log, "wb") as stderr:
            opened = Opened(self.folder / "agent.yml")
            process = self.start(stderr=stderr)
            opened.wait()
            end = None
            while end is None or time.monotonic() < end:
                self.assertIsNone(process.poll(), f"ended with {process.returncode}\n{log.read_text()}")
                process.send_signal(signal.SIGHUP)
                time.sleep(0.001)
                if end is None and "msg=started" in log.read_text():
                    end = time.monotonic() + 0.2
        self.wait(lambda: "configuration reloaded" in log.read_text(), "the reload that was asked for")
        self.serves(process)
        self.assertEqual(lab.stop(process), 0)

    def test_one_that_waits_from_before_the_first_instruction_is_a_reload(self):
        """Also whatever mask was inherited: SIGTERM must end the agent."""
        log = self.folder / "agent.log"

        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGTERM, signal.SIGINT})
            os.kill(os.getpid(), signal.SIGHUP)
        with open(log, "wb") as stderr:
            process = self.start(preexec_fn=block, stderr=stderr)
        self.wait(lambda: "configuration reloaded" in log.read_text(), log.read_text)
        self.serves(process)
        self.assertEqual(lab.stop(process), 0)

    def test_reloads_while_it_ends(self):
        for _ in range(5):
            process = self.start()
            self.serves(process)
            process.send_signal(signal.SIGTERM)
            while process.poll() is None:
                process.send_signal(signal.SIGHUP)
            self.assertEqual(process.returncode, 0)

    def test_term_ends_a_start(self):
        opened = Opened(self.folder / "agent.yml")
        process = self.start()
        opened.wait()
        process.terminate()
        self.assertIn(process.wait(lab.WAIT), (0, -signal.SIGTERM))

    def test_commands_that_end_by_themselves_keep_the_defaults(self):
        """`| head` ends them, and so does a terminal that goes."""
        with subprocess.Popen([lab.AGENT, "render"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            self.wait(lambda: not signals(process, "SigBlk"), "the command to be known")
            self.assertFalse(signals(process, "SigIgn") & {signal.SIGPIPE, signal.SIGHUP, signal.SIGXFSZ})
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.wait(lab.WAIT), -signal.SIGHUP)
        document = lab.wrapper(ATL, lab.status_object(lab.MODULES_2013)).encode()
        reader, writer = os.pipe()
        os.close(reader)
        rendered = subprocess.run([lab.AGENT, "render"], input=document, stdout=writer, stderr=subprocess.DEVNULL, check=False)
        os.close(writer)
        self.assertEqual(rendered.returncode, -signal.SIGPIPE)

    def test_children_have_the_defaults(self):
        seen = self.folder / "seen"
        self.configure_winrm({}, {})
        text = ("global: {evaluation_interval: 1s, evaluation_timeout: 1s}\nendpoints:\n  child: {transport: ssh, program: [/bin/sh, -c, "
                f"'grep -E \"^Sig(Blk|Ign)\" /proc/self/status > {seen}.new; mv {seen}.new {seen}']}}\n"
                f"pools: [{{fqdn: {ATL}, endpoint: child, paired_pool: {CHI}, site: lab}}]\n")
        (self.folder / "agent.yml").write_text(text, encoding="utf-8")
        process = self.start()
        self.wait(seen.exists, "the child")
        self.assertLessEqual({signal.SIGPIPE, signal.SIGXFSZ}, signals(process, "SigIgn"), "of the agent")
        masks = dict(line.split(":\t") for line in seen.read_text().splitlines())
        # glibc ignores 32 and 33, which are its own.
        self.assertEqual([int(masks[name], 16) & 0x7FFFFFFF for name in ("SigBlk", "SigIgn")], [0, 0], masks)


class Streams(ProcessTest):
    def standard_streams(self, process):
        found = {}
        for fd in (0, 1, 2):
            with contextlib.suppress(FileNotFoundError):
                found[fd] = os.readlink(f"/proc/{process.pid}/fd/{fd}")
        return found

    @unittest.skipUnless(os.geteuid() == 0, "only root sees the agent's descriptors")
    def test_missing_ones_are_nobody_elses(self):
        for missing in itertools.chain.from_iterable(itertools.combinations((0, 1, 2), count) for count in (1, 2, 3)):
            with self.subTest(missing=missing):
                closing = "exec \"$@\" " + " ".join(("0<&-", "1>&-", "2>&-")[fd] for fd in missing)
                process = self.start(["/bin/sh", "-c", closing, "sh"], stdout=subprocess.DEVNULL)
                self.serves(process)
                self.assertEqual(self.standard_streams(process), dict.fromkeys((0, 1, 2), "/dev/null"))
                process.send_signal(signal.SIGHUP)  # has it log
                self.serves(process)
                self.assertEqual(lab.stop(process), 0)

    def test_lost_output_is_not_good(self):
        """Of commands whose stdout is missing; and whose stderr is missing or full, where a failure stays what it is."""
        document = self.folder / "exports" / f"{ATL}.clixml"
        evaluate = f"{lab.AGENT} evaluate --config.file={self.folder}/agent.yml {ATL}"
        for command, code in ((f"{lab.AGENT} render < {document} >&-", 1), (f"{evaluate} >&-", 1), (f"{lab.AGENT} render <&-", 1),
                              (f"{evaluate} 2>&-", 0), (f"{lab.AGENT} --config.file=/none --config.check 2>&-", 1),
                              (f"{lab.AGENT} --config.file=/none --config.check 2>/dev/full", 1), (f"{evaluate}x 2>/dev/full", 1),
                              (f"{lab.ASK} -PoolFqdn {ATL} 0<&- 1>&- 2>&-", 1)):
            with self.subTest(command):
                run = subprocess.run(["/bin/sh", "-c", command], env={"SFB_BACKUP_EXPORTER_URL": "unix:/none"}, capture_output=True, check=False)
                self.assertEqual(run.returncode, code, run.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root may become an account that has no other task")
    def test_without_threads_it_does_not_start(self):
        """Else it would look healthy and could not make a page."""
        self.folder.chmod(0o711)
        nobody_else = 20_000 + os.getpid() % 40_000  # tasks are counted by account, and another run of this test has some
        names = ("log", "pages", "cpu", "config", "logins", "resolve", "answers")
        for most, who in enumerate(names, 1):
            def lacking(most=most):
                process = self.start(stderr=subprocess.PIPE, user=nobody_else, group=nobody_else, extra_groups=[],
                                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)))
                said = process.communicate(timeout=lab.WAIT)[1].decode()
                self.assertEqual(process.returncode, 1, said)
                found = re.search(r"^sfb_backup_exporter: (\w+): no thread could be started: .*TasksMax", said)
                self.assertIsNotNone(found, said)
                return found[1]
            with self.subTest(who):
                # The kernel may count the thread that read the configuration a little longer than it is waited for.
                self.wait(lambda: lacking() == who, f"a start without the thread {who}")

    def test_a_reader_of_the_log_that_goes(self):
        reader, writer = os.pipe()
        process = self.start(stderr=writer)
        os.close(writer)
        self.serves(process)
        os.close(reader)
        before = self.reloads()
        process.send_signal(signal.SIGHUP)
        self.wait(lambda: self.reloads() > before or process.poll() is not None, "a reload, which is logged")
        self.serves(process)
        self.assertEqual(lab.stop(process), 0)

    def test_a_log_file_at_its_limit(self):
        with open(self.folder / "agent.log", "wb") as log:
            process = self.start(stderr=log, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)))
            self.serves(process)
            self.assertEqual(lab.stop(process), 0)


class Memory(ProcessTest):
    SERVER = {"listeners": [{"name": "plain", "users": {"svc-sfbmon": PASSWORD}},
                            {"name": "secure", "users": {"svc-sfbmon": PASSWORD}, "tls": {"certificate": "pki/server.pem", "key": "pki/server.key"}}],
              "certificate": {"make": "pki"}, "pools": {ATL: {}, CHI: {}}}

    @unittest.skipUnless(os.geteuid() == 0, "only root may become somebody else")
    def test_nobody_of_the_same_account_reads_it(self):
        self.folder.chmod(0o711)
        somebody = {"user": 65534, "group": 65534, "extra_groups": []}
        process = self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)), **somebody)
        self.serves(process)
        for name in ("mem", "environ", "fd"):
            with self.subTest(name):
                look = subprocess.run(["/bin/ls" if name == "fd" else "/bin/cat", f"/proc/{process.pid}/{name}"], capture_output=True, check=False, **somebody)
                self.assertIn(b"Permission denied", look.stderr)
        # What it tells of itself stays whole.
        page = self.at_port.metrics()
        for name in ("open_fds", "max_fds", "cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "threads", "start_time_seconds"):
            self.assertRegex(page, rf"(?m)^process_{name} [0-9]", name)
        self.assertGreater(self.at_port.value("process_open_fds"), 5)
        process.send_signal(signal.SIGQUIT)
        process.wait(lab.WAIT)
        with open(f"/proc/sys/kernel/core_pattern", encoding="ascii") as pattern:
            if not pattern.read().startswith("|"):
                self.assertEqual(list(self.folder.glob("core*")), [])

    @unittest.skipUnless(os.geteuid() == 0, "only root reads the memory of another process")
    def test_requests_with_a_password_do_not_stay_in_it(self):
        """What may stay: the secret, what masks it in texts, and the one header of a connection that is kept."""
        proof = base64.b64encode(f"svc-sfbmon:{PASSWORD}".encode())
        with self.simulator(self.SERVER) as simulator:
            self.configure_winrm({"plain": {"url": simulator.url("plain")}, "secure": {"url": simulator.url("secure"), "tls": {"ca_file": "pki/ca.pem"}}},
                                 {ATL: "plain", CHI: "secure"}, password=PASSWORD)
            with self.agent() as agent:
                self.wait(lambda: min(agent.by_pool("sfb_backup_evaluations_total").values()) >= 3, "some evaluations")
                self.assertEqual(set(agent.by_pool("sfb_backup_up").values()), {1})
                for _ in range(3):
                    memory = b"".join(self.memory(agent.process))
                    found = {what.decode(): memory.count(what) for what in (b"Authorization: Basic " + proof[:12], b"Basic " + proof[:24], proof, PASSWORD.encode())}
                    self.assertEqual(found["Authorization: Basic " + proof[:12].decode()], 0, found)
                    self.assertLessEqual(found["Basic " + proof[:24].decode()], 2, found)
                    self.assertGreater(found[PASSWORD], 0, "the scan itself")
                    time.sleep(0.3)

    def memory(self, process):
        """Whatever can be written to, region by region."""
        with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps:
            regions = [line.split()[:2] for line in maps]
        with open(f"/proc/{process.pid}/mem", "rb", buffering=0) as mem:
            for place, rights in regions:
                if rights.startswith("rw"):
                    start, end = (int(part, 16) for part in place.split("-"))
                    with contextlib.suppress(OSError):
                        mem.seek(start)
                        yield mem.read(end - start)


if __name__ == "__main__":
    unittest.main(verbosity=2)
