"""That a file system is mounted and answers: the kind `ceph.mounted`, and the condition `ceph.mount-answers`."""

from __future__ import annotations

from ..machine import bounded, mount_table, systemd
from ..shapes import text
from ..where import real
from ..work import Change, Failed, Seen, Spec, State, Unknown, Work

COVERS = 5
"""How many mounts are taken off ours."""


def observe(work: Work, key: str, spec: Spec) -> State:
    """What is on top there, and whether it answers: a client that Ceph evicted stays mounted, and every access fails.

    Where nobody answers, `silent` is set: Ceph may be away for a while, and then to mount anew mends nothing.
    """
    mount = mount_table.find(work, key)
    if mount is None:
        return None
    answer = bounded.answer_of(work, key) if mount.type == spec["type"] else bounded.Answer(late=False)
    return {"type": mount.type, "access": mount.access, "problem": answer.problem, "silent": answer.late}


def apply(work: Change, key: str, spec: Spec) -> None:
    """Take off what covers it, make it writable, and mount anew what is gone or answers with errors."""
    unit = text(spec["unit"])
    _uncover(work, key, spec)
    mount = mount_table.find(work, key)
    if mount is not None and mount.access == "ro":
        options = [option for option in mount.options if option != "ro"]
        work.run(["mount", "-o", ",".join(["remount", "bind", "rw", *options]), real(key)], seconds=60)
    if not work.disturb:
        return
    if mount is None or bounded.answer_of(work, key).problem:
        systemd.restart(work, unit)


def remove(work: Work, key: str, spec: Spec) -> None:
    """Unmount what is on top. What does not answer is taken out of sight: it goes once nobody uses it."""
    if mount_table.find(work, key) is not None:
        _unmount(work, key)


def answers(work: Work, spec: Spec) -> Seen:
    """Whether it is mounted and answers: a process that waits for the cluster is not enough."""
    path, unit = text(spec["path"]), text(spec["unit"])
    try:
        mount = mount_table.find(work, path)
        mounted = mount is not None and mount.type == spec["type"]
        problem = _problem_of(work, path) if mounted else "nothing is mounted there yet"
    except Unknown as unknown:
        problem = str(unknown)
    return Seen(not problem, problem or f"{path} answers", details=lambda: _journal(work, unit))


def _problem_of(work: Work, path: str) -> str:
    """Empty where it answers. Raises Unknown when nobody does."""
    answer = bounded.answer_of(work, path)
    if answer.late:
        limit = f"{bounded.ANSWER_SECONDS} s"
        raise Unknown(f"mount {path} could not be looked at: no answer within {limit}; is Ceph away?")
    return answer.problem


def _journal(work: Work, unit: str) -> str:
    asked = ["journalctl", "--no-pager", "--quiet", "--lines", "8", "--output", "cat", "--unit", unit]
    said = work.run(asked, check=False, seconds=10).text
    return f"the last words of {unit}:\n{said}" if said else ""


def _uncover(work: Work, path: str, spec: Spec) -> None:
    for _ in range(COVERS):
        mount = mount_table.find(work, path)
        if mount is None or mount.type == spec["type"]:
            return
        _unmount(work, path)


def _unmount(work: Work, path: str) -> None:
    done = work.run(["umount", "--", real(path)], seconds=20, check=False)
    if done.code == 124:
        work.run(["umount", "--lazy", "--", real(path)], seconds=20)
    elif done.code != 0:
        raise Failed(f"{path} cannot be unmounted: {done.stderr.strip()}")
