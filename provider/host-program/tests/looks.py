"""What a host shows of its mounts, and real looks at what is mounted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from doubles import FakeWork

from torocloud_host.machine import bounded

LATE = FakeWork({bounded.PYTHON: (0, '{"late": true}', "")})
"""A host whose file systems never answer."""

FAIL = "def fail(*_, **__): raise OSError(108, 'Cannot send after transport endpoint shutdown')"
EVICTED = "Cannot send after transport endpoint shutdown"


def write_mounts(root: Path, mounts: Iterable[tuple[str, str, str]]) -> None:
    """Path, options and type of each, below /."""
    line = "36 35 98:0 / {} {} shared:1 master:2 - {} ceph-fuse rw,user_id=0\n"
    lines = [line.format(path.replace(" ", "\\040"), options, type) for path, options, type in mounts]
    table = root / "proc/self/mountinfo"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda1 ro\n" + "".join(lines))


def really(argv: Sequence[str], input: bytes | None) -> tuple[int, str, str]:
    done = subprocess.run(argv, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def looking(meanwhile: str = "") -> FakeWork:
    """A host on which a line of Python makes file systems other than they are."""

    def look(argv: Sequence[str], input: bytes | None) -> tuple[int, str, str]:
        words = list(argv)
        words[3] = f"import os, time\n{meanwhile}\n{words[3]}"
        return really(words, input)

    return FakeWork({bounded.PYTHON: look})
