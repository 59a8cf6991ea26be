"""What may be wrong with a guest that does not answer, where something on the host tells."""

from __future__ import annotations

import os
import re

from ..where import real
from ..work import Spec, Work

_CID_TAKEN = "unable to set guest cid"
_VSOCK = "/dev/vhost-vsock"
_LARGEST_OF_TORO = 0x7FFF_FFFF


def taken_context_id(words: str, spec: Spec) -> str:
    """Who has the guest's context identifier, where QEMU said that somebody has."""
    number = spec.get("contextId")
    if _CID_TAKEN not in words or number is None:
        return ""
    holders = _holders(str(number))
    by = f" by {', '.join(holders)}" if holders else f" by something that has {_VSOCK} open"
    return f"context identifier {number} is taken on this host{by}: give the guest another one with contextId"


def too_large_for_toro(spec: Spec) -> str | None:
    """Toro sends its context identifier with its sign, which every vsock device drops."""
    number = spec.get("contextId")
    if spec.get("preset") != "toro" or not isinstance(number, int) or number <= _LARGEST_OF_TORO:
        return None
    return (
        f"Toro cannot use the context identifier {number}; give the guest one up to {_LARGEST_OF_TORO} with contextId"
    )


def wrong_preset(work: Work, spec: Spec) -> str:
    """Where the kernel's file says what it is, and that is not what its preset is for."""
    preset, kernel = spec.get("preset"), spec.get("kernel")
    if not isinstance(preset, str) or not isinstance(kernel, str):
        return ""
    what = _what_is(work, kernel)
    if what is None or (what == "Linux") == (preset == "linux"):
        return ""
    said = "is Linux" if what == "Linux" else "does not look like Linux"
    return f"{kernel} {said}, and the guest's preset is {preset}: is it the right one?"


def _what_is(work: Work, kernel: str) -> str | None:
    """Asked by processes, as its file system may have no servers; None where they find out nothing."""
    head = work.run(["head", "-c", "518", real(kernel)], check=False, seconds=5)
    if head.code != 0:
        return None
    if head.stdout[0x202:0x206] == b"HdrS":
        return "Linux"
    if not head.stdout.startswith(b"\x7fELF"):
        return None
    code = work.run(["grep", "-aqm1", "Linux version ", real(kernel)], check=False, seconds=5).code
    return {0: "Linux", 1: "another"}.get(code)


def _holders(number: str) -> list[str]:
    """The processes that have the device open and name the identifier; where none does, all that have it open."""
    holders = [(pid, _words_of(pid)) for pid in _processes() if _has_vsock_open(pid)]
    named = re.compile(rf"guest-cid\W+{re.escape(number)}(?!\d)")
    surely = [(pid, words) for pid, words in holders if named.search(words)]
    return [f"{_name_of(words)} (pid {pid})" for pid, words in surely or holders]


def _processes() -> list[str]:
    try:
        return sorted(filter(str.isdigit, os.listdir(real("/proc"))), key=int)
    except OSError:
        return []


def _has_vsock_open(pid: str) -> bool:
    folder = real(f"/proc/{pid}/fd")
    try:
        return any(os.readlink(f"{folder}/{one}") == _VSOCK for one in os.listdir(folder))
    except OSError:
        return False


def _words_of(pid: str) -> str:
    try:
        with open(real(f"/proc/{pid}/cmdline"), "rb") as stream:
            return stream.read().decode("utf-8", "replace").replace("\0", " ").strip()
    except OSError:
        return ""


def _name_of(words: str) -> str:
    """A guest of ours by its name, anything else by its program's."""
    guest = re.search(r"-name guest=([a-z0-9-]+)", words)
    if guest is not None:
        return f"guest {guest[1]}"
    return os.path.basename(words.partition(" ")[0]) or "a process"
