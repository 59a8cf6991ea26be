"""Write the command line, and on request the environment, of every process that there is, twenty times a second, to a file: each once.

  watch_processes.py FILE [environ]
"""

import os
import sys
import time

EVERY_SECONDS = 0.05


def read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def watch(path, names):
    seen = set()
    with open(path, "ab", buffering=0) as record:
        while True:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                found = b"".join(read(pid, name) for name in names)
                if found and found not in seen:
                    seen.add(found)
                    record.write(found + b"\n")
            time.sleep(EVERY_SECONDS)


watch(sys.argv[1], ["cmdline", *sys.argv[2:]])
