"""What a host is."""

from __future__ import annotations

import os
import re
import stat

from ..where import real
from ..work import Failed, Json, Spec, Work


def facts(work: Work, spec: Spec) -> Json:
    """Its address, versions, size, and which drivers its kernel has.

    Drivers are asked for by trying to load them: a file in /dev or a module on disk promises nothing, and neither
    changes anything that is not used.
    """
    release = _release()
    if release.get("ID") != "debian":
        raise Failed(f"this is {release.get('PRETTY_NAME', 'no Debian')}; torocloud needs Debian 13")
    return {
        "address": _address(work),
        "debian": _read("/etc/debian_version").strip(),
        "kernel": os.uname().release,
        "cpus": len(os.sched_getaffinity(0)),
        "memoryMiB": _memory_mib(),
        "cephClient": "kernel" if _has_ceph(work) else "fuse",
        "vsock": "kernel" if _has_vsock(work) else "user",
    }


def _address(work: Work) -> str:
    """That of the interface which leads out: IPv4 where there is such a route, or else IPv6 (RFC 5737, RFC 3849)."""
    for destination in ("192.0.2.1", "2001:db8::1"):
        route = work.run(["ip", "-o", "route", "get", destination], check=False).text
        found = re.search(r" src (\S+)", route)
        if found:
            return found[1]
    return ""


def _release() -> dict[str, str]:
    lines = (line.partition("=") for line in _read("/etc/os-release").splitlines())
    return {name: value.strip("\"'") for name, _, value in lines}


def _memory_mib() -> int:
    found = re.search(r"^MemTotal: *(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def _has_ceph(work: Work) -> bool:
    work.run(["modprobe", "-q", "ceph"], check=False)
    return "ceph" in _read("/proc/filesystems").split()


def _has_vsock(work: Work) -> bool:
    work.run(["modprobe", "-q", "vhost_vsock"], check=False)
    try:
        return stat.S_ISCHR(os.stat(real("/dev/vhost-vsock")).st_mode)
    except OSError:
        return False


def _read(path: str) -> str:
    try:
        with open(real(path), encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
