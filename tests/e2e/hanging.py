"""A mount that hangs when told to, as a dead file server's does: a file system in user space that does not answer. Needs root and /dev/fuse."""

import contextlib
import ctypes
import errno
import os
import pathlib
import select
import stat
import struct
import tempfile
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
DETACH = 2
ROOT = 1
DIRECT_IO = 1
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 1, 2, 3, 14, 15, 17, 18, 26, 27, 28, 29, 36, 42
WITHOUT_ANSWER = (FORGET, INTERRUPT, BATCH_FORGET)


class Hanging:
    """A folder with these files (name -> text), mode 0600. `hang` and `release` say whether it answers. Use as a context manager."""

    def __init__(self, files):
        self.names = list(files)
        self.contents = [text.encode() for text in files.values()]
        self.answers = threading.Event()
        self.answers.set()
        self.ended = False
        self.left_out, self.waiting = None, set()
        self.wake, self.waker = os.pipe()

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sfb-hanging-"))
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)  # a request may be taken back before it is read
        how = f"fd={self.device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
        if LIBC.mount(b"sfb", os.fsencode(self.path), b"fuse", 0, how.encode()) != 0:
            failed = os.strerror(ctypes.get_errno())
            self._remove()
            raise OSError(failed)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        for name in self.names:
            (self.path / name).read_bytes()  # so that the kernel knows that closing needs no answer
        return self

    def __exit__(self, *_):
        self.ended = True
        self.release()
        os.write(self.waker, b"x")
        self.thread.join()
        LIBC.umount2(os.fsencode(self.path), DETACH)
        self._remove()

    def _remove(self):
        for descriptor in (self.device, self.wake, self.waker):
            os.close(descriptor)
        os.rmdir(self.path)

    def hang(self):
        """Requests stay with the kernel, where a process that waits for one can be killed."""
        self.answers.clear()
        os.write(self.waker, b"x")

    def leave_out(self, thread):
        """From now on threads of that name alone get no answer, until they are killed. `waiting`: their requests."""
        self.left_out = thread

    def release(self):
        self.answers.set()

    def _serve(self):
        while True:
            ready = select.select([self.device, self.wake], [], [])[0]
            if self.wake in ready:
                os.read(self.wake, 64)
            self.answers.wait()
            if self.ended:
                return
            if self.device in ready:
                with contextlib.suppress(OSError):  # whoever asked is gone
                    self._answer(os.read(self.device, 1 << 17))

    def _answer(self, request):
        _, opcode, unique, node, _, _, thread = struct.unpack_from("<IIQQIII", request)
        if opcode == INTERRUPT and struct.unpack_from("<Q", request, 40)[0] in self.waiting:
            # Who was killed does not end before it has an answer.
            unique = struct.unpack_from("<Q", request, 40)[0]
            self.waiting.remove(unique)
            os.write(self.device, struct.pack("<IiQ", 16, -errno.EINTR, unique))
        if opcode in WITHOUT_ANSWER:
            return
        if self.left_out and pathlib.Path(f"/proc/{thread}/comm").read_text(encoding="ascii").strip() == self.left_out:
            self.waiting.add(unique)
            return
        try:
            answer, error = self._said(opcode, node, request[40:]), 0
        except OSError as failure:
            answer, error = b"", -failure.errno
        os.write(self.device, struct.pack("<IiQ", 16 + len(answer), error, unique) + answer)

    def _attributes(self, node):
        folder = node == ROOT
        size = 0 if folder else len(self.contents[node - 2])
        mode = stat.S_IFDIR | 0o755 if folder else stat.S_IFREG | 0o600
        return struct.pack("<6Q10I", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, os.getuid(), os.getgid(), 0, 4096, 0)

    def _said(self, opcode, node, asked):
        if opcode == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 16, 12, 1 << 16, 1, 0, 0, *[0] * 8)
        if opcode == LOOKUP:
            name = asked.rstrip(b"\0").decode()
            if name not in self.names:
                raise OSError(errno.ENOENT, name)
            node = self.names.index(name) + 2
            return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + self._attributes(node)
        if opcode == GETATTR:
            return struct.pack("<Q2I", 0, 0, 0) + self._attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<Q2I", 0, DIRECT_IO, 0)
        if opcode == READ:
            _, start, size = struct.unpack_from("<2QI", asked)
            return self.contents[node - 2][start:start + size]
        if opcode in (READDIR, RELEASE, RELEASEDIR):
            return b""
        raise OSError(errno.ENOSYS, "not here")


def why_not():
    """Why there can be none here; empty: there can."""
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        return "a mount that hangs needs root and /dev/fuse"
    try:
        with Hanging({"a": "b"}) as folder:
            return "" if (folder.path / "a").read_text() == "b" else "the mount does not answer"
    except OSError as failure:
        return f"a mount that hangs cannot be made here: {failure}"
