"""What every guest of a host needs, and what stands in the way of it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import stat

from ..artifacts.files import put_file, remove_file, state_of
from ..artifacts.specs import text
from ..where import real
from ..work import Change, Failed, Json, Seen, Spec, State, Work

_MARKERS = "/etc/torocloud"
_GUEST_UNITS = "/etc/systemd/system"
_NEEDY = ("guest", "share", "port-forward")
_NOBODY = "an unknown stack"
_KVM_WORKS = (33, 35)
"""isa-debug-exit's codes with which the probe (images/demo/probe) says that all went well."""
_KVM_TRIALS = 2
"""What fails for a moment must not move all guests of a host to emulation."""


class Clock:
    """A file with the frequency of the time stamp counter, as the kernel measured it when it started."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Mode and owner, and whether there is a number in it."""
        state = state_of(key)
        if state is None or "link" in state:
            return {**state} if state else None
        return {
            "mode": state["mode"],
            "owner": state["owner"],
            "measured": _measured(key, text(spec, "variable")) is not None,
        }

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """What was measured is kept. The processor's current frequency may be another one: it is the last resort."""
        variable = text(spec, "variable")
        number = _measured(key, variable) or _measure(change)
        put_file(key, f"{variable}={number}\n".encode(), "644", "root:root")

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Gone already is gone."""
        remove_file(key)


class Console:
    """What a guest wrote: nobody makes it or looks at it."""

    def observe(self, work: Work, key: str, spec: Spec) -> State:
        """Whether it is there."""
        return {} if os.path.exists(real(key)) else None

    def apply(self, change: Change, key: str, spec: Spec) -> None:
        """The guest does."""

    def remove(self, work: Work, key: str, spec: Spec) -> None:
        """Gone already is gone."""
        remove_file(key)


def acceleration(work: Work, spec: Spec) -> Json:
    """Whether ordinary guests run under KVM here. Some machines offer a device file on which they crawl or die."""
    accel = text(spec, "accel")
    if accel == "auto":
        accel = "kvm" if _kvm_works(work, base64.b64decode(text(spec, "probe"))) else "tcg"
    return {"acceleration": accel}


def _kvm_works(work: Work, probe: bytes) -> bool:
    if not _is_device("/dev/kvm"):
        return False
    path = real(f"/run/torocloud-kvm-probe-{os.getpid()}-{os.urandom(4).hex()}")
    machine = "microvm,acpi=off,pic=off,pit=off,rtc=off,isa-serial=off"
    quiet = ["-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "none"]
    ending = ["-parallel", "none", "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x4"]
    guest = ["-M", machine, "-accel", "kvm", "-cpu", "host", "-m", "16", *quiet, *ending, "-kernel", path]
    try:
        with open(path, "wb") as stream:
            stream.write(probe)
        command = ["qemu-system-x86_64", *guest]
        return any(work.run(command, check=False, seconds=5).code in _KVM_WORKS for _ in range(_KVM_TRIALS))
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _is_device(path: str) -> bool:
    try:
        return stat.S_ISCHR(os.stat(real(path)).st_mode)
    except OSError:
        return False


def port_free(work: Work, spec: Spec) -> Seen:
    """Whether nobody else listens on a port; so it is where our socket is there already."""
    address, port = text(spec, "address"), int(str(spec.get("port")))
    if os.path.exists(real(text(spec, "ours"))):
        return Seen(True, "it is ours")
    lines = work.run(["ss", "-Hltnp", f"sport = :{port}"], seconds=20).text.splitlines()
    for line in lines:
        words = line.split()
        if len(words) > 3 and _meet(address, re.sub(r"[][]|%.*", "", words[3].rpartition(":")[0])):
            who = re.search(r'users:\(\("([^"]*)",pid=(\d+)', line)
            by = f" by {who[1]} (pid {who[2]})" if who else ""
            return Seen(False, f"port {port} of {address} is taken{by}")
    return Seen(True, "nobody listens there")


def _meet(ours: str, theirs: str) -> bool:
    """Whether two addresses cannot both be listened on. `ss` writes "*" for all addresses of both kinds."""
    if theirs in ("*", ours) or ours == "::":
        return True
    if "0.0.0.0" in (ours, theirs):
        return ":" not in ours and ":" not in theirs
    return theirs == "::" and ":" in ours


def hypervisor_unused(work: Work, spec: Spec) -> Seen:
    """Whether nothing on the host, also of another stack, needs what a removal would take away."""
    left = {f"{kind}/{name}": owner for kind in _NEEDY for name, owner, _ in _marked(kind)}
    return _needed_by(left, "remove these first")


def image_unused(work: Work, spec: Spec) -> Seen:
    """Whether no guest of the host starts from an image, as its marker or its unit says."""
    files = f"{text(spec, 'path')}/"
    markers = _marked("guest")
    owners = {name: owner for name, owner, _ in markers}
    named = {name for name, _, content in markers if files in content}
    for unit, content in _guest_units():
        if files in content:
            named.add(unit.removeprefix("torocloud-guest-").removesuffix(".service"))
    left = {f"guest/{name}": owners.get(name, _NOBODY) for name in sorted(named)}
    return _needed_by(left, "give these another image, or remove them first")


def _guest_units() -> list[tuple[str, str]]:
    """Names and texts of all guests' unit files, also of other stacks'."""
    folder = real(_GUEST_UNITS)
    try:
        names = [
            name for name in os.listdir(folder) if name.startswith("torocloud-guest-") and name.endswith(".service")
        ]
    except FileNotFoundError:
        return []
    units = []
    for name in sorted(names):
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as stream:
                units.append((name, stream.read()))
        except OSError:
            continue
    return units


def _needed_by(left: dict[str, str], advice: str) -> Seen:
    if not left:
        return Seen(True, "nothing needs it")
    names, owners = " ".join(left), " ".join(sorted(set(left.values())))
    return Seen(False, f"still needed by {names} of {owners}: {advice}")


def _marked(kind: str) -> list[tuple[str, str, str]]:
    """Name, owner and text of each marker of a kind. A torn one is of something that may well be there."""
    folder = real(f"{_MARKERS}/{kind}")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as stream:
                content = stream.read()
        except OSError:
            continue
        found.append((name.removesuffix(".json"), _owner_in(content), content))
    return found


def _owner_in(marker: str) -> str:
    try:
        owner = json.loads(marker)["owner"]
    except (ValueError, TypeError, KeyError):
        return _NOBODY
    return owner if isinstance(owner, str) else _NOBODY


def _measured(path: str, variable: str) -> str | None:
    """The number that the file has."""
    try:
        with open(real(path), encoding="utf-8", errors="replace") as stream:
            found = re.search(rf"^{variable}=([0-9]+)$", stream.read(4096), re.MULTILINE)
    except OSError:
        return None
    return found[1] if found else None


def _measure(work: Work) -> int:
    kernel = work.run(["dmesg"], check=False).text
    found = re.search(r"tsc: Detected ([0-9.]+) MHz", kernel)
    found = found or re.search(r"^cpu MHz\s*: ([0-9.]+)", _cpuinfo(), re.MULTILINE)
    if found is None:
        raise Failed("the kernel does not say how fast the processor's time stamp counter is")
    return int(float(found[1]) * 1000)


def _cpuinfo() -> str:
    try:
        with open(real("/proc/cpuinfo")) as stream:
            return stream.read()
    except OSError:
        return ""


clock = Clock()
console = Console()
