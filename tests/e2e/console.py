"""A terminal of a chosen width, for programs that print as wide as theirs."""

import fcntl
import os
import pty
import struct
import subprocess
import termios


def terminal(columns, command, environment):
    """What a program prints on a terminal of that width, with LF line ends."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True) as process:
        os.close(its)
        text = b""
        try:
            while block := os.read(ours, 65536):
                text += block
        except OSError:  # how a terminal says that nobody is left at its other end
            pass
        os.close(ours)
    return process.returncode, text.decode().replace("\r\n", "\n")
