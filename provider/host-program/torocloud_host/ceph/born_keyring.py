"""The kind `ceph.born-keyring` and the query `ceph.born-keys`: the keys a cluster is born with.

Monitors, administrator, and the one that may only add OSDs. Made once, never again; their checksum lies beside them.
A cluster's members must never be given others.
"""

from __future__ import annotations

import hashlib

from ..artifacts import files
from ..shapes import text
from ..work import Change, Failed, Json, Spec, State, Work
from . import keys, paths

CAPABILITIES = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mds": "allow *", "mgr": "allow *", "mon": "allow *", "osd": "allow *"},
    "client.bootstrap-osd": {"mgr": "allow r", "mon": "profile bootstrap-osd"},
}
"""In the order in which Ceph's own tools write them."""


def observe(work: Work, key: str, spec: Spec) -> State:
    """Mode, owner, and whether it `holds` the "same" keys as ever, "other" ones, or is "unsealed"."""
    state = keys.ownership(key)
    if state is None:
        return None
    if _seal(key) == "":
        return {**state, "holds": "unsealed"}
    return {**state, "holds": "same" if _born(key) == key else "other"}


def apply(change: Change, key: str, spec: Spec) -> None:
    """Bring the keys back from this host's copy, or make them where there never were any."""
    born = _born(key)
    if born is None and _seal(key) != "":
        raise Failed(
            f"{key} does not hold the keys that the cluster was made with, and there is no copy of them; "
            "bring the file back from a backup"
        )
    kept = paths.content(born) if born is not None else paths.content(paths.MONITOR_KEYRING)
    keyring = kept or _new_keys(change)
    files.put_file(key, keyring.encode(), "600", "root:root")
    if _seal(key) == "":
        files.put_file(_seal_path(key), f"{_sum(keyring)}\n".encode(), "644", "root:root")


def remove(work: Work, key: str, spec: Spec) -> None:
    """With their checksum."""
    files.remove_file(key)
    files.remove_file(_seal_path(key))


def born_keys(work: Work, spec: Spec) -> Json:
    """The text of the keyring of `cluster`, also from a member's own copy.

    Raises Failed where neither is to be trusted.
    """
    path = paths.seed_keyring(text(spec["cluster"]))
    born = _born(path)
    if born is not None:
        return paths.content(born)
    if _seal(path) == "" and paths.content(paths.MONITOR_KEYRING) != "":
        return _copy_of_member()
    raise Failed(f"{path} does not hold the keys that the cluster was made with, and there is no copy of them")


def _copy_of_member() -> str:
    """The keys as a member was given them; what it has of each elsewhere has to agree."""
    copy = keys.sections(paths.content(paths.MONITOR_KEYRING))
    elsewhere = [("client.admin", paths.ADMIN_KEYRING), ("client.bootstrap-osd", paths.BOOTSTRAP_KEYRING)]
    agree = all(_key(copy, entity) == _key(_read(path), entity) for entity, path in elsewhere)
    if not agree or [*copy] != [*CAPABILITIES] or not all(_key(copy, entity) for entity in CAPABILITIES):
        raise Failed(f"the keys in {paths.MONITOR_KEYRING} are not those in {paths.ADMIN_KEYRING} and elsewhere here")
    return "".join(_section(entity, fields) for entity, fields in copy.items())


def _read(path: str) -> dict[str, dict[str, str]]:
    return keys.sections(paths.content(path))


def _key(sections: dict[str, dict[str, str]], entity: str) -> str:
    return sections.get(entity, {}).get("key", "")


def _section(entity: str, fields: dict[str, str]) -> str:
    return f"[{entity}]\n" + "".join(f"\t{name} = {value}\n" for name, value in fields.items())


def _new_keys(work: Work) -> str:
    return "".join(
        _section(entity, {"key": _new_key(work, entity), **{f"caps {name}": f'"{cap}"' for name, cap in caps.items()}})
        for entity, caps in CAPABILITIES.items()
    )


def _new_key(work: Work, entity: str) -> str:
    key = work.run(["ceph-authtool", "--gen-print-key"], seconds=paths.TOOL_SECONDS).text
    if keys.first_key(keys.render(entity, key)) != key:
        raise Failed(f"ceph-authtool gave no key for {entity}")
    return key


def _born(path: str) -> str | None:
    """The file that has the keys as they were made: the first one, or this host's own copy of it."""
    seal = _seal(path)
    if seal == "":
        return path if paths.content(path) != "" else None
    for candidate in (path, paths.MONITOR_KEYRING):
        keyring = paths.content(candidate)
        if keyring != "" and _sum(keyring) == seal:
            return candidate
    return None


def _seal_path(path: str) -> str:
    return f"{path}.sha256"


def _seal(path: str) -> str:
    return paths.content(_seal_path(path)).strip()


def _sum(keyring: str) -> str:
    return hashlib.sha256(keyring.encode()).hexdigest()
