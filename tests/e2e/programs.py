"""The programs that tests start: ports for them, what they have open, and their ends by pid."""

import contextlib
import os
import signal
import socket
import subprocess

WAIT = 20.0  # seconds; generous, because nothing here measures speed
HELD = []  # the sockets of free_port


def free_port():
    """A port of 127.0.0.1 that stays this test's own: bound to the test's end and never listening, so the kernel gives it to nobody else, and a
    server that sets the same option, as all of ours do, may listen on it."""
    held = socket.socket()
    HELD.append(held)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held.getsockname()[1]


def descriptors(process):
    """How many it has open. Of an agent only root may see it."""
    path = f"/proc/{process.pid}/fd"
    try:
        return len(os.listdir(path))
    except PermissionError:
        return len(subprocess.run(["sudo", "-n", "ls", path], capture_output=True, check=True).stdout.split())


@contextlib.contextmanager
def ended_on_failure(process):
    """A failure in here ends the process: whoever started it is not entered yet, so nobody else would."""
    try:
        yield
    except BaseException:
        stop(process)
        raise


def kill(pid):
    """Kills a process that may have ended by itself in the meantime."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def stop(process, number=signal.SIGTERM):
    """Ends a child by pid and returns its exit code."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
