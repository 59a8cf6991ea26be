"""Keys in keyring files, and what the cluster knows of them."""

from __future__ import annotations

import errno
import re

from ..artifacts import files
from ..shapes import fields, records, text
from ..work import Failed, Json, Work
from . import monitors, paths


def ownership(path: str) -> dict[str, Json] | None:
    """Mode and owner of a keyring file that holds something; None where there is none."""
    state = files.state_of(path)
    if state is None or "link" in state or paths.content(path) == "":
        return None
    return {"mode": state["mode"], "owner": state["owner"]}


def own(path: str, owner: str) -> None:
    """Only its owner may read it."""
    files.put_file(path, paths.content(path).encode(), "600", owner)


def render(entity: str, key: str) -> str:
    """A keyring with one key, as Ceph's daemons read it. Raises for what is no key: it would be read as more."""
    if not re.fullmatch(r"[A-Za-z0-9+/=]+", key):
        raise Failed(f"what the cluster gave as the key of {entity} is none")
    return f"[{entity}]\n\tkey = {key}\n"


def sections(keyring: str) -> dict[str, dict[str, str]]:
    """What a keyring's text holds: by entity its key and what it allows, comments and unknown lines left out."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in keyring.splitlines():
        head = re.fullmatch(r"\s*\[([^\]]+)\]\s*", line)
        field = re.fullmatch(r"\s*(key|caps \w+)\s*=\s*(.*?)\s*", line)
        if head:
            current = found.setdefault(head[1], {})
        elif field:
            current[field[1]] = field[2]
    return found


def first_key(keyring: str) -> str:
    """The first key in a keyring's text, empty where there is none."""
    match = re.search(r"^\s*key = (.+)$", keyring, re.MULTILINE)
    return match[1].strip() if match else ""


def known(work: Work, entity: str) -> dict[str, Json] | None:
    """What the cluster has of an entity: {"entity", "key", "caps"}; None where it has none."""
    try:
        answer = records(monitors.ask(work, "auth get", entity=entity))
    except monitors.Refused as refused:
        if refused.code == errno.ENOENT:
            return None
        raise
    return answer[0] if answer else None


def state(work: Work, entity: str, keyring: str) -> dict[str, Json] | None:
    """How a keyring file is: its mode and owner, whether it holds the cluster's key, and what that allows."""
    file = ownership(keyring)
    if file is None:
        return None
    cluster = known(work, entity)
    if cluster is None:
        return {**file, "known": None}
    same = text(cluster["key"]) in paths.content(keyring).split()
    return {**file, "known": {"same": same, "caps": cluster["caps"]}}


def words(caps: Json) -> list[Json]:
    """What a key allows, as Ceph's commands take it."""
    return [word for service, cap in fields(caps).items() for word in (service, cap)]
