#!/usr/bin/python3
"""Stands between the agent and a PSRP process, and writes what passed as JSON when stdin ends: lines and bytes, up and down.

usage: relay.py FILE PROGRAM [ARGUMENT...]
"""

import json
import subprocess
import sys
import threading


def main():
    child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    counts = {"up": 0, "up_bytes": 0, "down": 0, "down_bytes": 0}

    def pump(source, target, way):
        for line in source:
            counts[way] += 1
            counts[way + "_bytes"] += len(line)
            target.write(line)
            target.flush()
        target.close()

    down = threading.Thread(target=pump, args=(child.stdout, sys.stdout.buffer, "down"))
    down.start()
    pump(sys.stdin.buffer, child.stdin, "up")
    down.join()
    child.wait()
    with open(sys.argv[1], "a", encoding="utf-8") as out:
        out.write(json.dumps(counts) + "\n")


if __name__ == "__main__":
    main()
