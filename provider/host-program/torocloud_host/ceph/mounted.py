"""That a file system is mounted and answers: the kind `ceph.mounted`, and the condition `ceph.mount-answers`."""

from __future__ import annotations

from ..machine import systemd
from ..where import real
from ..work import Change, Failed, Seen, Spec, State, Unknown, Work
from . import bounded, mount_table
from .shapes import text

COVERS = 5
"""How many mounts are taken off ours."""


def observe(work: Work, key: str, spec: Spec) -> State:
    """What is on top there, and whether it answers: a client that Ceph evicted stays mounted, and every access fails.

    Raises Unknown when nobody answers: Ceph may be away for a while, and then to mount anew mends nothing.
    """
    mount = mount_table.find(work, key)
    if mount is None:
        return None
    problem = _problem_of(work, key) if mount.type == spec["type"] else None
    return {"type": mount.type, "access": mount.access, "answers": problem is None, "problem": problem}


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
    if mount is None or _problem_of(work, key) is not None:
        systemd.restart(work, unit)


def remove(work: Work, key: str, spec: Spec) -> None:
    """Unmount what is on top. What does not answer is taken out of sight: it goes once nobody uses it."""
    if mount_table.find(work, key) is not None:
        _unmount(work, key)


def answers(work: Work, spec: Spec) -> Seen:
    """Whether it is mounted and answers: a process that waits for the cluster is not enough."""
    path = text(spec["path"])
    mount = mount_table.find(work, path)
    if mount is None or mount.type != spec["type"]:
        return Seen(False, "not yet")
    answer = bounded.answer_of(work, path)
    if answer.late:
        return Seen(False, f"no answer within {bounded.ANSWER_SECONDS} s")
    return Seen(answer.problem is None, answer.problem or "it answers")


def _problem_of(work: Work, path: str) -> str | None:
    answer = bounded.answer_of(work, path)
    if answer.late:
        raise Unknown(f"mount {path} could not be looked at: no answer within {bounded.ANSWER_SECONDS} s")
    return answer.problem


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
