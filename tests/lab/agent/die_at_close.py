#!/usr/bin/env python3
"""usage: die_at_close.py command|session FILE PROGRAM [ARGUMENT...]

Hands its stdin on to PROGRAM line by line. At the first packet that closes a command, or the session, it kills PROGRAM instead of handing it on,
writes a line into FILE and kills itself, as an engine that dies at this moment.
"""

import os
import re
import signal
import subprocess
import sys

CLOSE = re.compile(rb"<Close PSGuid='([0-9A-Fa-f-]+)'")


def main():
    what, deaths, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
        for line in sys.stdin.buffer:
            found = CLOSE.match(line)
            # The session has the Guid of zeros.
            if found and (what == "session") == (not found[1].strip(b"0-")):
                program.kill()
                program.wait()
                with open(deaths, "a", encoding="ascii") as file:
                    file.write(f"{os.getpid()}\n")
                os.kill(os.getpid(), signal.SIGKILL)
            program.stdin.write(line)
            program.stdin.flush()


if __name__ == "__main__":
    main()
